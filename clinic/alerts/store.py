"""Alerts are kept, listed and closed. Closing changes nothing of what is in the audit log.

Not here: what is unusual (`signaling/alerts`).
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from clinic.alerts.records import Alert, AlertPage
from clinic.alerts.tables import AlertRow
from clinic.columns import milliseconds
from clinic.database import Database
from clinic.errors import BadValue, Conflict, Unknown
from clinic.rows import as_record, as_row

LARGEST_PAGE = 200


class AlertStore:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, alert: Alert) -> None:
        """Raises Conflict if there is one of this id."""
        async with self._database.writing() as session:
            session.add(as_row(AlertRow, alert))

    async def find(self, *, open: bool | None = None, after: str | None = None, limit: int = 50) -> AlertPage:
        """The newest first; with `open`, only those that are, or only those that are not."""
        limit = max(1, min(limit, LARGEST_PAGE))
        query = select(AlertRow).order_by(AlertRow.at.desc(), AlertRow.id.desc()).limit(limit + 1)
        if open is not None:
            query = query.where(AlertRow.closed_at.is_(None) if open else AlertRow.closed_at.is_not(None))
        if after is not None:
            at, id = _cursor(after)
            query = query.where(or_(AlertRow.at < at, and_(AlertRow.at == at, AlertRow.id < id)))
        async with self._database.reading() as session:
            found = [as_record(Alert, row) for row in await session.scalars(query)]
        last = found[limit - 1] if len(found) > limit else None
        return AlertPage(tuple(found[:limit]), None if last is None else f"{milliseconds(last.at)}.{last.id}")

    async def get(self, id: str) -> Alert:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(AlertRow, id)
            if row is None:
                raise Unknown("there is no such alert")
            return as_record(Alert, row)

    async def close(self, id: str, *, by: str, now: float) -> None:
        """Raises Unknown, and Conflict if it was closed before."""
        async with self._database.writing() as session:
            row = await session.get(AlertRow, id, with_for_update=True)
            if row is None:
                raise Unknown("there is no such alert")
            if row.closed_at is not None:
                raise Conflict("this alert was closed before")
            row.closed_at, row.closed_by = now, by


def _cursor(after: str) -> tuple[float, str]:
    """Raises BadValue."""
    at, _, id = after.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and id):
        raise BadValue("a cursor that is none")
    return int(at) / 1000, id
