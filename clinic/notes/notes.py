"""Notes: written, read by their author, written anew, deleted.

Each version is kept as long as the note. What was deleted is gone; that it was there stays.
Not here: who may read (`signaling/notes`), and anything of the session.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.notes.records import Note, NoteVersion
from clinic.notes.tables import NoteRow, NoteVersionRow
from clinic.rows import as_record, as_row


class Notes:
    """Each method is one transaction, or part of the one around it (`Database.together`). All raise Unavailable, and
    BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def write(self, note: Note, version: NoteVersion) -> None:
        """A new one. Raises Conflict for an appointment that does not exist."""
        async with self._database.writing() as session:
            session.add(as_row(NoteRow, note))
            await session.flush()
            session.add(as_row(NoteVersionRow, version))

    async def rewrite(self, version: NoteVersion) -> Note:
        """The next version of it. Raises Unknown; Conflict if another one came first."""
        async with self._database.writing() as session:
            row = await session.get(NoteRow, version.note_id, with_for_update=True, populate_existing=True)
            if row is None or row.deleted_at is not None:
                raise Unknown("there is no such note")
            if row.version != version.version - 1:
                raise Conflict("it has changed meanwhile")
            row.version, row.changed_at = version.version, version.at
            session.add(as_row(NoteVersionRow, version))
            await session.flush()
            return as_record(Note, row)

    async def get(self, note: str) -> tuple[Note, NoteVersion]:
        """As it is now. Raises Unknown, also for one that was deleted."""
        async with self._database.reading() as session:
            row = await session.get(NoteRow, note)
            kept = await session.get(NoteVersionRow, (note, row.version)) if row is not None else None
            if row is None or kept is None or row.deleted_at is not None:
                raise Unknown("there is no such note")
            return as_record(Note, row), as_record(NoteVersion, kept)

    async def versions(self, note: str) -> list[NoteVersion]:
        """Oldest first, as far as they are kept."""
        query = select(NoteVersionRow).where(NoteVersionRow.note_id == note).order_by(NoteVersionRow.version)
        async with self._database.reading() as session:
            return [as_record(NoteVersion, row) for row in await session.scalars(query)]

    async def of_appointment(self, appointment: str, author: str | None) -> list[tuple[Note, NoteVersion]]:
        """Oldest first, those of one author; None: everybody's."""
        query = (
            select(NoteRow, NoteVersionRow)
            .join(NoteVersionRow, (NoteVersionRow.note_id == NoteRow.id) & (NoteVersionRow.version == NoteRow.version))
            .where(NoteRow.appointment_id == appointment, NoteRow.deleted_at.is_(None))
            .order_by(NoteRow.made_at, NoteRow.id)
        )
        if author is not None:
            query = query.where(NoteRow.author == author)
        async with self._database.reading() as session:
            found = await session.execute(query)
            return [(as_record(Note, note), as_record(NoteVersion, version)) for note, version in found]

    async def count(self, appointments: Sequence[str], author: str) -> dict[str, int]:
        """How many notes of this author each has; those without are left out."""
        query = (
            select(NoteRow.appointment_id, func.count())
            .where(NoteRow.appointment_id.in_(appointments), NoteRow.author == author, NoteRow.deleted_at.is_(None))
            .group_by(NoteRow.appointment_id)
        )
        async with self._database.reading() as session:
            return {row[0]: row[1] for row in await session.execute(query)}

    async def delete(self, note: str, now: float) -> None:
        """With all its versions. Raises Unknown."""
        async with self._database.writing() as session:
            row = await session.get(NoteRow, note, with_for_update=True, populate_existing=True)
            if row is None or row.deleted_at is not None:
                raise Unknown("there is no such note")
            row.deleted_at = now
            await session.execute(delete(NoteVersionRow).where(NoteVersionRow.note_id == note))
