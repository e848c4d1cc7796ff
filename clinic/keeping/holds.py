"""Holds: what may not be deleted, whoever asks and whatever time it is. Whatever removes records asks here, in the
transaction in which it removes them.

A condition that a record cannot be tested for counts as true: what cannot be told apart is kept. Not here: who may
place a hold, and what it is for.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, not_, or_, select, text, true
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.keeping.records import Hold
from clinic.keeping.tables import HoldRow
from clinic.keeping.whose import sessions_of
from clinic.rows import as_record, as_row

LARGEST_PAGE = 200

Column = SQLColumnExpression[Any]


@dataclass(frozen=True)
class Standing:
    """A hold that stands, with the sessions that its patient or its therapist had."""

    hold: Hold
    of_patient: frozenset[str]
    of_therapist: frozenset[str]


@dataclass(frozen=True)
class Holds:
    """All that stand, as of one transaction."""

    standing: tuple[Standing, ...]

    def cover(
        self,
        *,
        at: float,
        patients: Collection[str] | None = None,
        session: str | None = None,
        therapist: str | None = None,
    ) -> bool:
        """Whether one record is on hold. None: cannot be told of it."""
        return any(_covers(each, at, patients, session, therapist) for each in self.standing)

    def free(
        self,
        *,
        at: Column,
        patient: Column | None = None,
        session: Column | None = None,
        therapist: Column | None = None,
    ) -> list[ColumnElement[bool]]:
        """Conditions for rows that are not on hold."""
        return [
            not_(func.coalesce(_condition(each, at, patient, session, therapist), false())) for each in self.standing
        ]


async def standing(session: AsyncSession, *, removing: bool) -> Holds:
    """The holds that stand. `removing`: and no other is placed before this transaction has ended."""
    if removing and session.get_bind().dialect.name == "postgresql":
        await session.execute(text("LOCK TABLE legal_hold IN SHARE MODE"))  # in SQLite nobody else writes meanwhile
    rows = (await session.scalars(select(HoldRow).where(HoldRow.released_at.is_(None)))).all()
    found = []
    for row in rows:
        hold = as_record(Hold, row)
        patients = await sessions_of(session, patient=hold.patient) if hold.patient is not None else frozenset()
        therapists = await sessions_of(session, therapist=hold.therapist) if hold.therapist is not None else frozenset()
        found.append(Standing(hold, patients, therapists))
    return Holds(tuple(found))


class LegalHolds:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place(self, hold: Hold) -> None:
        """Raises Conflict if there is one with this id."""
        async with self._database.writing() as session:
            session.add(as_row(HoldRow, hold))

    async def release(self, hold: str, *, by: str, now: float) -> Hold:
        """What it held may go again, if its time is over. Raises Unknown, Conflict if it was released before."""
        async with self._database.writing() as session:
            row = await session.get(HoldRow, hold, with_for_update=True)
            if row is None:
                raise Unknown("there is no such hold")
            if row.released_at is not None:
                raise Conflict("this hold was released before")
            row.released_at, row.released_by = now, by
            return as_record(Hold, row)

    async def get(self, hold: str) -> Hold:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(HoldRow, hold)
            if row is None:
                raise Unknown("there is no such hold")
            return as_record(Hold, row)

    async def find(
        self, *, released: bool = False, after: tuple[float, str] | None = None, limit: int = 50
    ) -> list[Hold]:
        """Newest first; `released`: also those that do not stand any more. `after`: (placed_at, id) of the last one of
        the page before."""
        query = select(HoldRow).order_by(HoldRow.placed_at.desc(), HoldRow.id.desc())
        if not released:
            query = query.where(HoldRow.released_at.is_(None))
        if after is not None:
            at, last = after
            query = query.where(or_(HoldRow.placed_at < at, and_(HoldRow.placed_at == at, HoldRow.id < last)))
        async with self._database.reading() as session:
            rows = await session.scalars(query.limit(max(1, min(limit, LARGEST_PAGE))))
            return [as_record(Hold, row) for row in rows]

    async def count(self) -> int:
        """How many stand."""
        query = select(func.count()).select_from(HoldRow).where(HoldRow.released_at.is_(None))
        async with self._database.reading() as session:
            return int((await session.execute(query)).scalar_one())


def _covers(
    each: Standing, at: float, patients: Collection[str] | None, session: str | None, therapist: str | None
) -> bool:
    hold = each.hold
    if hold.patient is not None and not _might_be(hold.patient, patients, session, each.of_patient):
        return False
    if hold.session is not None and session is not None and session != hold.session:
        return False
    whose = None if therapist is None else (therapist,)
    if hold.therapist is not None and not _might_be(hold.therapist, whose, session, each.of_therapist):
        return False
    return (hold.since is None or at >= hold.since) and (hold.until is None or at < hold.until)


def _might_be(held: str, known: Collection[str] | None, session: str | None, sessions: frozenset[str]) -> bool:
    if known is None and session is None:
        return True
    return held in (known or ()) or session in sessions


def _condition(
    each: Standing, at: Column, patient: Column | None, session: Column | None, therapist: Column | None
) -> ColumnElement[bool]:
    """As `_covers`, for rows."""
    hold = each.hold
    parts: list[ColumnElement[bool]] = [true()]
    if hold.patient is not None:
        parts.append(_either(patient, hold.patient, session, each.of_patient))
    if hold.session is not None and session is not None:
        parts.append(session == hold.session)
    if hold.therapist is not None:
        parts.append(_either(therapist, hold.therapist, session, each.of_therapist))
    if hold.since is not None:
        parts.append(at >= hold.since)
    if hold.until is not None:
        parts.append(at < hold.until)
    return and_(*parts)


def _either(column: Column | None, value: str, session: Column | None, sessions: frozenset[str]) -> ColumnElement[bool]:
    if column is None and session is None:
        return true()
    parts: list[ColumnElement[bool]] = []
    if column is not None:
        parts.append(func.coalesce(column == value, false()))
    if session is not None:
        parts.append(func.coalesce(session.in_(sorted(sessions)), false()) if sessions else false())
    return or_(*parts)
