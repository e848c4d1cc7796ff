"""Reports: who had access to what of whom, by patient, by member of staff, by period; and lists of what matters."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from clinic import BadValue
from clinic.audit import reports as made
from clinic.audit.days import ACCESS
from clinic.audit.events import KINDS, Event
from clinic.audit.log import AuditLog
from clinic.audit.reports import EXPORTS, LISTED, NAMES, Reports

DAY = 86_400.0
START = 20_000 * DAY
"""The first moment of 2024-10-04, UTC."""


def event(at: float, kind: str, actor: str = "t-1", **more: Any) -> Event:
    return Event(kind, START + at, more.pop("actor_kind", "staff"), actor, **more)


def came(at: float, session: str, *patients: str) -> list[Event]:
    return [
        event(at, "call.join", "t-1", session=session),
        *(event(at + 1, "call.join", each, actor_kind="link", session=session, patient=each) for each in patients),
    ]


EVENTS = [
    *came(0, "s-1", "p-1"),
    *came(10, "s-2", "p-1", "p-2"),
    event(100, "recording.view", "t-1", session="s-1", subject="r-1"),
    event(200, "recording.view", "t-1", session="s-1", subject="r-1"),
    event(300, "recording.view", "t-2", session="s-2", subject="r-2"),
    event(400, "note.view", "t-2", patient="p-2", subject="n-1"),
    event(500, "recording.export", "t-2", session="s-3", subject="r-3"),
    event(600, "account.fail", "unknown", actor_kind="link", details={"code": "wrong"}),
    event(DAY + 1, "account.break_glass", "t-2", details={"reason": "=cmd"}),
    event(DAY + 2, "record.delete", "a-1", patient="p-2"),
    event(DAY + 3, "recording.view", "t-1", session="s-1", subject="r-1"),
]


@pytest.fixture
async def reports(log: AuditLog) -> Reports:
    await log.append(EVENTS)
    return Reports(log.database)


async def made_up(reports: Reports, name: Any, until: float = 2 * DAY, **more: Any) -> list[tuple[Any, ...]]:
    report = await reports.make(name, since=START, until=START + until, **more)
    assert report.complete
    assert all(len(row) == len(report.columns) for row in report.rows)
    return list(report.rows)


async def test_by_period_each_kind_is_counted_day_by_day(reports: Reports) -> None:
    assert await made_up(reports, "days") == [
        ("2024-10-04", "account.fail", 1),
        ("2024-10-04", "call.join", 5),
        ("2024-10-04", "note.view", 1),
        ("2024-10-04", "recording.export", 1),
        ("2024-10-04", "recording.view", 3),
        ("2024-10-05", "account.break_glass", 1),
        ("2024-10-05", "record.delete", 1),
        ("2024-10-05", "recording.view", 1),
    ]


async def test_by_patient_who_had_to_do_with_what_is_kept_of_them(reports: Reports) -> None:
    rows = await made_up(reports, "patient", patient="p-1")
    assert [row[:4] for row in rows] == [
        ("link", "p-1", "call.join", 2),
        ("staff", "t-1", "call.join", 2),
        ("staff", "t-1", "recording.view", 3),
        ("staff", "t-2", "recording.view", 1),
    ]
    assert rows[2][4:] == ("2024-10-04T00:01:40.000Z", "2024-10-05T00:00:03.000Z")
    rows = await made_up(reports, "patient", until=150, patient="p-1")
    assert [row[:4] for row in rows][-1] == ("staff", "t-1", "recording.view", 1)


async def test_by_member_of_staff_what_they_did_and_about_whom(reports: Reports) -> None:
    rows = await made_up(reports, "staff", actor="t-2")
    assert [row[:3] for row in rows] == [
        ("account.break_glass", "", 1),
        ("note.view", "p-2", 1),
        ("recording.export", "", 1),
        ("recording.view", "p-1", 1),
        ("recording.view", "p-2", 1),
    ]


async def test_who_had_access_to_what_of_whom(reports: Reports) -> None:
    rows = await made_up(reports, "access")
    assert [row[:5] for row in rows] == [
        ("staff", "a-1", "p-2", "record.delete", 1),
        ("staff", "t-1", "p-1", "recording.view", 3),
        ("staff", "t-2", "", "account.break_glass", 1),
        ("staff", "t-2", "", "recording.export", 1),
        ("staff", "t-2", "p-1", "recording.view", 1),
        ("staff", "t-2", "p-2", "note.view", 1),
        ("staff", "t-2", "p-2", "recording.view", 1),
    ]
    assert {row[1] for row in await made_up(reports, "access", actor="t-1")} == {"t-1"}


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("sign_ins", ["account.fail"]),
        ("exports", ["record.delete", "recording.export"]),
        ("emergency", ["account.break_glass"]),
    ],
)
async def test_lists_are_of_the_events_themselves(reports: Reports, name: Any, kinds: list[str]) -> None:
    rows = await made_up(reports, name)
    assert [row[LISTED.index("event")] for row in rows] == kinds


@pytest.mark.parametrize("name", ["patient", "staff"])
async def test_a_report_of_somebody_needs_to_know_of_whom(reports: Reports, name: Any) -> None:
    with pytest.raises(BadValue):
        await reports.make(name, since=START, until=START + DAY)


@pytest.mark.parametrize("name", ["days", "patient", "staff", "access", "exports"])
async def test_a_report_that_does_not_fit_says_so(reports: Reports, name: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "LARGEST", 1)
    who: Any = {"patient": "p-1", "actor": "t-2"} if name in ("patient", "staff") else {}
    report = await reports.make(name, since=START, until=START + 2 * DAY, **who)
    assert (len(report.rows), report.complete) == (1, False)


async def test_a_period_without_events_is_an_empty_report(reports: Reports) -> None:
    for name in NAMES:
        report = await reports.make(name, since=0.0, until=DAY, patient="p-1", actor="t-1")
        assert (report.rows, report.complete) == ((), True), name


def test_what_counts_as_access_is_known() -> None:
    """A kind that is added is looked at: it either says that somebody saw or took something, or does not."""
    assert set(ACCESS) <= set(KINDS)
    assert {kind for kind in KINDS if kind.endswith((".view", ".export"))} <= set(ACCESS)
    assert set(EXPORTS) <= set(KINDS)


async def test_a_page_has_fewer_rows_than_the_file(reports: Reports) -> None:
    name: Any
    for name, all_of_it in (("access", 7), ("sign_ins", 1), ("exports", 2)):
        period: Any = {"since": START, "until": START + 2 * DAY}
        whole = await reports.make(name, **period, most=all_of_it)
        assert (len(whole.rows), whole.complete) == (all_of_it, True), name
        part = await reports.make(name, **period, most=all_of_it - 1)
        assert (part.rows, part.complete) == (whole.rows[:-1], False), name


async def test_what_is_left_of_the_first_and_last_day_is_counted_too(reports: Reports) -> None:
    found = await reports.make("days", since=START + 150, until=START + DAY + 2)
    assert found.rows == (
        ("2024-10-04", "account.fail", 1),
        ("2024-10-04", "note.view", 1),
        ("2024-10-04", "recording.export", 1),
        ("2024-10-04", "recording.view", 2),
        ("2024-10-05", "account.break_glass", 1),
    )
    assert (await reports.make("days", since=START + 150, until=START + 250)).rows == (
        ("2024-10-04", "recording.view", 1),
    )


async def test_counts_that_somebody_has_changed_are_found(log: AuditLog) -> None:
    await log.append(EVENTS)
    assert await log.miscounted() == []
    for change in (
        "UPDATE audit_day SET count = count + 1 WHERE day = 20000",
        "DELETE FROM audit_day_actor WHERE day = 20001",
        "INSERT INTO audit_day VALUES (20002, 'note.view', 1)",
    ):
        async with log.database.writing() as session:
            await session.execute(text(change))
    assert await log.miscounted() == [20_000, 20_001, 20_002]
