"""Comings: when each person who is invited came to the door, was let in and left, and when therapist and patient met.

Fed with what happens in sessions (`signaling/appointments/attendance.py` says what that means). Not here: minutes to be
billed, which are reckoned from what was heard and seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from clinic.appointments.records import AppointmentState
from clinic.appointments.tables import AppointmentRow, GuestRow
from clinic.database import Database


@dataclass(frozen=True)
class Coming:
    """How one person's visit stands. None: that did not happen."""

    session: str
    identity: str
    """As their token names them: the patient's id, or the guest's."""
    came_at: float | None
    waits_since: float | None
    let_in_at: float | None
    gone_at: float | None


@dataclass(frozen=True)
class Meeting:
    """That a therapist and somebody who was invited were there together, from then until then."""

    session: str
    met_at: float
    over_at: float


class Comings:
    """Each method is one transaction, or part of the one around it (`Database.together`). All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, comings: Sequence[Coming], meetings: Sequence[Meeting]) -> None:
        """Of sessions that are no appointment's nothing is kept. The first coming and the last leaving count."""
        async with self._database.writing() as session:
            for coming in comings:
                is_patient = and_(GuestRow.patient_id == coming.identity, GuestRow.relation == "patient")
                guest = await session.scalar(
                    select(GuestRow)
                    .join(AppointmentRow, AppointmentRow.id == GuestRow.appointment_id)
                    .where(AppointmentRow.session == coming.session)
                    .where(or_(is_patient, GuestRow.id == coming.identity))
                    .limit(1)
                )
                if guest is None:
                    continue
                guest.came_at = _first(guest.came_at, coming.came_at)
                guest.let_in_at = _first(guest.let_in_at, coming.let_in_at)
                guest.waits_since = coming.waits_since
                guest.gone_at = coming.gone_at
            for meeting in meetings:
                row = await session.scalar(select(AppointmentRow).where(AppointmentRow.session == meeting.session))
                if row is None:
                    continue
                row.met_at = _first(row.met_at, meeting.met_at)
                row.over_at = max(row.over_at or 0.0, meeting.over_at)
                if row.state in (AppointmentState.BOOKED, AppointmentState.MISSED):
                    row.state = AppointmentState.SEEN


def _first(known: float | None, told: float | None) -> float | None:
    return min((each for each in (known, told) if each is not None), default=None)
