"""Viewings: who saw, heard or took a recording, and when. Only ever added to.

Not here: who may (`signaling/roles.py`), and what else people do (the audit log).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.database import Database
from clinic.records import Viewing
from clinic.rows import as_record, as_row
from clinic.tables import ViewingRow


class Viewings:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, viewing: Viewing) -> None:
        """Raises Conflict if there is no such recording. To be kept before anything is shown."""
        async with self._database.writing() as session:
            session.add(as_row(ViewingRow, viewing))

    async def of_recording(self, recording: str) -> list[Viewing]:
        """Oldest first."""
        query = select(ViewingRow).where(ViewingRow.recording_id == recording).order_by(ViewingRow.id)
        async with self._database.reading() as session:
            return [as_record(Viewing, row) for row in await session.scalars(query)]
