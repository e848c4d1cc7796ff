"""The tree in the database: the hash of any complete subtree, from tiles, and where none is full yet from events.

Hashes of events are always made of their bodies, so that what is proven is what is kept.
Not here: what a proof is made of (`tree.py`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.audit.tables import EventRow, TileRow
from clinic.audit.tree import HASH, TILE, TILE_BITS, Edge, Range, fold, leaf_hash, pieces, root_of
from clinic.errors import Tampered


class Nodes:
    """Of one tree, within one transaction."""

    def __init__(self, session: AsyncSession, size: int) -> None:
        self._session = session
        self._size = size
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    async def roots(self, ranges: Iterable[Range]) -> tuple[bytes, ...]:
        """Of each range of leaves that is a subtree of RFC 6962."""
        return tuple([fold(await self.complete(each)) for each in ranges])

    async def complete(self, leaves: Range) -> list[bytes]:
        """The hashes of the fewest complete subtrees that make up these leaves."""
        return [await self._node(level, number) for level, number in pieces(leaves)]

    async def edge(self) -> Edge:
        """What a writer needs to go on."""
        levels = []
        level = 0
        while self._size >> TILE_BITS * level:
            # of a tile that is full nothing is left at the edge
            wanted = (self._size >> TILE_BITS * level) % TILE
            number = self._size >> TILE_BITS * (level + 1)
            levels.append(await self._tile(level, number) if wanted else [])
            level += 1
        return Edge(self._size, levels)

    async def _node(self, level: int, number: int) -> bytes:
        within = level % TILE_BITS
        first = number << within
        tile = await self._tile(level // TILE_BITS, first >> TILE_BITS)
        start = first % TILE
        return root_of(tile[start : start + (1 << within)])

    async def _tile(self, level: int, number: int) -> list[bytes]:
        if (level, number) not in self._tiles:
            self._tiles[level, number] = await self._read(level, number)
        return self._tiles[level, number]

    async def _read(self, level: int, number: int) -> list[bytes]:
        first = number * TILE
        last = min(first + TILE, self._size >> TILE_BITS * level)
        if last - first == TILE:
            kept = await self._session.scalar(
                select(TileRow.hashes).where(TileRow.level == level, TileRow.number == number)
            )
            found = [] if kept is None else [kept[each : each + HASH] for each in range(0, len(kept), HASH)]
        elif level == 0:
            bodies = select(EventRow.body).where(EventRow.seq >= first, EventRow.seq < last).order_by(EventRow.seq)
            found = [leaf_hash(body.encode()) for body in await self._session.scalars(bodies)]
        else:
            roots = (
                select(TileRow.root)
                .where(TileRow.level == level - 1, TileRow.number >= first, TileRow.number < last)
                .order_by(TileRow.number)
            )
            found = list(await self._session.scalars(roots))
        if len(found) != last - first:
            raise Tampered("the audit log's database has lost events")
        return found
