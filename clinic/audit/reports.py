"""Reports: what a compliance officer asks the audit log for, each as a table.

By patient, by member of staff, by period; who could not sign in, what left the house, what was deleted, and who took
emergency access. Days are those of UTC. A report that would be longer than `LARGEST` says that it is not complete.
Not here: how a table is written as JSON or CSV (`signaling/audit`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar, get_args

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.audit.days import ACCESS, counts, who_had_access
from clinic.audit.events import KINDS
from clinic.audit.search import (
    NOBODYS,
    Search,
    Wanted,
    as_it_is,
    chunks,
    conditions,
    leading,
    patients_of,
    sessions_of,
)
from clinic.audit.tables import EventRow
from clinic.database import Database
from clinic.errors import BadValue

Cell = str | int | float | None
Key = TypeVar("Key")

Name = Literal["days", "patient", "staff", "access", "sign_ins", "exports", "emergency"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)

LARGEST = 5000
"""Rows."""

ON_PAGE = 1000
"""Rows that are read on a page, but for days. The file has all that fit."""

GROUPS = 100_000
"""Of one session, patient, kind and actor each, that a report is put together from."""

SIGN_INS: Final = ("account.fail", "account.lock", "access.refuse", "link.refuse")
EXPORTS: Final = (*(kind for kind in KINDS if kind.endswith((".export", ".delete"))), "backup.make", "retention.run")
EMERGENCY: Final = ("account.break_glass",)

LISTED = ("time", "number", "event", "actor_kind", "actor", "session", "patient", "subject", "details")


_SESSION = case((EventRow.patient.is_(None), EventRow.session), else_=None)
"""By which an event's patients are found, where it names none."""


@dataclass(frozen=True)
class Report:
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    complete: bool
    """False: there is more than fits. A shorter period has less."""


class Reports:
    """Read the log's database, and never change it. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._search = Search(database)

    async def make(
        self,
        name: Name,
        *,
        since: float,
        until: float,
        patient: str | None = None,
        actor: str | None = None,
        most: int | None = None,
    ) -> Report:
        """Of [since, until); `most`: rows, if fewer than `LARGEST` (days are never cut shorter).
        Raises BadValue where a patient or an actor is needed and not given."""
        most = LARGEST if most is None or name == "days" else min(most, LARGEST)
        report = await self._made(name, since, until, patient, actor, most)
        return replace(report, rows=report.rows[:most], complete=report.complete and len(report.rows) <= most)

    async def _made(
        self, name: Name, since: float, until: float, patient: str | None, actor: str | None, most: int
    ) -> Report:
        period = Wanted(since=since, until=until)
        match name:
            case "days":
                return await self._days(since, until)
            case "patient":
                return await self._patient(period, _given(patient, "patient"))
            case "staff":
                return await self._staff(replace(period, actor=_given(actor, "actor")), most)
            case "access":
                return await self._access(replace(period, kinds=ACCESS, actor=actor), most)
            case "sign_ins":
                return await self._list(replace(period, kinds=SIGN_INS, actor=actor), most)
            case "exports":
                return await self._list(replace(period, kinds=EXPORTS, actor=actor, patient=patient), most)
            case "emergency":
                return await self._list(replace(period, kinds=EMERGENCY, actor=actor), most)

    async def _days(self, since: float, until: float) -> Report:
        """How many events of each kind, day by day."""
        async with self._database.reading() as session:
            counted = [(_date(day), kind, count) for day, kind, count in await counts(session, since, until)]
        return _report(("day", "event", "count"), sorted(counted))

    async def _patient(self, period: Wanted, patient: str) -> Report:
        """Who had to do with what is kept of a patient: how often, from when to when."""
        groups: dict[tuple[str, str, str], list[float]] = {}
        async with self._database.reading() as session:
            wanted = replace(period, patient=patient)
            await _count(session, groups, conditions(wanted, "patient"))
            for names in chunks(await sessions_of(session, patient)):
                around = [EventRow.session.in_(names), NOBODYS, *conditions(period, "session")]
                await _count(session, groups, around)
        return _counted(groups)

    async def _staff(self, wanted: Wanted, most: int) -> Report:
        """What somebody did, and about which patients."""
        query = (
            select(
                EventRow.kind,
                EventRow.patient,
                _SESSION,
                func.count(),
                func.min(EventRow.at),
                func.max(EventRow.at),
            )
            .where(*conditions(wanted, leading(wanted)))
            .group_by(EventRow.kind, EventRow.patient, _SESSION)
            .limit(GROUPS + 1)
        )
        groups: dict[tuple[str, str], list[float]] = {}
        async with self._database.reading() as session:
            found: list[tuple[Any, ...]] = [tuple(row) for row in await session.execute(query)]
            whose = await patients_of(session, {row[2] for row in found if row[1] is None and row[2] is not None})
        for kind, patient, name, count, first, last in found:
            for each in (patient,) if patient is not None else whose.get(name, ("",)):
                _add(groups, (kind, each), count, first, last)
        rows = [
            (kind, patient, int(count), shown(first), shown(last))
            for (kind, patient), (count, first, last) in sorted(groups.items())[: most + 1]
        ]
        return _report(("event", "patient", "count", "first", "last"), rows, whole=len(found) <= GROUPS)

    async def _access(self, wanted: Wanted, most: int) -> Report:
        """Who had access to what is kept of which patient. One after the other, in order, until there are enough."""
        rows: list[tuple[Cell, ...]] = []
        whole = True
        async with self._database.reading() as session:
            people = await who_had_access(session, wanted.since or 0.0, wanted.until or 0.0, wanted.actor)
            for actor_kind, actor in people:
                groups, fits = await _access_of(session, replace(wanted, actor=actor), actor_kind)
                whole = whole and fits
                for (patient, kind), (count, first, last) in sorted(groups.items()):
                    rows.append((actor_kind, actor, patient, kind, int(count), shown(first), shown(last)))
                if len(rows) > most:
                    break
        columns = ("actor_kind", "actor", "patient", "event", "count", "first", "last")
        return _report(columns, rows, whole=whole)

    async def _list(self, wanted: Wanted, most: int) -> Report:
        """The events themselves, newest first."""
        rows: list[tuple[Cell, ...]] = []
        for entry in await self._search.newest(wanted, most + 1):
            event = entry.event
            details = json.dumps(dict(event.details), sort_keys=True) if event.details else ""
            rows.append(
                (
                    shown(event.at),
                    entry.seq,
                    event.kind,
                    event.actor_kind,
                    event.actor,
                    event.session,
                    event.patient,
                    event.subject,
                    details,
                )
            )
        return _report(LISTED, rows)


async def _access_of(
    session: AsyncSession, wanted: Wanted, actor_kind: str
) -> tuple[dict[tuple[str, str], list[float]], bool]:
    """By patient and kind; False: there was too much."""
    query = (
        select(EventRow.kind, EventRow.patient, _SESSION, func.count(), func.min(EventRow.at), func.max(EventRow.at))
        .where(
            *conditions(replace(wanted, kinds=()), "actor"),
            as_it_is(EventRow.kind).in_(wanted.kinds),
            as_it_is(EventRow.actor_kind) == actor_kind,
        )
        .group_by(EventRow.kind, EventRow.patient, _SESSION)
        .limit(GROUPS + 1)
    )
    found: list[tuple[Any, ...]] = [tuple(row) for row in await session.execute(query)]
    whose = await patients_of(session, {row[2] for row in found if row[2] is not None})
    groups: dict[tuple[str, str], list[float]] = {}
    for kind, patient, name, count, first, last in found:
        for each in (patient,) if patient is not None else whose.get(name or "", ("",)):
            _add(groups, (each, kind), count, first, last)
    return groups, len(found) <= GROUPS


async def _count(
    session: AsyncSession, groups: dict[tuple[str, str, str], list[float]], where: Sequence[ColumnElement[bool]]
) -> None:
    query = (
        select(
            EventRow.actor_kind,
            EventRow.actor,
            EventRow.kind,
            func.count(),
            func.min(EventRow.at),
            func.max(EventRow.at),
        )
        .where(*where)
        .group_by(EventRow.actor_kind, EventRow.actor, EventRow.kind)
        .limit(LARGEST + 1)
    )
    for actor_kind, actor, kind, count, first, last in await session.execute(query):
        _add(groups, (actor_kind, actor, kind), count, first, last)


def _add(groups: dict[Key, list[float]], key: Key, count: int, first: float, last: float) -> None:
    known = groups.setdefault(key, [0, first, last])
    known[0] += count
    known[1], known[2] = min(known[1], first), max(known[2], last)


def _counted(groups: dict[tuple[str, str, str], list[float]]) -> Report:
    rows = [(*key, int(count), shown(first), shown(last)) for key, (count, first, last) in sorted(groups.items())]
    return _report(("actor_kind", "actor", "event", "count", "first", "last"), rows)


def _report(columns: tuple[str, ...], rows: Sequence[tuple[Cell, ...]], *, whole: bool = True) -> Report:
    return Report(columns, tuple(rows[:LARGEST]), whole and len(rows) <= LARGEST)


def _given(value: str | None, name: str) -> str:
    if value is None:
        raise BadValue(f"this report needs {name}")
    return value


def shown(at: float) -> str:
    """In UTC, to the millisecond."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d")
