"""Emergency access: who took it, why, until when, and who has looked at it since.

Not here: what it allows, and who is told.
"""

from __future__ import annotations

from sqlalchemy import Select, func, select

from clinic.accounts.records import Emergency
from clinic.accounts.tables import AccountRow, EmergencyRow
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row

MOST_LISTED = 500


class Emergencies:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, emergency: Emergency) -> None:
        """Raises Conflict while this account has it already."""
        async with self._database.writing() as session:
            await session.get(AccountRow, emergency.account_id, with_for_update=True)
            if await session.scalar(_active(emergency.account_id, emergency.since)) is not None:
                raise Conflict("has it already")
            session.add(as_row(EmergencyRow, emergency))

    async def active(self, account: str, now: float) -> Emergency | None:
        async with self._database.reading() as session:
            row = await session.scalar(_active(account, now))
            return None if row is None else as_record(Emergency, row)

    async def end(self, account: str, now: float) -> str | None:
        """Its id, if there was one."""
        async with self._database.writing() as session:
            row = await session.scalar(_active(account, now).with_for_update())
            if row is None:
                return None
            row.ended_at = now
            return row.id

    async def acknowledge(self, emergency: str, by: str, now: float) -> Emergency:
        """Raises Unknown; Conflict for somebody's own, or if somebody has looked at it before."""
        async with self._database.writing() as session:
            row = await session.get(EmergencyRow, emergency, with_for_update=True)
            if row is None:
                raise Unknown("there is no such emergency")
            if row.account_id == by or row.acknowledged_by is not None:
                raise Conflict("this is one's own, or was looked at")
            row.acknowledged_by, row.acknowledged_at = by, now
            return as_record(Emergency, row)

    async def get(self, emergency: str) -> Emergency:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(EmergencyRow, emergency)
            if row is None:
                raise Unknown("there is no such emergency")
            return as_record(Emergency, row)

    async def all(self, *, only_open: bool) -> list[Emergency]:
        """Newest first."""
        query = select(EmergencyRow).order_by(EmergencyRow.since.desc(), EmergencyRow.id).limit(MOST_LISTED)
        if only_open:
            query = query.where(EmergencyRow.acknowledged_by.is_(None))
        async with self._database.reading() as session:
            return [as_record(Emergency, row) for row in await session.scalars(query)]

    async def count_open(self) -> int:
        query = select(func.count()).select_from(EmergencyRow).where(EmergencyRow.acknowledged_by.is_(None))
        async with self._database.reading() as session:
            return await session.scalar(query) or 0


def _active(account: str, now: float) -> Select[EmergencyRow]:
    return select(EmergencyRow).where(
        EmergencyRow.account_id == account, EmergencyRow.ended_at.is_(None), EmergencyRow.until > now
    )
