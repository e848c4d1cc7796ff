"""Records of one kind that are rows of a table: what has to go, what belongs to a patient, and how it is removed.

A part that keeps such rows joins the keeping of records with one `KeptRows`. Not here: records that are files too
(recordings: `signaling/keeping`).
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, false, func, inspect, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from clinic.columns import Sealed
from clinic.database import Database
from clinic.errors import Held, Unknown
from clinic.keeping.holds import Column, Holds, standing
from clinic.keeping.kinds import KINDS, Sheet
from clinic.keeping.permit import permitted
from clinic.keeping.records import Due, Gone, Subject
from clinic.tables import Table

TOGETHER = 500
"""Rows that are removed by one statement."""

Among = Callable[[str], ColumnElement[bool]]
"""A patient's id -> a condition."""

Show = Callable[[Any], Mapping[str, Any]]
"""A row as it is shown to the patient whom it is about."""


class KeptRows:
    """One table, with those that hang from it. All raise Unavailable."""

    def __init__(
        self,
        database: Database,
        kind: str,
        row: type[Table],
        *,
        at: InstrumentedAttribute[Any],
        patient: Column | None = None,
        session: Column | None = None,
        therapist: Column | None = None,
        children: Sequence[InstrumentedAttribute[Any]] = (),
        hidden: Sequence[str] = (),
        only: Sequence[ColumnElement[bool]] = (),
        show: Show | None = None,
        among: Among | None = None,
    ) -> None:
        """`at`: when it was, from which its time is counted; rows without are never due. `patient`, `session`,
        `therapist`: what it is found and held by. `children`: columns of other tables that refer to this one's key, and
        whose rows go first. `hidden`: columns that no patient is shown. `only`: which rows go by time at all. `among`:
        where an index finds all rows of a patient, and perhaps others, if `patient` is no column of its own."""
        self.kind = kind
        self._database = database
        self._row = row
        self._at = at
        self._whose: dict[str, Column | None] = {"patient": patient, "session": session, "therapist": therapist}
        self._children = children
        self._only = only
        self._among = among
        mapper = inspect(row)
        self._keys: list[InstrumentedAttribute[Any]] = [
            getattr(row, mapper.get_property_by_column(key).key) for key in mapper.primary_key
        ]
        self._show = show or _shown(mapper.column_attrs.keys(), hidden)
        tables = {row.__table__, *(child.class_.__table__ for child in children)}
        self._sealed = tuple(
            sorted(table.name for table in tables if any(isinstance(each.type, Sealed) for each in table.columns))
        )

    async def due(self, before: float, now: float) -> Due:
        async with self._database.reading() as session:
            holds = await standing(session, removing=False)
            ripe = [self._at < before, *self._only]
            free = await self._count(session, [*ripe, *holds.free(at=self._at, **self._whose)])
            return Due(free, await self._count(session, ripe) - free if holds.standing else 0)

    async def forget(self, before: float, limit: int, now: float) -> Gone:
        async with self._database.writing() as session:
            return await self._remove(session, [self._at < before, *self._only], limit)

    async def of_patient(self, who: Subject, after: str | None, limit: int) -> Sheet:
        order = (self._at, *self._keys)
        query = select(self._row).where(self._of(who)).order_by(*order)
        if after is not None:
            last = [literal(value, each.type) for each, value in zip(order, json.loads(after), strict=True)]
            query = query.where(tuple_(*order) > tuple_(*last))
        async with self._database.reading() as session:
            rows = (await session.scalars(query.limit(limit + 1))).all()
            shown = tuple(self._show(row) for row in rows[:limit])
        more = json.dumps([getattr(rows[limit - 1], each.key) for each in order]) if len(rows) > limit else None
        return Sheet(shown, more)

    async def delete_of_patient(self, who: Subject, limit: int, *, by: str, reason: str, now: float) -> Gone:
        if KINDS[self.kind].documentation:
            async with self._database.reading() as session:
                return Gone(held=0, left=await self._count(session, [self._of(who)]))
        async with self._database.writing() as session:
            return await self._remove(session, [self._of(who)], limit)

    async def delete_one(self, id: str, *, by: str, reason: str, now: float) -> Gone:
        if KINDS[self.kind].documentation:
            raise Held("this is documentation: it goes when its time is over")
        if len(self._keys) != 1:
            raise Unknown("there is no such record")
        async with self._database.writing() as session:
            this = [self._keys[0] == (int(id) if id.isdecimal() and self._is_number() else id)]
            gone = await self._remove(session, this, 1)
            if gone.held:
                raise Held("the record is on hold")
            if not gone.ids:
                raise Unknown("there is no such record")
            return gone

    async def remove_hashed(self, hashes: Collection[str]) -> int:
        """Those whose SHA-256 of `KIND/ID` is among these, on hold or not: an older copy has brought them back."""
        async with self._database.writing() as session:
            rows = await session.execute(select(*self._keys))
            keys = [tuple(row) for row in rows]
            back = [key for key in keys if record_hash(self.kind, _id(key)) in hashes]
            for at in range(0, len(back), TOGETHER):
                await self._drop(session, back[at : at + TOGETHER])
            return len(back)

    # One transaction -------------------------------------------------------------------------------------------

    async def _remove(self, session: AsyncSession, which: Sequence[ColumnElement[bool]], limit: int) -> Gone:
        holds = await standing(session, removing=True)
        keys = await self._find(session, which, holds, limit)
        if keys:
            await self._drop(session, keys)
        held = 0
        if len(keys) < limit and holds.standing:
            held = await self._count(session, which)  # what could go has gone: what is left of it is held
        return Gone(tuple(_id(key) for key in keys), held=held, tables=self._sealed if keys else ())

    async def _drop(self, session: AsyncSession, keys: Sequence[tuple[Any, ...]]) -> None:
        first = [key[0] for key in keys]
        async with permitted(session):
            for child in self._children:
                await session.execute(delete(child.class_).where(child.in_(first)))
            chosen = self._keys[0].in_(first) if len(self._keys) == 1 else tuple_(*self._keys).in_(keys)
            await session.execute(delete(self._row).where(chosen))

    async def _find(
        self, session: AsyncSession, which: Sequence[ColumnElement[bool]], holds: Holds, limit: int
    ) -> list[tuple[Any, ...]]:
        query = select(*self._keys).where(*which, *holds.free(at=self._at, **self._whose))
        return [tuple(row) for row in await session.execute(query.order_by(self._at, *self._keys).limit(limit))]

    async def _count(self, session: AsyncSession, which: Sequence[ColumnElement[bool]]) -> int:
        query = select(func.count()).select_from(self._row).where(*which)
        return int((await session.execute(query)).scalar_one())

    def _of(self, who: Subject) -> ColumnElement[bool]:
        parts: list[ColumnElement[bool]] = []
        patient, session = self._whose["patient"], self._whose["session"]
        if patient is not None:
            found = [] if self._among is None else [self._among(who.patient)]
            parts.append(and_(*found, patient == who.patient))
        elif session is not None and who.sessions:
            parts.append(session.in_(sorted(who.sessions)))
        return or_(*parts) if parts else false()

    def _is_number(self) -> bool:
        return self._keys[0].type.python_type is int


def record_hash(kind: str, id: str) -> str:
    """How a proof of deletion names a record."""
    return hashlib.sha256(f"{kind}/{id}".encode()).hexdigest()


def _id(key: tuple[Any, ...]) -> str:
    return "/".join(str(part) for part in key)


def _shown(names: Sequence[str], hidden: Sequence[str]) -> Show:
    """Every column but the hidden ones."""
    shown = [name for name in names if name not in hidden]

    def show(row: Any) -> Mapping[str, Any]:
        values = {name: getattr(row, name) for name in shown}
        return {name: value.value if isinstance(value, enum.Enum) else value for name, value in values.items()}

    return show
