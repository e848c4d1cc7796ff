"""A log of any size, made quickly: the tree above events that nobody ever told, and a few real ones at its end.

Not here: what is measured with it (`audit.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import insert, update

from clinic.audit.canonical import draft, numbered
from clinic.audit.events import Event
from clinic.audit.log import AuditLog
from clinic.audit.notes import Checkpoint, Signer
from clinic.audit.tables import EventRow, HeadRow, TileRow
from clinic.audit.tree import TILE, Edge, Tile, leaf_hash

AT_ONCE = 500
"""Tiles in one insert."""


async def make_large(log: AuditLog, signer: Signer, size: int, event: Event) -> None:
    """`log` is empty. Leaves are hashes of numbers, except of the last tile, which is not full: there events stand."""
    await log.database.upgrade()
    edge = Edge(0, [])
    untold = size // TILE * TILE
    async with log.database.writing() as session:
        tiles: list[Tile] = []
        for number in range(untold):
            tiles += edge.add(leaf_hash(b"%d" % number))
            if len(tiles) >= AT_ONCE:
                await session.execute(insert(TileRow), _rows(tiles))
                tiles = []
        if tiles:
            await session.execute(insert(TileRow), _rows(tiles))
        rows = []
        for number in range(untold, size):
            body = numbered(draft(event), number)
            edge.add(leaf_hash(body.encode()))
            rows.append(
                {
                    "seq": number,
                    "at": event.at,
                    "kind": event.kind,
                    "actor_kind": event.actor_kind,
                    "actor": event.actor,
                    "session": event.session,
                    "patient": event.patient,
                    "subject": event.subject,
                    "body": body,
                }
            )
        if rows:
            await session.execute(insert(EventRow), rows)
        root = edge.root()
        note = signer.note(Checkpoint(signer.name, size, root))
        await session.execute(update(HeadRow).values(size=size, root=root, note=note))


def _rows(tiles: Sequence[Tile]) -> list[dict[str, object]]:
    return [vars(each) for each in tiles]


def spread(size: int, count: int) -> Iterator[int]:
    """Places all over a log, the first and the last too."""
    for each in range(count):
        yield each * (size - 1) // max(1, count - 1)
