"""Runs: backups that were made, and restores that were tried, with how long they took.

Not here: how any of it is done (`dump.py`, `therabook`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.database import Database
from clinic.keeping.records import Run, RunKind
from clinic.keeping.tables import RunRow
from clinic.rows import as_record, as_row


class Runs:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, run: Run) -> None:
        async with self._database.writing() as session:
            session.add(as_row(RunRow, run))

    async def last(self, kind: RunKind, *, well: bool = True) -> Run | None:
        """The newest; `well`: of those that came to a good end."""
        query = select(RunRow).where(RunRow.kind == kind).order_by(RunRow.at.desc(), RunRow.id.desc()).limit(1)
        if well:
            query = query.where(RunRow.well.is_(True))
        async with self._database.reading() as session:
            row = (await session.scalars(query)).first()
            return None if row is None else as_record(Run, row)

    async def newest(self, limit: int = 20) -> list[Run]:
        query = select(RunRow).order_by(RunRow.at.desc(), RunRow.id.desc()).limit(limit)
        async with self._database.reading() as session:
            return [as_record(Run, row) for row in await session.scalars(query)]
