"""The clinic's rules for visits: when a link opens, what a visitor may be told now, which role a relation leads to.

Pure: time is an argument. Not here: what is kept (`clinic/appointments`), who asks (`visits.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clinic.appointments.records import Appointment, AppointmentState, Link, Relation
from signaling.roles import Role

ROLE_OF: dict[Relation, Role] = {
    "patient": "patient",
    "partner": "patient",
    "guardian": "patient",
    "other": "patient",
    "interpreter": "interpreter",
    "supervisor": "observer",
}

ASKED: frozenset[Relation] = frozenset({"patient", "partner", "guardian", "other"})
"""Who is asked at check-in; interpreters and supervisors come for their work."""

Overlaps = Literal["allow", "warn", "refuse"]

Stage = Literal["early", "open", "over", "cancelled", "moved", "elsewhere"]
"""What a visitor is told of their appointment. `moved`: it is at another time, and this link is void. `elsewhere`: the
link was opened on as many devices as it may be."""


@dataclass(frozen=True)
class VisitRules:
    zone: str = "UTC"
    """The clinic's."""
    opens: float = 15 * 60.0
    """Seconds before the start from which on a link leads to the door."""
    closes: float = 30 * 60.0
    """Seconds after the end until which it does."""
    devices: int = 1
    rotate: bool = False
    """New links when an appointment is moved, instead of the old ones for the new time."""
    overlaps: Overlaps = "warn"
    checkin: bool = True
    late: float = 5 * 60.0
    """Seconds after the start from which on somebody who has not come is late."""

    def opens_at(self, appointment: Appointment) -> float:
        return appointment.starts_at - self.opens

    def closes_at(self, appointment: Appointment) -> float:
        return appointment.ends_at + self.closes

    def stage(self, appointment: Appointment, link: Link, now: float) -> Stage | None:
        """For whoever holds this link; None: it says nothing at all, because somebody took it away."""
        if appointment.state is AppointmentState.CANCELLED:
            return "cancelled" if link.revoked_because in (None, "cancelled") else None
        if link.revoked_at is not None:
            return "moved" if link.revoked_because == "moved" else None
        if now < self.opens_at(appointment):
            return "early"
        return "open" if now < self.closes_at(appointment) else "over"

    def asks(self, relation: Relation) -> bool:
        return self.checkin and relation in ASKED
