"""Alerts are kept, listed newest first, and closed once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clinic import BadValue, Conflict, Database, Unknown
from clinic.alerts.records import Alert
from clinic.alerts.store import AlertStore

ALERT = Alert("a-1", "mass_viewing", 1_780_000_000.5, "staff", "t-1", None, 40, 3600)


@pytest.fixture
def store(database: Database) -> AlertStore:
    return AlertStore(database)


async def test_an_alert_is_kept_and_closed_once(store: AlertStore) -> None:
    await store.keep(ALERT)
    assert await store.get("a-1") == ALERT
    await store.close("a-1", by="auditor-1", now=ALERT.at + 60)
    assert await store.get("a-1") == replace(ALERT, closed_at=ALERT.at + 60, closed_by="auditor-1")
    with pytest.raises(Conflict):
        await store.close("a-1", by="auditor-2", now=ALERT.at + 61)
    assert (await store.get("a-1")).closed_by == "auditor-1"
    with pytest.raises(Conflict):
        await store.keep(ALERT)


async def test_what_is_not_there_is_unknown(store: AlertStore) -> None:
    with pytest.raises(Unknown):
        await store.get("a-1")
    with pytest.raises(Unknown):
        await store.close("a-1", by="auditor-1", now=1.0)


async def test_lists_are_newest_first_page_by_page(store: AlertStore) -> None:
    for number in range(7):
        await store.keep(replace(ALERT, id=f"a-{number}", at=ALERT.at + number // 2, actor=None, session="s-1"))
    for number in (1, 4):
        await store.close(f"a-{number}", by="auditor-1", now=ALERT.at + 60)
    found: dict[bool | None, list[str]] = {}
    for open in (None, True, False):
        found[open], after = [], None
        while True:
            page = await store.find(open=open, after=after, limit=2)
            found[open] += [each.id for each in page.alerts]
            after = page.next
            if after is None:
                break
    assert found[None] == ["a-6", "a-5", "a-4", "a-3", "a-2", "a-1", "a-0"]
    assert found[True] == ["a-6", "a-5", "a-3", "a-2", "a-0"]
    assert found[False] == ["a-4", "a-1"]


@pytest.mark.parametrize("cursor", ["", "x", "1", "1.", "-1.a"])
async def test_a_cursor_that_is_none_is_refused(store: AlertStore, cursor: str) -> None:
    with pytest.raises(BadValue):
        await store.find(after=cursor)
