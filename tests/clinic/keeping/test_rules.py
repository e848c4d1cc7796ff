"""How long each kind is kept: what counts, who changed it, and what the law does not allow."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from clinic import BadValue, Conflict, Database, Unknown
from clinic.keeping.kinds import KINDS, SIX_YEARS
from clinic.keeping.records import RetentionRule
from clinic.keeping.rules import RetentionRules, TooShort, before

NOW = 1_780_000_000.0


async def test_the_newest_change_counts_and_the_others_are_remembered(database: Database) -> None:
    rules = RetentionRules(database, {"quality": 30})
    assert (await rules.days())["quality"] == 30
    await rules.change(RetentionRule("quality", 10, NOW, "admin-1"))
    await rules.change(RetentionRule("quality", None, NOW + 1, "admin-2"))
    await rules.change(RetentionRule("quality", 400, NOW + 2, "admin-1"))
    assert (await rules.days())["quality"] == 400
    found = await rules.versions("quality")
    assert [(each.days, each.at, each.by) for each in found] == [
        (400, NOW + 2, "admin-1"),
        (None, NOW + 1, "admin-2"),
        (10, NOW, "admin-1"),
    ]
    assert (await rules.days())["messages"] == KINDS["messages"].default_days


@pytest.mark.parametrize("kind", ["consents", "viewings", "alerts", "audit"])
async def test_documentation_is_kept_for_six_years_whoever_wants_otherwise(database: Database, kind: str) -> None:
    rules = RetentionRules(database)
    with pytest.raises(TooShort, match="at least 2192 days"):
        await rules.change(RetentionRule(kind, SIX_YEARS - 1, NOW, "admin-1"))
    with pytest.raises(TooShort):
        RetentionRules(database, {kind: 365})
    await rules.change(RetentionRule(kind, SIX_YEARS, NOW, "admin-1"))
    assert (await rules.days())[kind] == SIX_YEARS


async def test_what_others_are_found_by_is_kept_as_long_as_they_are(database: Database) -> None:
    rules = RetentionRules(database, {"recordings": 100, "notes": 100, "usage": 100, "checkins": 100})
    with pytest.raises(TooShort, match="as long as"):
        await rules.change(RetentionRule("appointments", 99, NOW, "admin-1"))
    await rules.change(RetentionRule("appointments", 100, NOW, "admin-1"))
    with pytest.raises(TooShort, match="for ever"):
        await rules.change(RetentionRule("recordings", None, NOW, "admin-1"))
    await rules.change(RetentionRule("recordings", 50, NOW, "admin-1"))


async def test_what_is_no_kind_and_no_time_is_refused(database: Database) -> None:
    rules = RetentionRules(database)
    with pytest.raises(Unknown):
        await rules.change(RetentionRule("dreams", 10, NOW, "admin-1"))
    with pytest.raises(Unknown):
        await rules.versions("dreams")
    for days in (0, -1, 36_501):
        with pytest.raises(BadValue):
            await rules.change(RetentionRule("messages", days, NOW, "admin-1"))
    assert await rules.changed() == {}


async def test_a_change_cannot_be_changed(database: Database) -> None:
    rules = RetentionRules(database)
    await rules.change(RetentionRule("messages", 10, NOW, "admin-1"))
    for statement in ("UPDATE retention_rule SET days = 1", "DELETE FROM retention_rule"):
        with pytest.raises(Conflict):
            async with database.writing() as session:
                await session.execute(text(statement))
    assert (await rules.days())["messages"] == 10


def test_for_ever_ends_nothing() -> None:
    assert before(None, NOW) is None
    assert before(1, NOW) == NOW - 86_400
    assert before(36_500, NOW) == 0.0
