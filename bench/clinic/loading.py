"""The made-up year in databases: rows in bulk, and the audit log as if it had been told event by event.

Tree, tiles, signed head and sums are those that the log itself would have made: it opens what was loaded,
and proves events of it. Not here: what is in the year (`year.py`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update

from bench.clinic.sessions import Booked, Rows, usage_rows, whole_sitting
from bench.clinic.year import NOW, Year
from clinic.audit.canonical import draft, numbered
from clinic.audit.days import count_in, miscounted
from clinic.audit.events import Event
from clinic.audit.head_file import HeadFile
from clinic.audit.log import AuditLog
from clinic.audit.notes import Checkpoint, Signer
from clinic.audit.tables import EventRow, HeadRow, TileRow
from clinic.audit.tree import Edge, Tile, is_consistent, leaf_hash
from clinic.database import Database
from clinic.usage.records import Sum, SumKind, WholeSitting
from clinic.usage.store import ADDED, parts, plus
from clinic.usage.tables import SumRow

SIGNER = Signer("bench.example/audit", bytes(range(32)))


class Loader:
    """One clinic's two databases."""

    def __init__(self, records: Database, log: Database, head_file: Path) -> None:
        self.records = records
        self.log = log
        self._head_file = head_file
        self._edge = Edge(0, [])

    async def prepare(self) -> None:
        await self.records.upgrade()
        await self.log.upgrade()

    async def take(self, rows: Rows, events: Sequence[Event]) -> None:
        """What a day has left."""
        await self.add(rows)
        await self.tell(events)

    async def add(self, rows: Rows) -> None:
        """Their tables in this order."""
        async with self.records.writing() as session:
            for table, some in rows.items():
                if some:
                    await session.execute(insert(table.__table__), some)  # type: ignore[arg-type]

    async def tell(self, events: Sequence[Event]) -> None:
        if not events:
            return
        first, bodies, tiles = self._edge.size, [], list[Tile]()
        for event in events:
            bodies.append(numbered(draft(event), self._edge.size))
            tiles += self._edge.add(leaf_hash(bodies[-1].encode()))
        root = self._edge.root()
        note = SIGNER.note(Checkpoint(SIGNER.name, self._edge.size, root))
        async with self.log.writing() as session:
            rows = [_event(event, first + at, bodies[at]) for at, event in enumerate(events)]
            await session.execute(insert(EventRow.__table__), rows)  # type: ignore[arg-type]
            if tiles:
                await session.execute(insert(TileRow), [vars(each) for each in tiles])
            await count_in(session, events)
            await session.execute(update(HeadRow).values(size=self._edge.size, root=root, note=note))
        HeadFile(self._head_file).keep(note, self._edge.size)

    async def check(self, chance: random.Random) -> int:
        """That the log takes it for its own, and proves what is in it. Its size."""
        log = AuditLog(self.log, SIGNER, self._head_file)
        head = await log.open()
        for _ in range(20):
            await log.inclusion(chance.randrange(head.size))
        old = head.size // 2
        async with self.log.reading() as session:
            kept = await session.scalar(select(HeadRow.size))
            wrong = await miscounted(session)
        if wrong or kept != head.size or not await log.consistency(old, head.size):
            raise AssertionError("the log that was loaded is none")
        if not is_consistent(head.size, head.size, head.root, self._edge.root(), []):
            raise AssertionError("the log that was loaded has another root")
        return head.size


async def load(year: Year, loaders: Sequence[Loader], told_of: Callable[[int], None] = lambda day: None) -> None:
    """The same into each of them, at the same time. `told_of` is told the number of each day that is loaded."""
    for each in loaders:
        await each.prepare()
    chance = random.Random(len(year.patients))  # noqa: S311 - made up
    sums: dict[tuple[SumKind, str, str], Sum] = {}
    told = 0
    for number, day in enumerate(year.days()):
        rows = day.rows
        for booked in year.booked[told:]:
            if booked.was_seen(NOW):
                whole = whole_sitting(booked, _day(booked), chance)
                _sum(sums, whole)
                for table, some in usage_rows(whole).items():
                    rows.setdefault(table, []).extend(some)
        told = len(year.booked)
        await asyncio.gather(*(each.take(rows, day.events) for each in loaders))
        told_of(number)
    summed: list[dict[str, Any]] = [
        {"kind": kind, "who": who, "day": day} | {name: getattr(part, name) for name in ADDED}
        for (kind, who, day), part in sorted(sums.items())
    ]
    for each in loaders:
        await each.add({SumRow: summed})


def _sum(sums: dict[tuple[SumKind, str, str], Sum], whole: WholeSitting) -> None:
    for kind, part in parts(whole):
        key = (kind, part.who, whole.sitting.day)
        sums[key] = plus(sums[key], part) if key in sums else part


def _day(booked: Booked) -> str:
    return datetime.fromtimestamp(booked.starts_at, UTC).date().isoformat()


def _event(event: Event, seq: int, body: str) -> dict[str, object]:
    return {
        "seq": seq,
        "at": event.at,
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "actor": event.actor,
        "session": event.session,
        "patient": event.patient,
        "subject": event.subject,
        "body": body,
    }
