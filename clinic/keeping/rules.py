"""Rules: how long each kind of record is kept. Whoever changed one, and when, stays known.

Not here: what goes when its time is over (`kinds.py`), and the defaults that settings give (`therabook`).
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from clinic.database import Database
from clinic.errors import BadValue, Unknown
from clinic.keeping.kinds import KINDS, LONGEST
from clinic.keeping.records import RetentionRule
from clinic.keeping.tables import RetentionRuleRow
from clinic.rows import as_record, as_row

DAY = 86_400.0


class TooShort(BadValue):
    """The law, or what is found by these records, wants them to be kept longer. `str()` says how long."""


class RetentionRules:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database, defaults: Mapping[str, int | None] | None = None) -> None:
        """`defaults`: days by kind, in place of those of `KINDS`. Raises BadValue where they are too short."""
        self._database = database
        self.defaults = {name: kind.default_days for name, kind in KINDS.items()} | dict(defaults or {})
        for name, days in self.defaults.items():
            check_days(name, days)
            check_together(self.defaults, name)

    async def days(self) -> dict[str, int | None]:
        """By kind, as of now. None: for ever."""
        return self.defaults | {name: rule.days for name, rule in (await self.changed()).items()}

    async def changed(self) -> dict[str, RetentionRule]:
        """The newest rule of each kind for which somebody has made one."""
        newest = select(func.max(RetentionRuleRow.id)).group_by(RetentionRuleRow.kind)
        query = select(RetentionRuleRow).where(RetentionRuleRow.id.in_(newest))
        async with self._database.reading() as session:
            return {row.kind: as_record(RetentionRule, row) for row in await session.scalars(query)}

    async def versions(self, kind: str, limit: int = 100) -> list[RetentionRule]:
        """Newest first. Raises Unknown."""
        if kind not in KINDS:
            raise Unknown("there is no such kind of record")
        query = select(RetentionRuleRow).where(RetentionRuleRow.kind == kind).order_by(RetentionRuleRow.id.desc())
        async with self._database.reading() as session:
            return [as_record(RetentionRule, row) for row in await session.scalars(query.limit(limit))]

    async def check(self, rule: RetentionRule) -> None:
        """Raises Unknown for a kind that is none, TooShort."""
        check_days(rule.kind, rule.days)
        check_together((await self.days()) | {rule.kind: rule.days}, rule.kind)

    async def change(self, rule: RetentionRule) -> None:
        """From now on. Raises as `check`."""
        await self.check(rule)
        async with self._database.writing() as session:
            session.add(as_row(RetentionRuleRow, rule))


def check_days(kind: str, days: int | None) -> None:
    """Raises Unknown, TooShort, BadValue."""
    known = KINDS.get(kind)
    if known is None:
        raise Unknown("there is no such kind of record")
    if days is None:
        return
    if days > LONGEST:
        raise BadValue(f"more than {LONGEST} days; say that they are kept for ever")
    if days < known.minimum_days:
        raise TooShort(f"{kind} are kept for at least {known.minimum_days} days")


def check_together(days: Mapping[str, int | None], changed: str) -> None:
    """What is found by another kind must not outlive it. Raises TooShort."""
    for kind in KINDS.values():
        mine = days[kind.name]
        if mine is None or changed not in (kind.name, *kind.as_long_as):
            continue
        for name in kind.as_long_as:
            other = days[name]
            if other is None or other > mine:
                longer = "for ever" if other is None else f"for {other} days"
                raise TooShort(f"{kind.name} must be kept as long as {name} are, {longer}")


def before(days: int | None, now: float) -> float | None:
    """Records from before this time are to go. None: nothing goes."""
    return None if days is None else max(0.0, now - days * DAY)
