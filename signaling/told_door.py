"""What the audit log is told of doors: whoever came with a token, and whoever was refused.

Anybody can be refused as often as they like, so these events are limited: what is beyond the limit is counted, and the
next one says how many it stands for. Where somebody came from is handed on for one question only, whether a token is
used from two places at a time (`alerts/places.py`), and kept nowhere.
Not here: what happens inside a session (`told_calls.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clinic.audit.events import ActorKind
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.limits import Limiter

UNKNOWN = "unknown"
"""Who came without anything that says who they are."""

RATE, BURST = 2.0, 240
"""Refusals that are told, a second and at once. Two a second are 170,000 a day, which the log can bear for years."""


@dataclass(frozen=True)
class Came:
    """Somebody with a good token."""

    token: str
    """Its id."""
    who: str
    role: str
    session: str | None = None
    kind: ActorKind = "link"
    returns: int = 0
    """After so many returns from one place to another it is used in two at a time; 0: it is used once, and in one."""

    @property
    def patient(self) -> str | None:
        return self.who if self.role == "patient" else None


Used = Callable[[Came, str], None]
"""Is told of a token that is used, and of where from: an address, as `limits.address_key` gives it."""


def unheard(_came: Came, _address: str) -> None:
    """Nobody wants to know."""


class ToldDoor:
    def __init__(self, audit: Audit, clock: Clock, used: Used = unheard) -> None:
        self._audit = audit
        self._clock = clock
        self._used = used
        self._limit = Limiter(RATE, BURST)
        self._untold = 0

    def came(self, came: Came, address: str) -> None:
        """Their token is good; whether they get in is another question."""
        self._used(came, address)

    def refused(self, kind: str, code: str, came: Came | None = None, **details: Any) -> None:
        """`kind`: of event. `came`: who it was, as far as that is known."""
        if self._limit.take(None, self._clock.steady()) > 0:
            self._untold += 1
            return
        if self._untold:
            details["others"], self._untold = self._untold, 0
        if came is not None and came.token:
            details["token"] = came.token
        self._audit.told(
            kind,
            "link",
            UNKNOWN if came is None else came.who,
            session=None if came is None else came.session,
            patient=None if came is None else came.patient,
            code=code,
            **details,
        )
