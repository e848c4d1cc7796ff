"""Qualities: how the connection of each person in each session was, for as long as the clinic keeps that.

Not here: what the figures mean, and when one is kept (`signaling/quality_keeper.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from clinic.database import Database
from clinic.records import Quality
from clinic.rows import as_record, as_row
from clinic.tables import QualityRow

LARGEST_REPORT = 500
"""Records in one answer. A session that is held each week for years has more: its newest are told."""


class Qualities:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, records: Sequence[Quality]) -> None:
        """In place of what was kept before of the same person's same coming."""
        async with self._database.writing() as session:
            for record in records:
                await session.merge(as_row(QualityRow, record, figures=dict(record.figures)))

    async def of_session(
        self, session: str, *, since: float | None = None, until: float | None = None
    ) -> list[Quality]:
        """Oldest first. Only those who came in [since, until), where that is given."""
        query = select(QualityRow).where(QualityRow.session == session)
        if since is not None:
            query = query.where(QualityRow.came_at >= since)
        if until is not None:
            query = query.where(QualityRow.came_at < until)
        newest = query.order_by(QualityRow.came_at.desc(), QualityRow.person_id.desc()).limit(LARGEST_REPORT)
        async with self._database.reading() as transaction:
            found = [as_record(Quality, row) for row in await transaction.scalars(newest)]
        return found[::-1]
