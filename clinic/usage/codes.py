"""Versions of the table of service codes. A change is a new version: what was suggested before can be explained.

Not here: what stands in a table (`signaling/usage/codes.py`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.database import Database
from clinic.errors import Conflict
from clinic.rows import as_record, as_row
from clinic.usage.records import CodeTable
from clinic.usage.tables import CodeTableRow


class CodeTables:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[CodeTable]:
        """The oldest first. A clinic changes its codes a few times a year."""
        async with self._database.reading() as session:
            rows = await session.scalars(select(CodeTableRow).order_by(CodeTableRow.version))
            return [as_record(CodeTable, row) for row in rows]

    async def add(self, table: CodeTable) -> None:
        """Raises Conflict if there is such a version: somebody else was first."""
        async with self._database.writing() as session:
            if await session.get(CodeTableRow, table.version) is not None:
                raise Conflict("this version is there already")
            session.add(as_row(CodeTableRow, table, codes=dict(table.codes)))
