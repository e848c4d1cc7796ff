"""What the audit log says of one patient, as a sheet for their export: who saw or changed something of theirs.

Not here: searching for anybody else (the audit log's own API), and whether it is genuine (`therabook audit verify`).
"""

from __future__ import annotations

from sqlalchemy import select

from clinic.audit.tables import EventRow
from clinic.database import Database
from clinic.keeping.kinds import Sheet


class AccessLog:
    """Raises Unavailable."""

    def __init__(self, database: Database) -> None:
        """`database`: the audit log's."""
        self._database = database

    async def of_patient(self, patient: str, after: str | None, limit: int) -> Sheet:
        query = select(EventRow).where(EventRow.patient == patient).order_by(EventRow.at, EventRow.seq)
        if after is not None:
            at, _, seq = after.partition("/")
            query = query.where((EventRow.at > float(at)) | ((EventRow.at == float(at)) & (EventRow.seq > int(seq))))
        async with self._database.reading() as session:
            rows = (await session.scalars(query.limit(limit + 1))).all()
        shown = tuple(
            {
                "at": row.at,
                "what": row.kind,
                "by": row.actor,
                "by_kind": row.actor_kind,
                "session": row.session,
                "about": row.subject,
                "number_in_log": row.seq,
            }
            for row in rows[:limit]
        )
        return Sheet(shown, f"{rows[limit - 1].at}/{rows[limit - 1].seq}" if len(rows) > limit else None)
