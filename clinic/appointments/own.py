"""Whose sessions are whose: those of a therapist's own appointments.

Not here: what of them somebody may see (`signaling/recordings_access.py`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.appointments.tables import AppointmentRow
from clinic.database import Database

NEWEST = 10_000
"""Some years of a therapist's work; a question to the database has no room for much more."""


async def own_sessions(database: Database, therapist: str) -> frozenset[str]:
    """The newest of them. Raises Unavailable."""
    query = select(AppointmentRow.session).where(AppointmentRow.therapist == therapist)
    async with database.reading() as session:
        return frozenset(await session.scalars(query.order_by(AppointmentRow.starts_at.desc()).limit(NEWEST)))
