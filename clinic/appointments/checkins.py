"""Check-ins: what people answered before a visit, encrypted, and that they agreed to be seen by video.

Answers are removed when their time is over (`kept.py`); consents stay, and are only ever added to. Not here: who may
read them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from clinic.appointments.records import CheckIn, TelehealthConsent
from clinic.appointments.tables import CheckInRow, TelehealthConsentRow
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.records import ConsentText
from clinic.rows import as_record, as_row
from clinic.tables import ConsentTextRow


class CheckIns:
    """Each method is one transaction, or part of the one around it (`Database.together`). All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, checkin: CheckIn, consent: TelehealthConsent) -> None:
        """Both or none. Raises Unknown for a text that was not kept, Conflict if its words were others."""
        async with self._database.writing() as session:
            text = await session.get(ConsentTextRow, consent.text_version)
            if text is None:
                raise Unknown("there is no such version of the text")
            if as_record(ConsentText, text).sha256 != consent.text_sha256:
                raise Conflict("this version of the text has other words")
            session.add(as_row(CheckInRow, checkin))
            session.add(as_row(TelehealthConsentRow, consent))

    async def latest(self, appointments: Sequence[str]) -> list[CheckIn]:
        """The last answers of each person invited to these, as far as they are kept."""
        query = (
            select(CheckInRow).where(CheckInRow.appointment_id.in_(appointments)).order_by(CheckInRow.at, CheckInRow.id)
        )
        async with self._database.reading() as session:
            rows = await session.scalars(query)
            return list({row.guest_id: as_record(CheckIn, row) for row in rows}.values())

    async def of_guest(self, guest: str, appointment: str) -> CheckIn | None:
        """Their last answers."""
        return next((each for each in await self.latest([appointment]) if each.guest_id == guest), None)

    async def consents(self, appointment: str) -> list[TelehealthConsent]:
        """In the order in which they were given."""
        query = (
            select(TelehealthConsentRow)
            .where(TelehealthConsentRow.appointment_id == appointment)
            .order_by(TelehealthConsentRow.id)
        )
        async with self._database.reading() as session:
            return [as_record(TelehealthConsent, row) for row in await session.scalars(query)]
