"""The audit log: appended to, proven, and read.

What is appended at once is written at once: one transaction, one head signed over it, one write to the disk, however
many wait for it. Whoever waited goes on when events, tree and signed head are durable. Each transaction begins with
what the database says of itself: if that does not go on from the newest head that was signed, nothing is written.
Not here: searching (`search.py`), exports (`exports.py`), who tells of events and asks witnesses (`signaling`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.audit.canonical import draft, entry_of, numbered
from clinic.audit.days import count_in, miscounted
from clinic.audit.events import Event
from clinic.audit.head_file import HeadFile
from clinic.audit.nodes import Nodes
from clinic.audit.notes import BadNote, Checkpoint, Note, Signer
from clinic.audit.records import Entry, Head, Inclusion, Witnessed
from clinic.audit.tables import EventRow, HeadRow, TileRow, WitnessedRow
from clinic.audit.tree import (
    NOTHING,
    Edge,
    Range,
    Tile,
    consistency,
    fold,
    inclusion,
    is_included,
    leaf_hash,
)
from clinic.database import Database
from clinic.errors import ClinicError, Conflict, Tampered, Unavailable, Unknown

MIGRATIONS: Final = Path(__file__).with_name("migrations")

TOGETHER = 1000
"""Events in one transaction, unless one call brings more. Larger ones are hardly quicker, and others wait longer."""


@dataclass(frozen=True)
class _Waiting:
    """Events of one call, all of them or none."""

    events: Sequence[tuple[Event, str]]
    done: asyncio.Future[None]


class AuditLog:
    """One log. Its database is for it alone; everybody reads it through `database`, and only this writes.

    All raise Unavailable; Tampered, which is one, when the database contradicts what was signed.
    """

    def __init__(self, database: Database, signer: Signer, head_file: Path) -> None:
        self.database = database
        self.public_key = signer.public
        self._signer = signer
        self._file = HeadFile(head_file)
        self._opened = False
        self._edge: Edge | None = None
        self._known = Head(0, NOTHING, "")
        """The newest head that this process knows of: what the database says has to go on from it."""
        self._unkept: Head | None = None
        """One that is in the database, and not yet in the file."""
        self._waiting: deque[_Waiting] = deque()
        self._writing: asyncio.Task[None] | None = None

    async def open(self) -> Head:
        """Brings the tables up to date and compares them with the last signed head that was kept beside them.

        Done by the first append too, if the database was away before.
        """
        if not self._opened:
            await self.database.upgrade()
            note = await asyncio.to_thread(self._file.read)
            if note is not None and self._known.size == 0:
                self._known = self._signed(note)
            async with self.database.writing() as session:
                await self._take(session)
            self._opened = True
        return self._known

    async def append(self, events: Sequence[Event]) -> None:
        """Returns when they are durable, in their order, under a signed head.

        Raises BadValue, and then none is kept.
        """
        if not events:
            return
        waiting = _Waiting([(each, draft(each)) for each in events], asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        # whoever gives up waiting takes nothing back, and disturbs nobody else
        await asyncio.shield(waiting.done)

    async def head(self) -> Head:
        """The newest."""
        async with self.database.reading() as session:
            return _head(await session.get(HeadRow, 1))

    async def inclusion(self, seq: int) -> Inclusion:
        """That this event is under the newest head. Raises Unknown."""
        async with self.database.reading() as session:
            head = _head(await session.get(HeadRow, 1))
            if not 0 <= seq < head.size:
                raise Unknown("there is no such event")
            body = await session.scalar(select(EventRow.body).where(EventRow.seq == seq))
            path = await Nodes(session, head.size).roots(inclusion(seq, head.size))
        if body is None or not is_included(leaf_hash(body.encode()), seq, head.size, path, head.root):
            raise Tampered("this event is not the one that was signed")
        return Inclusion(entry_of(body), head, path)

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """That the tree of `new` events goes on from that of `old` (RFC 6962 section 2.1.2). Raises Unknown."""
        async with self.database.reading() as session:
            head = _head(await session.get(HeadRow, 1))
            if not 0 <= old <= new <= head.size:
                raise Unknown("the log never had as many events")
            return await Nodes(session, new).roots(consistency(old, new))

    async def subtrees(self, leaves: Range, size: int) -> list[bytes]:
        """The hashes of the fewest complete subtrees over these leaves of a tree of this size. Raises Unknown."""
        async with self.database.reading() as session:
            if not 0 <= leaves[0] <= leaves[1] <= size <= _head(await session.get(HeadRow, 1)).size:
                raise Unknown("the log never had as many events")
            return await Nodes(session, size).complete(leaves)

    async def entries(self, first: int, last: int) -> list[Entry]:
        """Those from `first` on, up to and without `last`, as their bodies say."""
        query = select(EventRow.body).where(EventRow.seq >= first, EventRow.seq < last).order_by(EventRow.seq)
        async with self.database.reading() as session:
            return [entry_of(body) for body in await session.scalars(query)]

    async def misfiled(self, first: int, last: int) -> list[int]:
        """Those that are found by other words than their bodies say: somebody has changed the columns."""
        query = select(EventRow).where(EventRow.seq >= first, EventRow.seq < last).order_by(EventRow.seq)
        async with self.database.reading() as session:
            return [row.seq for row in await session.scalars(query) if not _filed(row)]

    async def miscounted(self) -> list[int]:
        """Days, since 1970, of which reports count something else than there is: somebody has changed the counts."""
        async with self.database.reading() as session:
            return await miscounted(session)

    async def between(self, since: float | None, until: float | None) -> Range:
        """From the first event of a time up to and without what came after its last one; both may be open.

        Where the clock was set back, events of other times stand between them.
        """
        query = select(func.min(EventRow.seq), func.max(EventRow.seq))
        if since is not None:
            query = query.where(EventRow.at >= since)
        if until is not None:
            query = query.where(EventRow.at < until)
        async with self.database.reading() as session:
            first, last = (await session.execute(query)).one()
        return (0, 0) if first is None else (first, last + 1)

    async def witnessed(self) -> list[Witnessed]:
        """The newest head of each witness."""
        newest = select(func.max(WitnessedRow.size)).where(WitnessedRow.witness == _THIS.c.witness).scalar_subquery()
        query = select(_THIS).where(_THIS.c.size == newest).order_by(_THIS.c.witness)
        async with self.database.reading() as session:
            return [Witnessed(row.size, row.witness, row.at, row.note) for row in await session.execute(query)]

    async def keep_witnessed(self, witnessed: Witnessed) -> None:
        """What a witness has signed. Raises Conflict if it was kept before."""
        async with self.database.writing() as session:
            session.add(
                WitnessedRow(size=witnessed.size, witness=witnessed.witness, at=witnessed.at, note=witnessed.note)
            )

    async def go_on_after_loss(self) -> Path | None:
        """Takes the database as it is, though a longer log was signed: an older one was put back on purpose.

        Returns where the head of the longer one is kept now. Whoever calls this appends why.
        """
        aside = await asyncio.to_thread(self._file.put_aside)
        self._known, self._edge, self._opened = Head(0, NOTHING, ""), None, False
        await self.open()
        return aside

    async def close(self) -> None:
        """After what is being written."""
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self.database.close()

    # Writing ------------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch = self._batch()
                try:
                    await self._commit([event for each in batch for event in each.events])
                except ClinicError as error:
                    _end(batch, error)
                except BaseException as fault:
                    _end([*batch, *self._waiting], fault)
                    self._waiting.clear()
                    raise
                else:
                    _end(batch, None)
        finally:
            self._writing = None

    def _batch(self) -> list[_Waiting]:
        batch = [self._waiting.popleft()]
        count = len(batch[0].events)
        while self._waiting and count + len(self._waiting[0].events) <= TOGETHER:
            batch.append(self._waiting.popleft())
            count += len(batch[-1].events)
        return batch

    async def _commit(self, events: Sequence[tuple[Event, str]]) -> None:
        await self.open()
        await self._keep_head()
        try:
            async with self.database.writing() as session:
                row, edge = await self._take(session)
                bodies, tiles = [], list[Tile]()
                for _, text in events:
                    bodies.append(numbered(text, edge.size))
                    tiles += edge.add(leaf_hash(bodies[-1].encode()))
                first = row.size
                checkpoint = Checkpoint(self._signer.name, edge.size, edge.root())
                head = Head(edge.size, checkpoint.root, self._signer.note(checkpoint))
                await session.execute(
                    insert(_EVENTS),
                    [
                        _columns(event, first + place, body)
                        for place, ((event, _), body) in enumerate(zip(events, bodies, strict=True))
                    ],
                )
                if tiles:
                    await session.execute(insert(_TILES), [vars(each) for each in tiles])
                await count_in(session, [event for event, _ in events])
                row.size, row.root, row.note = head.size, head.root, head.note
        except Conflict:
            raise Tampered("the audit log's database holds events that were never signed") from None
        self._edge, self._known, self._unkept = edge, head, head
        # The events are kept. A file that cannot be written now stops the next ones.
        with contextlib.suppress(Unavailable):
            await self._keep_head()

    async def _keep_head(self) -> None:
        if self._unkept is not None:
            await asyncio.to_thread(self._file.keep, self._unkept.note, self._unkept.size)
            self._unkept = None

    async def _take(self, session: AsyncSession) -> tuple[HeadRow, Edge]:
        """The head's row, and nobody else writes until the transaction ends; a copy of the edge that belongs to it."""
        row = await session.get(HeadRow, 1, with_for_update=True)
        if row is None:
            raise Tampered(NO_HEAD)
        found = _head(row)
        if self._edge is None or (found.size, found.root) != (self._known.size, self._known.root):
            self._edge = await self._checked(session, found)
            self._known = found
        return row, self._edge.copy()

    async def _checked(self, session: AsyncSession, found: Head) -> Edge:
        """The edge of a tree that others have written, or that was there at the start. Raises Tampered."""
        if found.size:
            told = self._signed(found.note)
            if (told.size, told.root) != (found.size, found.root):
                raise Tampered("the audit log's database has another head than the one that was signed")
        if found.size < self._known.size:
            raise Tampered(f"the audit log holds {found.size} events, and {self._known.size} were signed")
        newest = await session.scalar(select(func.max(EventRow.seq)))
        if (-1 if newest is None else newest) != found.size - 1:
            raise Tampered("the audit log's database holds other events than those that were signed")
        nodes = Nodes(session, found.size)
        edge = await nodes.edge()
        if edge.root() != found.root:
            raise Tampered("the audit log's newest events are not those that were signed")
        if fold(await nodes.complete((0, self._known.size))) != self._known.root:
            raise Tampered("the audit log does not go on from the last head that was signed")
        return edge

    def _signed(self, text: str) -> Head:
        """A head that this log's key has signed. Raises Tampered."""
        try:
            note = Note.read(text)
            self.public_key.check(note)
        except BadNote:
            raise Tampered("the audit log's head is not signed with this server's audit-key") from None
        if note.checkpoint.origin != self._signer.name:
            raise Tampered("the audit log's head is that of another log")
        return Head(note.checkpoint.size, note.checkpoint.root, text)


_EVENTS = cast(Table, EventRow.__table__)
_TILES = cast(Table, TileRow.__table__)
_THIS = WitnessedRow.__table__.alias()
NO_HEAD = "the audit log's database has lost its head"


def _head(row: HeadRow | None) -> Head:
    if row is None:
        raise Tampered(NO_HEAD)
    return Head(row.size, row.root, row.note)


def _columns(event: Event, seq: int, body: str) -> dict[str, object]:
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


def _filed(row: EventRow) -> bool:
    entry = entry_of(row.body)
    said = _columns(entry.event, entry.seq, entry.body)
    return all(getattr(row, name) == value for name, value in said.items())


def _end(batch: Sequence[_Waiting], fault: BaseException | None) -> None:
    for each in batch:
        if each.done.done():
            continue
        if fault is None:
            each.done.set_result(None)
        elif isinstance(fault, asyncio.CancelledError):
            each.done.cancel()
        else:
            each.done.set_exception(fault)
