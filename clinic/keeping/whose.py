"""Whose a session was: which patients and which therapist it brought together, as appointments know it.

What is known by its session only (recordings, answers, connections) belongs to a patient through this. Not here: the
appointments themselves.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from clinic.database import Database
from clinic.keeping.records import Subject


async def sessions_of(
    session: AsyncSession, *, patient: str | None = None, therapist: str | None = None
) -> frozenset[str]:
    """Those that this patient or this therapist had."""
    return frozenset()


async def subject(database: Database, patient: str) -> Subject:
    """The patient, with the sessions that were theirs alone and those that they shared. Raises Unavailable."""
    async with database.reading() as session:
        sessions = await sessions_of(session, patient=patient)
    return Subject(patient, sessions)
