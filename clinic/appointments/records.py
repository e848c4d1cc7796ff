"""What the stores of appointments take and give back: plain frozen values, named as the columns in `tables.py`.

Times are seconds since 1970 (UTC). Whatever could name somebody is `..._sealed`: encrypted before it comes here.
Not here: what may be done with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Kind = Literal["individual", "couple", "group"]
Relation = Literal["patient", "partner", "guardian", "interpreter", "supervisor", "other"]
"""What somebody is to the appointment; `patient`: it is theirs."""
Frequency = Literal["weekly", "fortnightly", "monthly"]
"""`monthly`: on the same weekday of the month, as the second Tuesday; the fifth is the last where a month has four."""
Reach = Literal["this", "following", "all"]
"""How far a change of one appointment of a series goes."""
RevokedBecause = Literal["replaced", "cancelled", "moved", "staff", "left_out"]


class AppointmentState(Enum):
    """Booked until it is over. Seen: the therapist and somebody who was invited were there together. Missed: its time
    is over and they never were. Cancelled: it will not be. Nothing leads back from cancelled; an appointment that was
    missed can still be moved, and is booked again."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    SEEN = "seen"
    MISSED = "missed"


MOVES: Mapping[AppointmentState, frozenset[AppointmentState]] = {
    AppointmentState.BOOKED: frozenset({AppointmentState.CANCELLED, AppointmentState.SEEN, AppointmentState.MISSED}),
    AppointmentState.CANCELLED: frozenset(),
    AppointmentState.SEEN: frozenset(),
    AppointmentState.MISSED: frozenset({AppointmentState.BOOKED, AppointmentState.CANCELLED}),
}


@dataclass(frozen=True)
class Appointment:
    id: str
    session: str
    """The session that it becomes."""
    therapist: str
    """The account's id, or how the booking system calls them."""
    kind: Kind
    starts_at: float
    minutes: int
    zone: str
    """In which the clinic speaks of it (IANA): a series keeps its time of day there."""
    made_at: float
    changed_at: float
    state: AppointmentState = AppointmentState.BOOKED
    revision: int = 0
    """Grows with each change: what a calendar calls SEQUENCE, and what a change has to name."""
    external_id: str | None = None
    """How the booking system calls it."""
    series_id: str | None = None
    series_number: int | None = None
    """Which of its series, from 0; stays when it is moved."""
    therapist_name_sealed: bytes | None = field(default=None, repr=False)
    met_at: float | None = None
    """When the therapist and somebody invited were first there together."""
    over_at: float | None = None
    """When they last were."""

    @property
    def ends_at(self) -> float:
        return self.starts_at + self.minutes * 60.0


@dataclass(frozen=True)
class Patient:
    id: str
    """As the booking system calls them, or ours where it has no name for them."""
    made_at: float
    changed_at: float
    name_sealed: bytes | None = field(default=None, repr=False)
    email_sealed: bytes | None = field(default=None, repr=False)
    phone_sealed: bytes | None = field(default=None, repr=False)
    language: str | None = None
    """BCP 47, as `de` or `pt-BR`: in which they are written to."""
    zone: str | None = None


@dataclass(frozen=True)
class Guest:
    """Somebody who is invited to one appointment: a patient, or whoever comes with them."""

    id: str
    appointment_id: str
    relation: Relation
    role: str
    """Theirs in the session (`signaling/roles.py`)."""
    patient_id: str | None = None
    """Who it is, if `relation` is `patient`; whose guardian or partner it is otherwise, where that was said."""
    name_sealed: bytes | None = field(default=None, repr=False)
    """Of patients None here: theirs stands with the patient."""
    email_sealed: bytes | None = field(default=None, repr=False)
    phone_sealed: bytes | None = field(default=None, repr=False)
    language: str | None = None
    zone: str | None = None
    left_out_at: float | None = None
    """When they were taken off the list: their links are void."""
    waits_since: float | None = None
    """When they last came to the door and waited."""
    came_at: float | None = None
    """When they first came to the door."""
    let_in_at: float | None = None
    gone_at: float | None = None
    """When they last left."""


@dataclass(frozen=True)
class Link:
    """With which one person comes to one appointment. Its secret is kept as a hash only."""

    id: str
    """Also the id of the tokens that come of it: whoever is removed from the session is kept out by it."""
    appointment_id: str
    guest_id: str
    secret_sha256: str
    devices: int
    """On how many devices it may be opened."""
    made_at: float
    revoked_at: float | None = None
    revoked_because: RevokedBecause | None = None
    opened_at: float | None = None
    """When it was first opened on a device within its time."""


@dataclass(frozen=True)
class Series:
    id: str
    therapist: str
    frequency: Frequency
    starts: str
    """The first one's time on the clock in `zone`, as 2026-03-05T10:00."""
    zone: str
    minutes: int
    made_at: float
    external_id: str | None = None


@dataclass(frozen=True)
class Whole:
    """An appointment with everybody who is invited to it, and the link that each of them has now."""

    appointment: Appointment
    guests: Sequence[Guest]
    """Those who were left out too."""
    links: Mapping[str, Link] = field(default_factory=dict)
    """By guest: the newest, perhaps revoked."""
    patients: Mapping[str, Patient] = field(default_factory=dict)

    @property
    def invited(self) -> list[Guest]:
        return [guest for guest in self.guests if guest.left_out_at is None]


@dataclass(frozen=True)
class Found:
    """A page of a list."""

    appointments: Sequence[Whole]
    next: str | None
    """What the next page begins after."""


@dataclass(frozen=True)
class CheckIn:
    """What somebody answered before one visit. A later one counts instead; none is changed."""

    id: str
    appointment_id: str
    guest_id: str
    at: float
    answers_sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class TelehealthConsent:
    """That somebody agreed to be seen by video. Only ever added to."""

    appointment_id: str
    guest_id: str
    relation: Relation
    patient_id: str | None
    text_version: str
    text_sha256: str
    at: float
