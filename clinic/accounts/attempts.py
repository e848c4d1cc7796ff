"""Tries to sign in, counted before they are looked at, so that a hundred at once are a hundred. A restart forgets none.

Not here: how many are allowed, and how long a lock lasts: the caller says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import delete, select, update

from clinic.accounts.records import Attempt
from clinic.accounts.tables import AttemptRow
from clinic.database import Database
from clinic.errors import Conflict
from clinic.rows import as_record


class Attempts:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, key: str, now: float, lock: Callable[[int], float], forget: float) -> Attempt | float:
        """Counts one try, as if it failed: `clear` or `give_back` says that it did not. A number: none may be made for
        so many seconds, and nothing was counted.

        `lock(count)`: how long nobody may try after so many. Tries older than `forget` seconds do not count.
        """
        try:
            return await self._take(key, now, lock, forget)
        except Conflict:  # somebody else began to count at the same moment
            return await self._take(key, now, lock, forget)

    async def _take(self, key: str, now: float, lock: Callable[[int], float], forget: float) -> Attempt | float:
        async with self._database.writing() as session:
            await session.execute(delete(AttemptRow).where(AttemptRow.last_at < now - forget))
            row = await session.get(AttemptRow, key, with_for_update=True)
            if row is None:
                row = AttemptRow(key=key, count=0, last_at=now, locked_until=0.0)
                session.add(row)
            if row.locked_until > now:
                return row.locked_until - now
            row.count += 1
            row.last_at, row.locked_until = now, now + lock(row.count)
            return as_record(Attempt, row)

    async def give_back(self, key: str) -> None:
        """The last one was no failure."""
        query = update(AttemptRow).where(AttemptRow.key == key, AttemptRow.count > 0)
        async with self._database.writing() as session:
            await session.execute(query.values(count=AttemptRow.count - 1, locked_until=0.0))

    async def clear(self, keys: Collection[str]) -> int:
        """They begin anew. Returns how many of them were locked or counted."""
        async with self._database.writing() as session:
            rows = list(await session.scalars(select(AttemptRow).where(AttemptRow.key.in_(keys))))
            for row in rows:
                await session.delete(row)
            return len(rows)

    async def locked(self, keys: Collection[str], now: float) -> dict[str, float]:
        """Until when, of those that are."""
        query = select(AttemptRow).where(AttemptRow.key.in_(keys), AttemptRow.locked_until > now)
        async with self._database.reading() as session:
            return {row.key: row.locked_until for row in await session.scalars(query)}
