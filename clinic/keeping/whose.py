"""Whose a session was: which patients and which therapist it brought together, as appointments know it.

What is known by its session only (recordings, answers, connections) belongs to a patient through this. Not here: the
appointments themselves.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.appointments.tables import AppointmentRow, GuestRow
from clinic.database import Database
from clinic.keeping.records import Subject


async def sessions_of(
    session: AsyncSession, *, patient: str | None = None, therapist: str | None = None
) -> frozenset[str]:
    """Those that this patient or this therapist had."""
    query = select(AppointmentRow.session)
    if patient is not None:
        of_patient = (GuestRow.patient_id == patient, GuestRow.relation == "patient")
        query = query.join(GuestRow, GuestRow.appointment_id == AppointmentRow.id).where(*of_patient)
    if therapist is not None:
        query = query.where(AppointmentRow.therapist == therapist)
    return frozenset((await session.scalars(query)).all())


async def subject(database: Database, patient: str) -> Subject:
    """The patient, with the sessions that were theirs alone and those that they shared. Raises Unavailable."""
    async with database.reading() as session:
        sessions = await sessions_of(session, patient=patient)
        others = (GuestRow.patient_id != patient, GuestRow.relation == "patient")
        with_others = (
            select(AppointmentRow.session)
            .join(GuestRow, GuestRow.appointment_id == AppointmentRow.id)
            .where(AppointmentRow.session.in_(sessions), *others)
        )
        shared = frozenset((await session.scalars(with_others)).all())
    return Subject(patient, sessions - shared, shared)
