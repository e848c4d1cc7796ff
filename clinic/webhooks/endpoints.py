"""Endpoints: who is told of events.

Not here: what they are told (`deliveries.py`), and who may change them (`signaling/webhooks`).
"""

from __future__ import annotations

from sqlalchemy import func, select, update

from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row
from clinic.webhooks.records import OPEN, DeliveryState, Endpoint
from clinic.webhooks.tables import DeliveryRow, EndpointRow

MOST = 20
"""Endpoints that are there at once. A clinic has a booking and a billing system."""


class Endpoints:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, endpoint: Endpoint) -> None:
        """Raises Conflict for an id that is taken, and if there are too many."""
        async with self._database.writing() as session:
            there = await session.scalar(
                select(func.count()).select_from(EndpointRow).where(EndpointRow.removed_at.is_(None))
            )
            if (there or 0) >= MOST:
                raise Conflict("there are as many endpoints as there may be")
            session.add(as_row(EndpointRow, endpoint, kinds=list(endpoint.kinds)))

    async def change(
        self,
        id: str,
        now: float,
        *,
        url_sealed: bytes | None = None,
        secrets_sealed: bytes | None = None,
        kinds: tuple[str, ...] | None = None,
        active: bool | None = None,
    ) -> Endpoint:
        """What is None stays as it is. Raises Unknown."""
        async with self._database.writing() as session:
            row = await session.get(EndpointRow, id, with_for_update=True)
            if row is None or row.removed_at is not None:
                raise Unknown("there is no such endpoint")
            row.url_sealed = row.url_sealed if url_sealed is None else url_sealed
            row.secrets_sealed = row.secrets_sealed if secrets_sealed is None else secrets_sealed
            row.kinds = row.kinds if kinds is None else list(kinds)
            row.active = row.active if active is None else active
            row.changed_at = now
            return _endpoint(row)

    async def remove(self, id: str, now: float) -> None:
        """It is told nothing any more, also of what waits; its log stays. Raises Unknown."""
        async with self._database.writing() as session:
            row = await session.get(EndpointRow, id, with_for_update=True)
            if row is None or row.removed_at is not None:
                raise Unknown("there is no such endpoint")
            row.removed_at, row.active, row.secrets_sealed = now, False, b""
            await session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.endpoint_id == id, DeliveryRow.state.in_(OPEN))
                .values(state=DeliveryState.FAILED, done_at=now, error="removed")
            )

    async def get(self, id: str) -> Endpoint:
        """Also one that was removed. Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(EndpointRow, id)
            if row is None:
                raise Unknown("there is no such endpoint")
            return _endpoint(row)

    async def all(self) -> list[Endpoint]:
        """Those that were not removed, oldest first."""
        query = (
            select(EndpointRow).where(EndpointRow.removed_at.is_(None)).order_by(EndpointRow.created_at, EndpointRow.id)
        )
        async with self._database.reading() as session:
            return [_endpoint(row) for row in await session.scalars(query)]


def _endpoint(row: EndpointRow) -> Endpoint:
    return as_record(Endpoint, row, kinds=tuple(row.kinds))
