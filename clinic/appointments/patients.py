"""Patients: how the clinic's own systems call them, and, encrypted, how they are reached.

Not here: their appointments (`appointments.py`).
"""

from __future__ import annotations

from clinic.appointments.records import Patient
from clinic.appointments.tables import PatientRow
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row


class Patients:
    """Each method is one transaction, or part of the one around it (`Database.together`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, patient: str) -> Patient:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(PatientRow, patient)
            if row is None:
                raise Unknown("there is no such patient")
            return as_record(Patient, row)

    async def find(self, patient: str) -> Patient | None:
        async with self._database.reading() as session:
            row = await session.get(PatientRow, patient)
            return None if row is None else as_record(Patient, row)

    async def keep(self, patient: Patient) -> None:
        """As it is given, new or not; when it was first kept stays. Raises Conflict if two do so at once."""
        async with self._database.writing() as session:
            row = await session.get(PatientRow, patient.id, with_for_update=True, populate_existing=True)
            if row is None:
                session.add(as_row(PatientRow, patient))
                return
            if row.changed_at > patient.changed_at:
                raise Conflict("it has changed meanwhile")
            for name in ("name_sealed", "email_sealed", "phone_sealed", "language", "zone", "changed_at"):
                setattr(row, name, getattr(patient, name))
