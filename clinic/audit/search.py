"""Searching the audit log: what happened, newest first, and in which sessions a patient was.

What is asked by patient also finds what is about a session of theirs and names no patient itself: who came as one is
in the log, as `call.join`. Each question is answered from one index by time; none reads the whole log.
Not here: the log itself (`log.py`), and what reports are made of the answers (`reports.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.audit.canonical import entry_of
from clinic.audit.records import Entry
from clinic.audit.tables import EventRow
from clinic.columns import milliseconds
from clinic.database import Database
from clinic.errors import BadValue

LARGEST_PAGE = 200

CAME = ("call.join", "call.wait")
"""What says who was in a session, and as what."""

MOST_SESSIONS = 2000
"""Sessions of one patient that are looked through, the newest: forty years of weekly ones."""

TOGETHER = 500
"""Values in one question: databases have a limit."""

Place = tuple[float, int]
"""Of an event: its time and its number, in the order in which they are found."""


@dataclass(frozen=True)
class Wanted:
    """All that is given must hold. Times are seconds since 1970; `until` is not in it."""

    kinds: tuple[str, ...] = ()
    actor: str | None = None
    session: str | None = None
    patient: str | None = None
    subject: str | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class Found:
    entries: tuple[Entry, ...]
    next: str | None
    """For `after`; None: that was all."""


class Search:
    """Reads the log's database, and never changes it. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, wanted: Wanted, *, after: str | None = None, limit: int = 50) -> Found:
        """The newest first. Raises BadValue for a cursor that is none."""
        limit = max(1, min(limit, LARGEST_PAGE))
        older = _older(after)
        async with self._database.reading() as session:
            places = await _places(session, wanted, older, limit + 1)
            entries = await _entries(session, places[:limit])
        at, seq = places[limit - 1] if len(places) > limit else (0.0, 0)
        return Found(entries, f"{milliseconds(at)}.{seq}" if len(places) > limit else None)

    async def newest(self, wanted: Wanted, most: int) -> tuple[Entry, ...]:
        """So many at once, for a report."""
        async with self._database.reading() as session:
            return await _entries(session, await _places(session, wanted, [], most))


async def _entries(session: AsyncSession, places: Sequence[Place]) -> tuple[Entry, ...]:
    bodies: dict[int, str] = {}
    for start in range(0, len(places), TOGETHER):
        wanted = [seq for _, seq in places[start : start + TOGETHER]]
        query = select(EventRow.seq, EventRow.body).where(EventRow.seq.in_(wanted))
        bodies |= {row.seq: row.body for row in await session.execute(query)}
    return tuple(entry_of(bodies[seq]) for _, seq in places)


async def _places(
    session: AsyncSession, wanted: Wanted, older: Sequence[ColumnElement[bool]], most: int
) -> Sequence[Place]:
    if wanted.patient is None:
        return await _newest(session, wanted, older, most)
    places = set(await _newest(session, wanted, older, most))
    around = replace(wanted, patient=None)
    if wanted.session is not None:
        theirs = wanted.session in await sessions_of(session, wanted.patient)
        some = [NOBODYS] if theirs else None
        found = [] if some is None else await _newest(session, around, [*older, *some], most)
        return sorted({*places, *found}, reverse=True)[:most]
    for names in chunks(await sessions_of(session, wanted.patient)):
        of_sessions = [EventRow.session.in_(names), NOBODYS]
        places |= set(await _newest(session, around, [*older, *of_sessions], most, by_session=True))
    return sorted(places, reverse=True)[:most]


async def _newest(
    session: AsyncSession,
    wanted: Wanted,
    more: Sequence[ColumnElement[bool]],
    most: int,
    *,
    by_session: bool = False,
) -> Sequence[Place]:
    """By the index that finds the fewest, whatever the database thinks; by kind, each kind for itself."""
    by = "session" if by_session else leading(wanted)
    kinds: Sequence[tuple[str, ...]] = [(kind,) for kind in wanted.kinds] if by in ("actor", "kind", "at") else ()
    places: list[Place] = []
    for some in kinds or [wanted.kinds]:
        query = (
            select(EventRow.at, EventRow.seq)
            .where(*conditions(replace(wanted, kinds=some), by), *more)
            .order_by(EventRow.at.desc(), EventRow.seq.desc())
            .limit(most)
        )
        places += [(row.at, row.seq) for row in await session.execute(query)]
    return sorted(places, reverse=True)[:most]


def leading(wanted: Wanted) -> str:
    """The column whose index finds the fewest events."""
    for name in ("subject", "session", "patient", "actor"):
        if getattr(wanted, name) is not None:
            return name
    return "kind" if wanted.kinds else "at"


def conditions(wanted: Wanted, by: str) -> list[ColumnElement[bool]]:
    """With `by` as what is found by index, and the rest (but times) as what is looked at in what was found."""
    found: list[ColumnElement[bool]] = []
    if wanted.kinds:
        kind: Any = EventRow.kind if by in ("kind", "actor", "at") else as_it_is(EventRow.kind)
        found.append(kind == wanted.kinds[0] if len(wanted.kinds) == 1 else kind.in_(wanted.kinds))
    for name in ("actor", "session", "patient", "subject"):
        value, column = getattr(wanted, name), getattr(EventRow, name)
        if value is not None:
            found.append((column if by == name else as_it_is(column)) == value)
    if wanted.since is not None:
        found.append(EventRow.at >= wanted.since)
    if wanted.until is not None:
        found.append(EventRow.at < wanted.until)
    return found


async def sessions_of(session: AsyncSession, patient: str) -> list[str]:
    """The sessions that somebody came to as a patient, the newest first."""
    query = (
        select(EventRow.session)
        .where(EventRow.patient == patient, as_it_is(EventRow.kind).in_(CAME), EventRow.session.is_not(None))
        .order_by(EventRow.at.desc(), EventRow.seq.desc())
        .limit(4 * MOST_SESSIONS)  # whoever waits has come too, and some come twice
    )
    names = [name for name in await session.scalars(query) if name is not None]
    return list(dict.fromkeys(names))[:MOST_SESSIONS]


async def patients_of(session: AsyncSession, sessions: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Who came to each of these sessions as a patient."""
    found: dict[str, set[str]] = {}
    for some in chunks(sorted(set(sessions))):
        query = (
            select(EventRow.session, EventRow.patient)
            .where(EventRow.session.in_(some), EventRow.patient.is_not(None), as_it_is(EventRow.kind).in_(CAME))
            .distinct()
        )
        for name, patient in await session.execute(query):
            found.setdefault(name or "", set()).add(patient or "")
    return {name: tuple(sorted(patients)) for name, patients in found.items()}


def chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + TOGETHER] for at in range(0, len(values), TOGETHER))


def as_it_is(column: ColumnElement[str] | object) -> ColumnElement[str]:
    """A column that no index is looked through for: without figures about the rows, which a new database lacks, the
    wrong index is taken as readily as the right one."""
    joined: ColumnElement[str] = column + ""  # type: ignore[operator]
    return joined


NOBODYS = as_it_is(EventRow.patient).is_(None)
"""Names no patient."""


def _older(after: str | None) -> list[ColumnElement[bool]]:
    """Events behind this place. Raises BadValue."""
    if after is None:
        return []
    moment, _, number = after.partition(".")
    if not (after.isascii() and moment.isdecimal() and number.isdecimal() and len(moment) <= 15 and len(number) <= 18):
        raise BadValue("a cursor that is none")
    at, seq = int(moment) / 1000, int(number)
    milliseconds(at)
    return [EventRow.at <= at, or_(EventRow.at < at, and_(EventRow.at == at, EventRow.seq < seq))]
