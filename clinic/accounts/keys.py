"""API keys of the clinic's software. Of the secret only a digest is kept.

Not here: what a scope allows (`signaling/staff_roles.py`).
"""

from __future__ import annotations

from sqlalchemy import select, update

from clinic.accounts.records import ApiKey
from clinic.accounts.tables import ApiKeyRow
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row

MOST = 200
"""Keys, revoked ones too: they stay, so that the audit log's ids lead somewhere."""


class ApiKeys:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey) -> None:
        """Raises Conflict if there are too many."""
        async with self._database.writing() as session:
            if len((await session.scalars(select(ApiKeyRow.id).limit(MOST))).all()) >= MOST:
                raise Conflict("too many keys")
            session.add(as_row(ApiKeyRow, key, scopes=list(key.scopes)))

    async def find(self, key: str) -> ApiKey | None:
        async with self._database.reading() as session:
            row = await session.get(ApiKeyRow, key)
            return None if row is None else _record(row)

    async def all(self) -> list[ApiKey]:
        """Newest first."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.made_at.desc(), ApiKeyRow.id)
        async with self._database.reading() as session:
            return [_record(row) for row in await session.scalars(query)]

    async def used(self, key: str, now: float) -> None:
        async with self._database.writing() as session:
            await session.execute(update(ApiKeyRow).where(ApiKeyRow.id == key).values(used_at=now))

    async def revoke(self, key: str, now: float) -> ApiKey:
        """For good; a second time changes nothing. Raises Unknown."""
        async with self._database.writing() as session:
            row = await session.get(ApiKeyRow, key, with_for_update=True)
            if row is None:
                raise Unknown("there is no such key")
            if row.revoked_at is None:
                row.revoked_at = now
            return _record(row)


def _record(row: ApiKeyRow) -> ApiKey:
    return as_record(ApiKey, row, scopes=tuple(row.scopes))
