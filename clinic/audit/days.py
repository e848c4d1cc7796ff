"""How many events of each kind there were on each day (UTC), and who had access to anything: counted in the transaction
that keeps the events.

What the log says is in its events, and only they are signed: these counts are what a report would add up each time,
from millions. `miscounted` compares the two. Not here: the reports (`reports.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, func, literal_column, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.audit.events import KINDS, Event
from clinic.audit.tables import DayActorRow, DayRow, EventRow
from clinic.columns import milliseconds

DAY_MS = 86_400_000

DAY = type_coerce(EventRow.at, BigInteger) // literal_column(str(DAY_MS))
"""Of an event: days since 1970."""

ACCESS: Final = tuple(
    kind
    for kind in KINDS
    if kind.endswith((".view", ".export", ".list", ".delete"))
    or kind in ("recording.compose", "recording.verify", "recording.hold", "record.delete", "account.break_glass")
)
"""Kinds that say that somebody saw, took or changed what is kept."""

Counted = tuple[int, str, int]
"""A day, a kind, how many."""


async def count_in(session: AsyncSession, events: Sequence[Event]) -> None:
    """By whoever holds the head's lock: nobody else counts meanwhile."""
    counted = Counter((milliseconds(event.at) // DAY_MS, event.kind) for event in events)
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(DayRow.__table__)
    added = statement.on_conflict_do_update(
        index_elements=["day", "kind"], set_={"count": DayRow.__table__.c.count + statement.excluded["count"]}
    )
    rows = [{"day": day, "kind": kind, "count": count} for (day, kind), count in counted.items()]
    await session.execute(added, rows)
    had = {
        (milliseconds(event.at) // DAY_MS, event.actor_kind, event.actor) for event in events if event.kind in ACCESS
    }
    if had:
        known = insert(DayActorRow.__table__).on_conflict_do_nothing()
        await session.execute(known, [dict(zip(("day", "actor_kind", "actor"), each, strict=True)) for each in had])


async def counts(session: AsyncSession, since: float, until: float) -> list[Counted]:
    """Of [since, until). Whole days are in the counts; what is left of the first and the last one is counted now."""
    first, last = milliseconds(since), milliseconds(until)
    begin, end = -(-first // DAY_MS), last // DAY_MS
    if begin >= end:
        return await _counted_now(session, since, until)
    kept = select(DayRow.day, DayRow.kind, DayRow.count).where(DayRow.day >= begin, DayRow.day < end)
    found = [(int(row[0]), str(row[1]), int(row[2])) for row in await session.execute(kept)]
    if first < begin * DAY_MS:
        found += await _counted_now(session, since, begin * DAY_MS / 1000)
    if end * DAY_MS < last:
        found += await _counted_now(session, end * DAY_MS / 1000, until)
    return found


async def who_had_access(
    session: AsyncSession, since: float, until: float, actor: str | None = None
) -> list[tuple[str, str]]:
    """Kinds and ids of actors, in order, who had any on these days; perhaps not in these hours."""
    first, last = milliseconds(since) // DAY_MS, milliseconds(until) // DAY_MS
    who = (DayActorRow.actor_kind, DayActorRow.actor)
    query = select(*who).where(DayActorRow.day >= first, DayActorRow.day <= last).distinct().order_by(*who)
    if actor is not None:
        query = query.where(DayActorRow.actor == actor)
    return [(str(row[0]), str(row[1])) for row in await session.execute(query)]


async def miscounted(session: AsyncSession) -> list[int]:
    """Days, since 1970, of which something else was counted than there is: somebody has changed one of the two."""
    there = {
        row[:2]: row[2]
        for row in await session.execute(select(DAY, EventRow.kind, func.count()).group_by(DAY, EventRow.kind))
    }
    kept = {row[:2]: row[2] for row in await session.execute(select(DayRow.day, DayRow.kind, DayRow.count))}
    wrong = {int(key[0]) for key in there.keys() | kept.keys() if there.get(key) != kept.get(key)}
    who = (EventRow.actor_kind, EventRow.actor)
    had = select(DAY, *who).where(EventRow.kind.in_(ACCESS)).distinct()
    told = select(DayActorRow.day, DayActorRow.actor_kind, DayActorRow.actor)
    found: set[tuple[int, str, str]] = {(row[0], row[1], row[2]) for row in await session.execute(had)}
    said: set[tuple[int, str, str]] = {(row[0], row[1], row[2]) for row in await session.execute(told)}
    wrong |= {row[0] for row in found ^ said}
    return sorted(wrong)


async def _counted_now(session: AsyncSession, since: float, until: float) -> list[Counted]:
    day = DAY.label("day")
    query = (
        select(day, EventRow.kind, func.count())
        .where(EventRow.at >= since, EventRow.at < until)
        .group_by(day, EventRow.kind)
    )
    return [(int(row[0]), str(row[1]), int(row[2])) for row in await session.execute(query)]
