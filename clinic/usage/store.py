"""Usages: how long sessions really were, kept while they go on, and found again.

What is written of an ended sitting is in the sums, in the same transaction, and changes no more. Not here: sums that
are asked for (`sums.py`), what counts as a minute (`signaling/usage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, exists, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from clinic.database import Database
from clinic.errors import Unknown
from clinic.rows import as_record
from clinic.tables import Table
from clinic.usage.records import Share, Sitting, SittingPage, Span, Sum, SumKind, Wanted, WholeSitting
from clinic.usage.tables import ShareRow, SittingRow, SpanRow, SumRow

LARGEST_PAGE = 500
"""Sittings in one answer. An export asks for one page after another."""

ANY_ZONE = 15 * 3600.0
"""No day anywhere begins further from midnight of UTC: with it, an index of moments finds days."""

ADDED = ("sittings", "held", "present_ms", "two_way_ms", "video_ms")
"""What sums are of."""

T = TypeVar("T")


class Usages:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, sittings: Sequence[WholeSitting]) -> None:
        """In place of what was kept of them before. Of the spans, those that are new or longer are enough. One that has
        ended here already stays as it was."""
        async with self._database.writing() as session:
            ids = [each.sitting.id for each in sittings]
            over = await session.scalars(
                select(SittingRow.id)
                .where(SittingRow.id.in_(ids), SittingRow.ended_at.is_not(None))
                .order_by(SittingRow.id)
                .with_for_update()
            )
            ended = set(over)
            goes_on = [each for each in sittings if each.sitting.id not in ended]
            await _upsert(session, SittingRow, [_columns(each.sitting) for each in goes_on])
            await _upsert(session, ShareRow, [row for each in goes_on for row in _shares(each)])
            await _upsert(session, SpanRow, [row for each in goes_on for row in _spans(each)])
            await add_to_sums(session, [each for each in goes_on if each.sitting.ended_at is not None])

    async def assign(self, sitting: str, appointment: str) -> None:
        """Which appointment it was, if that became known later."""
        async with self._database.writing() as session:
            await session.execute(update(SittingRow).where(SittingRow.id == sitting).values(appointment=appointment))

    async def unended(self, *, before: float | None = None) -> list[WholeSitting]:
        """Whole. With `before`: those that were not looked at since then, which is to say whose server is gone."""
        query = select(SittingRow).where(SittingRow.ended_at.is_(None)).order_by(SittingRow.started_at)
        if before is not None:
            query = query.where(SittingRow.known_until < before)
        async with self._database.reading() as session:
            return await load(session, query, spans=True)

    async def get(self, sitting: str) -> WholeSitting:
        """Raises Unknown."""
        async with self._database.reading() as session:
            found = await load(session, select(SittingRow).where(SittingRow.id == sitting), spans=True)
        if not found:
            raise Unknown("there is no such sitting")
        return found[0]

    async def find(
        self,
        wanted: Wanted,
        *,
        after: tuple[float, str] | None = None,
        limit: int = LARGEST_PAGE,
        spans: bool = False,
    ) -> SittingPage:
        """The newest first, those that go on too. `after`: as the page before said."""
        query = _wanted(wanted, after).limit(limit + 1)
        async with self._database.reading() as session:
            found = await load(session, query, spans=spans)
        more = found[limit:]
        last = found[limit - 1].sitting if more else None
        return SittingPage(tuple(found[:limit]), (last.started_at, last.id) if last is not None else None)


def _wanted(wanted: Wanted, after: tuple[float, str] | None) -> Select[SittingRow]:
    """In order. Where a person is given, their shares lead to the sittings: of many sittings few are theirs."""
    query = select(SittingRow)
    began: Any = SittingRow.started_at
    place: Any = SittingRow.id
    leads = next(((p, r) for p, r in ((wanted.patient, "patient"), (wanted.therapist, "therapist")) if p), None)
    if leads is not None:
        began, place = ShareRow.started_at, ShareRow.sitting_id
        query = query.join(ShareRow, ShareRow.sitting_id == SittingRow.id)
        query = query.where(ShareRow.person == leads[0], ShareRow.role == leads[1])
    if wanted.patient and wanted.therapist:
        other = aliased(ShareRow)
        both = (other.sitting_id == SittingRow.id, other.person == wanted.therapist, other.role == "therapist")
        query = query.where(exists().where(*both))
    if wanted.session is not None:
        query = query.where(SittingRow.session == wanted.session)
    if wanted.first_day is not None:
        query = query.where(SittingRow.day >= wanted.first_day, began >= _midnight(wanted.first_day) - ANY_ZONE)
    if wanted.last_day is not None:
        end = _midnight(wanted.last_day) + 86_400 + ANY_ZONE
        query = query.where(SittingRow.day <= wanted.last_day, began < end)
    if after is not None:
        # with the columns' own types: a moment is kept in milliseconds
        values = literal(after[0], began.type), literal(after[1], place.type)
        query = query.where(tuple_(began, place) < tuple_(*values))
    return query.order_by(began.desc(), place.desc())


def _midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


async def load(session: AsyncSession, query: Select[SittingRow], *, spans: bool) -> list[WholeSitting]:
    rows = list(await session.scalars(query))
    ids = [row.id for row in rows]
    shares = _by_sitting(
        await session.scalars(
            select(ShareRow).where(ShareRow.sitting_id.in_(ids)).order_by(ShareRow.came_at, ShareRow.person)
        )
    )
    listed = _by_sitting(
        await session.scalars(
            select(SpanRow).where(SpanRow.sitting_id.in_(ids)).order_by(SpanRow.person, SpanRow.number)
        )
        if spans
        else []
    )
    return [
        WholeSitting(
            as_record(Sitting, row),
            tuple(as_record(Share, each) for each in shares.get(row.id, ())),
            tuple(as_record(Span, each) for each in listed.get(row.id, ())),
        )
        for row in rows
    ]


def _by_sitting(rows: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row.sitting_id, []).append(row)  # type: ignore[attr-defined]
    return found


def _columns(record: Sitting) -> dict[str, Any]:
    return dict(vars(record))


def _shares(whole: WholeSitting) -> list[dict[str, Any]]:
    sitting = whole.sitting
    return [vars(share) | {"sitting_id": sitting.id, "started_at": sitting.started_at} for share in whole.shares]


def _spans(whole: WholeSitting) -> list[dict[str, Any]]:
    return [vars(span) | {"sitting_id": whole.sitting.id} for span in whole.spans]


async def add_to_sums(session: AsyncSession, ended: Sequence[WholeSitting], times: int = 1) -> None:
    """Always in the same order, so that two servers that do it at once cannot wait for each other. `times`: -1 takes
    them out."""
    sums: dict[tuple[SumKind, str, str], Sum] = {}
    for each in ended:
        for kind, part in parts(each):
            key = (kind, part.who, each.sitting.day)
            sums[key] = plus(sums[key], part) if key in sums else part
    rows = [
        {"kind": kind, "who": who, "day": day} | {name: times * getattr(part, name) for name in ADDED}
        for (kind, who, day), part in sorted(sums.items())
    ]
    await _upsert(session, SumRow, rows, adding=ADDED)


def parts(whole: WholeSitting) -> list[tuple[SumKind, Sum]]:
    """What one ended sitting adds to which sums."""
    sitting = whole.sitting
    length = round((sitting.known_until - sitting.started_at) * 1000)
    added: list[tuple[SumKind, Sum]] = [("all", _sum("", length, sitting.two_way_ms, sitting.video_ms))]
    kinds: dict[str, SumKind] = {"therapist": "therapist", "patient": "patient"}
    for share in whole.shares:
        if share.role in kinds:
            part = _sum(share.person, share.present_ms, share.two_way_ms, share.video_ms)
            added.append((kinds[share.role], part))
    return added


def plus(one: Sum, other: Sum) -> Sum:
    return Sum(
        who=one.who,
        period=one.period,
        sittings=one.sittings + other.sittings,
        held=one.held + other.held,
        present_ms=one.present_ms + other.present_ms,
        two_way_ms=one.two_way_ms + other.two_way_ms,
        video_ms=one.video_ms + other.video_ms,
    )


def _sum(who: str, present: int, two_way: int, video: int) -> Sum:
    return Sum(who, "", 1, int(two_way > 0), present, two_way, video)


async def _upsert(
    session: AsyncSession, table: type[Table], rows: Sequence[dict[str, Any]], adding: tuple[str, ...] = ()
) -> None:
    """Each row in place of the one with its key; the columns of `adding` are added to what stands there."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table.__table__)
    keys = [column.name for column in table.__table__.primary_key]
    changed = {
        name: (table.__table__.c[name] + statement.excluded[name]) if name in adding else statement.excluded[name]
        for name in rows[0]
        if name not in keys
    }
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), list(rows))
