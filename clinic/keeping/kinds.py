"""The kinds of records that are kept: a name, for how long by default, the least that the law wants, and what whoever
keeps one must be able to do with it.

A part joins in with a line in `KINDS` and something that does what `Kept` says, mostly a `KeptRows`
(`kept_rows.py`). Not here: how long a kind is kept at the moment (`rules.py`), and who may change it (`signaling`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from clinic.keeping.records import Due, Gone, Subject

SIX_YEARS = 2192
"""Days. Documentation is kept for six years from when it was last in effect: 45 CFR 164.316(b)(2)(i)."""

SEVEN_YEARS = 2557
"""Days: six years, and one in which nobody has to count."""

LONGEST = 36_500
"""Days. More is for ever, and is said so."""


@dataclass(frozen=True)
class Kind:
    name: str
    says: str
    """What records of it are, in English."""
    default_days: int | None
    """None: for ever, until somebody decides otherwise."""
    minimum_days: int = 1
    documentation: bool = False
    """What the clinic has to be able to show. Goes when its time is over, and never because somebody asks."""
    as_long_as: tuple[str, ...] = ()
    """Kinds that are found by this one: it is kept at least as long as they are."""


KINDS: Final[Mapping[str, Kind]] = {
    each.name: each
    for each in (
        Kind("recordings", "Recordings and what was made of them.", None),
        Kind("consents", "What people answered when they were asked.", SEVEN_YEARS, SIX_YEARS, documentation=True),
        Kind("viewings", "Who saw or took a recording.", SEVEN_YEARS, SIX_YEARS, documentation=True),
        Kind("quality", "How connections were.", 90),
        Kind(
            "appointments",
            "Appointments, with who came.",
            None,
            as_long_as=("recordings", "notes", "usage", "checkins"),
        ),
        Kind("patients", "Who patients are, and how they are reached.", None, as_long_as=("appointments",)),
        Kind("telehealth", "Consents to be seen by video.", SEVEN_YEARS, SIX_YEARS, documentation=True),
        Kind("checkins", "What patients said at check-in: where they are, whom to call.", 365),
        Kind("notes", "Therapists' notes.", None),
        Kind("messages", "Invitations and reminders that were sent.", 90),
        Kind("webhooks", "Deliveries to booking and billing systems.", 30),
        Kind("usage", "Minutes of sessions, for bills.", SEVEN_YEARS),
        Kind("sign_ins", "Sessions of staff who signed in, and their devices.", 90),
        Kind("alerts", "Unusual activity that was noticed.", SEVEN_YEARS, SIX_YEARS, documentation=True),
        Kind("audit", "The audit log.", None, SIX_YEARS, documentation=True),
    )
}


@dataclass(frozen=True)
class Sheet:
    """Some records of a patient, oldest first, each as plain values; sealed ones as bytes."""

    records: tuple[Mapping[str, Any], ...]
    next: str | None
    """Where the next sheet begins. None: that was all."""


class Kept(Protocol):
    """Whoever keeps records of one kind. Each method is one transaction, and asks itself what is on hold."""

    async def due(self, before: float, now: float) -> Due:
        """How many records from before this time may go, and how many are on hold. Changes nothing."""

    async def forget(self, before: float, limit: int, now: float) -> Gone:
        """Removes those that may go, oldest first, at most `limit`."""

    async def of_patient(self, who: Subject, after: str | None, limit: int) -> Sheet:
        """What there is of a patient."""

    async def delete_of_patient(self, who: Subject, limit: int, *, by: str, reason: str, now: float) -> Gone:
        """Removes some of that; what is on hold stays, and is counted. To be called until nothing more goes."""

    async def delete_one(self, id: str, *, by: str, reason: str, now: float) -> Gone:
        """One record. Raises Unknown, Held."""
