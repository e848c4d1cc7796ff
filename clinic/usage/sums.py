"""Sums of ended sittings, by person and by month, read from the sums of days.

Not here: how days come to be summed up (`store.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, exists, func, literal_column, select
from sqlalchemy.orm import aliased

from clinic.database import Database
from clinic.usage.records import Sum, SumKind
from clinic.usage.tables import ShareRow, SittingRow, SumRow

LARGEST_SUMS = 5_000
"""People in one report."""

_ADDED = (
    func.sum(SumRow.sittings),
    func.sum(SumRow.held),
    func.sum(SumRow.present_ms),
    func.sum(SumRow.two_way_ms),
    func.sum(SumRow.video_ms),
)


class UsageSums:
    """Each method is one transaction. All raise Unavailable, and BadValue. Days are YYYY-MM-DD, both included."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_month(self, kind: SumKind, who: str, first_day: str, last_day: str) -> list[Sum]:
        """Of one person (or all, `who` empty), the oldest month first."""
        month = _month(SumRow.day)
        query = (
            select(month, *_ADDED)
            .where(SumRow.kind == kind, SumRow.who == who, SumRow.day >= first_day, SumRow.day <= last_day)
            .group_by(month)
            .order_by(month)
        )
        async with self._database.reading() as session:
            return [_sum(who, row[0], row[1:]) for row in await session.execute(query)]

    async def by_person(
        self,
        kind: SumKind,
        first_day: str,
        last_day: str,
        who: str | None = None,
        *,
        after: str = "",
        limit: int = LARGEST_SUMS,
    ) -> list[Sum]:
        """Of each person in these days, by their ids, those behind `after`; or of one."""
        query = (
            select(SumRow.who, *_ADDED)
            .where(SumRow.kind == kind, SumRow.who > after, SumRow.day >= first_day, SumRow.day <= last_day)
            .group_by(SumRow.who)
            .order_by(SumRow.who)
            .limit(limit)
        )
        if who is not None:
            query = query.where(SumRow.who == who)
        async with self._database.reading() as session:
            return [_sum(row[0], "", row[1:]) for row in await session.execute(query)]

    async def of_patient_with(self, patient: str, therapist: str, first_day: str, last_day: str) -> list[Sum]:
        """By month, of the patient's sittings with one therapist."""
        month = _month(SittingRow.day)
        other = aliased(ShareRow)
        theirs = exists().where(
            other.sitting_id == ShareRow.sitting_id, other.person == therapist, other.role == "therapist"
        )
        query = (
            select(
                month,
                func.count(),
                func.sum(case((ShareRow.two_way_ms > 0, 1), else_=0)),
                func.sum(ShareRow.present_ms),
                func.sum(ShareRow.two_way_ms),
                func.sum(ShareRow.video_ms),
            )
            .join(SittingRow, SittingRow.id == ShareRow.sitting_id)
            .where(ShareRow.person == patient, ShareRow.role == "patient", SittingRow.ended_at.is_not(None))
            .where(SittingRow.day >= first_day, SittingRow.day <= last_day, theirs)
            .group_by(month)
            .order_by(month)
        )
        async with self._database.reading() as session:
            return [_sum(patient, row[0], row[1:]) for row in await session.execute(query)]


def _month(day: Any) -> Any:
    # literal: PostgreSQL takes two parameters for two different expressions, and then it is not what is grouped by
    return func.substr(day, literal_column("1"), literal_column("7"))


def _sum(who: str, period: str, numbers: Sequence[Any]) -> Sum:
    sittings, held, present, two_way, video = map(int, numbers)
    return Sum(who, period, sittings, held, present, two_way, video)
