"""The rules of what is unusual: each hears events of the audit log and says when there were too many of a kind.

Pure state machines: the time is that of the event. What each takes for too many is a setting (`Thresholds`), within
which time is a constant here; `docs/unusual-activity.md` has both in a table.
Not here: what becomes of a word (`alerts.py`), and whether a token is used in two places (`places.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Final, Literal, Protocol, get_args
from zoneinfo import ZoneInfo

from clinic.audit.events import ActorKind, Event
from signaling.alerts.windows import Window

RuleName = Literal[
    "failed_joins",
    "failed_sign_ins",
    "link_guessing",
    "mass_viewing",
    "off_hours_export",
    "two_places",
    "emergency_access",
    "audit_witness",
]
RULES: Final[tuple[RuleName, ...]] = get_args(RuleName)

MINUTES = 60.0
FAILED_JOINS, FAILED_SIGN_INS, LINK_GUESSES = 5 * MINUTES, 15 * MINUTES, 15 * MINUTES
VIEWS = 60 * MINUTES
QUIET = 60 * MINUTES
"""For rules that need no second time: how long the same person is not spoken of again."""

ALL = 3
"""So many times what is too many of one account is too many of all together."""

BAD_TOKENS: Final = ("token_invalid", "token_expired", "token_revoked", "not_yours", "too_many_requests")
"""What a refusal at a session's door says of whoever came; that a session is full or locked says nothing."""

VIEWED: Final = (
    "recording.view",
    "recording.export",
    "note.view",
    "checkin.view",
    "appointment.view",
    "patient.export",
)
EXPORTED: Final = ("recording.export", "usage.export", "patient.export", "audit.export")

NOBODY: Final = ("unknown", "nobody")
"""Who acts while it is not known who they are."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Raised:
    """Something unusual."""

    rule: RuleName
    at: float
    count: int
    """At least."""
    seconds: float
    actor_kind: ActorKind | None = None
    actor: str | None = None
    session: str | None = None


class Rule(Protocol):
    def hear(self, event: Event) -> Raised | None: ...


@dataclass(frozen=True)
class Hours:
    """When the clinic is open, on its own clock."""

    begins: time
    ends: time
    days: frozenset[str]
    zone: ZoneInfo

    def open_at(self, at: float) -> bool:
        """`ends` is not in it. One that ends before it begins is open over midnight."""
        moment = datetime.fromtimestamp(at, self.zone)
        if DAYS[moment.weekday()] not in self.days:
            return False
        now = moment.time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


@dataclass(frozen=True)
class Thresholds:
    """How many are too many; 0: the rule is off."""

    failed_joins: int = 20
    failed_sign_ins: int = 10
    """For one account."""
    link_guesses: int = 20
    views: int = 40
    """Different recordings, notes and patients that one person looks at."""


class FailedJoins:
    """Tokens that are not good, at the doors of one session, or with nothing that says which."""

    def __init__(self, threshold: int) -> None:
        self._window = Window(threshold, FAILED_JOINS)

    def hear(self, event: Event) -> Raised | None:
        if event.kind != "call.refuse" or event.details.get("code") not in BAD_TOKENS:
            return None
        if not self._window.add(event.session, event.at, times=_times(event)):
            return None
        return Raised("failed_joins", event.at, self._window.threshold, FAILED_JOINS, session=event.session)


class FailedSignIns:
    """One account that somebody tries to get into, or many that somebody tries."""

    def __init__(self, threshold: int) -> None:
        self._one = Window(threshold, FAILED_SIGN_INS)
        self._all = Window(ALL * threshold, FAILED_SIGN_INS)

    def hear(self, event: Event) -> Raised | None:
        key = event.kind == "access.refuse" and event.details.get("code") == "unauthorized"
        if event.kind != "account.fail" and not key:
            return None
        whose = event.subject if event.actor in NOBODY else event.actor
        if whose is not None and self._one.add(whose, event.at, times=_times(event)):
            return self._said(event, self._one, event.actor_kind, whose)
        if self._all.add(None, event.at, times=_times(event)):
            return self._said(event, self._all, None, None)
        return None

    def _said(self, event: Event, window: Window, actor_kind: ActorKind | None, actor: str | None) -> Raised:
        return Raised("failed_sign_ins", event.at, window.threshold, window.seconds, actor_kind, actor)


class LinkGuessing:
    """Links to appointments that there are none of."""

    def __init__(self, threshold: int) -> None:
        self._window = Window(threshold, LINK_GUESSES)

    def hear(self, event: Event) -> Raised | None:
        if event.kind != "link.refuse" or not self._window.add(None, event.at, times=_times(event)):
            return None
        return Raised("link_guessing", event.at, self._window.threshold, LINK_GUESSES)


class MassViewing:
    """One person who looks at much more than their work needs."""

    def __init__(self, threshold: int) -> None:
        self._window = Window(threshold, VIEWS)

    def hear(self, event: Event) -> Raised | None:
        what = event.subject or event.patient or event.session
        if event.kind not in VIEWED or event.actor_kind == "server" or what is None:
            return None
        if not self._window.add((event.actor_kind, event.actor), event.at, what):
            return None
        return Raised("mass_viewing", event.at, self._window.threshold, VIEWS, event.actor_kind, event.actor)


class OffHoursExport:
    """Records leave the house while nobody works there."""

    def __init__(self, hours: Hours | None) -> None:
        self._hours = hours
        self._window = Window(1, QUIET)

    def hear(self, event: Event) -> Raised | None:
        if self._hours is None or event.kind not in EXPORTED or event.actor_kind == "server":
            return None
        if self._hours.open_at(event.at) or not self._window.add((event.actor_kind, event.actor), event.at):
            return None
        return Raised("off_hours_export", event.at, 1, QUIET, event.actor_kind, event.actor, event.session)


class AuditWitness:
    """A witness of the audit log has found that it contradicts what it was before; whoever asks it tells."""

    def hear(self, event: Event) -> Raised | None:
        if event.kind != "alert.raise" or event.details.get("rule") != "audit_witness_contradicts":
            return None
        return Raised("audit_witness", event.at, 1, 0.0)


class EmergencyAccess:
    """Somebody breaks the glass: others should know, each time."""

    def hear(self, event: Event) -> Raised | None:
        if event.kind != "account.break_glass":
            return None
        return Raised("emergency_access", event.at, 1, 0.0, event.actor_kind, event.actor)


def rules(thresholds: Thresholds, hours: Hours | None) -> Sequence[Rule]:
    """`hours`: None: exports are as usual at any time."""
    return (
        FailedJoins(thresholds.failed_joins),
        FailedSignIns(thresholds.failed_sign_ins),
        LinkGuessing(thresholds.link_guesses),
        MassViewing(thresholds.views),
        OffHoursExport(hours),
        EmergencyAccess(),
        AuditWitness(),
    )


def _times(event: Event) -> int:
    """Some events stand for others that were too many to be told."""
    others = event.details.get("others", 0)
    return 1 + others if isinstance(others, int) else 1
