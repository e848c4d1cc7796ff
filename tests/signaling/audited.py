"""What is in the audit log of a server that runs, read from its own database while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from clinic import Database, open_database, sqlite_url
from clinic.audit.canonical import entry_of
from clinic.audit.events import Event
from clinic.audit.log import MIGRATIONS
from clinic.audit.tables import EventRow

WITHIN = 15.0
"""Seconds for an event to be in the log, on a busy machine."""


class Written:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, *kinds: str) -> list[Event]:
        """The oldest first. `kinds`: only these, or those that begin so (`call.`); none: all."""
        async with self._database.reading() as session:
            bodies = list(await session.scalars(select(EventRow.body).order_by(EventRow.seq)))
        found = [entry_of(body).event for body in bodies]
        return [each for each in found if not kinds or each.kind.startswith(kinds)]

    async def until(
        self, kind: str, *, count: int = 1, where: Callable[[Event], bool] = lambda event: True
    ) -> list[Event]:
        """Those of this kind, once there are so many."""
        async with asyncio.timeout(WITHIN):
            while True:
                found = [each for each in await self.events(kind) if each.kind == kind and where(each)]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)


@asynccontextmanager
async def written(folder: Path, url: str | None = None) -> AsyncIterator[Written]:
    """`folder`: what the server was given as its own, in which its data folder is."""
    database = open_database(url or sqlite_url(folder / "data" / "audit.db"), MIGRATIONS)
    try:
        yield Written(database)
    finally:
        await database.close()
