"""Consents: what each person answered, and the words that they were asked with. Both are only ever added to.

Not here: who is asked, and what follows from an answer (`signaling/consent.py`).
"""

from __future__ import annotations

import contextlib

from sqlalchemy import select

from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.records import Consent, ConsentText
from clinic.rows import as_record, as_row
from clinic.tables import ConsentRow, ConsentTextRow


class Consents:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_text(self, text: ConsentText) -> None:
        """Words that people will be asked with. The same again does no harm; Conflict if the version has others."""
        with contextlib.suppress(Conflict):  # another server keeps the same just now
            async with self._database.writing() as session:
                if await session.get(ConsentTextRow, text.version) is None:
                    session.add(as_row(ConsentTextRow, text))
        kept = await self.text(text.version)
        if (kept.title, kept.body) != (text.title, text.body):
            raise Conflict("this version of the text has other words")

    async def text(self, version: str) -> ConsentText:
        """Raises Unknown."""
        async with self._database.reading() as session:
            kept = await session.get(ConsentTextRow, version)
            if kept is None:
                raise Unknown("there is no such version of the text")
            return as_record(ConsentText, kept)

    async def keep(self, consent: Consent) -> None:
        """An answer. Raises Unknown for a text that was not kept, Conflict if its words were others."""
        async with self._database.writing() as session:
            kept = await session.get(ConsentTextRow, consent.text_version)
            if kept is None:
                raise Unknown("there is no such version of the text")
            if as_record(ConsentText, kept).sha256 != consent.text_sha256:
                raise Conflict("this version of the text has other words")
            session.add(as_row(ConsentRow, consent))

    async def of_recording(self, recording: str) -> list[Consent]:
        """In the order in which they were given."""
        query = select(ConsentRow).where(ConsentRow.recording_id == recording).order_by(ConsentRow.id)
        async with self._database.reading() as session:
            return [as_record(Consent, row) for row in await session.scalars(query)]

    async def of_session(self, session: str) -> list[Consent]:
        """Those of all recordings of a session, also of ones that never began."""
        query = select(ConsentRow).where(ConsentRow.session == session).order_by(ConsentRow.id)
        async with self._database.reading() as transaction:
            return [as_record(Consent, row) for row in await transaction.scalars(query)]
