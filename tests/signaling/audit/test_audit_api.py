"""The audit log over HTTP: searched, reported on, proven and exported; and that all of this is in it too."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clinic.audit.reports import NAMES
from signaling import messages as m
from tests.signaling.audited import Written, written
from tests.signaling.server import API_KEY, Server, a_server

KEY = {"Authorization": f"Bearer {API_KEY}"}
FORMULA = "=HYPERLINK(1)"


@dataclass(frozen=True)
class Answered:
    status: int
    kind: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def rows(self) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.text, newline="")))


class Office:
    """A server on which somebody was, and its log."""

    def __init__(self, server: Server, log: Written) -> None:
        self.server = server
        self.log = log

    async def gets(self, path: str, query: Mapping[str, Any] | None = None, *, key: bool = True) -> Answered:
        sent = KEY if key else {}
        async with self.server.http.get(
            f"{self.server.url}/api/audit{path}", headers=sent, params=query or {}
        ) as answer:
            return Answered(answer.status, answer.content_type, await answer.text())

    async def finds(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.gets("/events", query)
        assert answer.status == 200, answer.text
        events: list[dict[str, Any]] = answer.json["events"]
        return events


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with a_server(tmp_path) as server, written(tmp_path) as log:
        therapist = await server.joined("therapist", user=FORMULA, jti="token-of-therapist")
        patient = await server.joined("patient", user="p-1")
        for each in (patient, therapist):
            await each.says(m.Leave())
            await each.closed()
        await log.until("call.leave", count=2)
        yield Office(server, log)


async def test_events_are_found_by_what_they_are_about(office: Office) -> None:
    found = await office.finds(kind="call.join,call.wait,call.leave")
    assert [(each["kind"], each["actor"]) for each in found] == [
        ("call.leave", FORMULA),
        ("call.leave", "p-1"),
        ("call.wait", "p-1"),
        ("call.join", "p-1"),
        ("call.join", FORMULA),
    ]
    assert found[0]["details"] == {"role": "therapist", "why": "left"}
    assert [each["kind"] for each in await office.finds(actor="p-1", kind="call.wait")] == ["call.wait"]
    by_patient = [each["kind"] for each in await office.finds(patient="p-1", kind="call.join")]
    assert by_patient == ["call.join", "call.join"], "that of the therapist belongs to the same session"
    assert await office.finds(session="elsewhere", kind="call.join") == []
    began, ended = found[-1]["at"], found[0]["at"]
    assert len(await office.finds(kind="call.join,call.leave", since=began, until=ended)) == 3


async def test_pages_follow_each_other(office: Office) -> None:
    seen, after = list[int](), None
    while True:
        query: dict[str, Any] = {"kind": "call.join,call.leave,call.wait", "limit": 2} | (
            {"after": after} if after else {}
        )
        page = (await office.gets("/events", query)).json
        seen += [each["seq"] for each in page["events"]]
        after = page["next"]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "call.dance"},
        {"since": "nan"},
        {"until": "-1"},
        {"since": "1e99"},
        {"limit": "0"},
        {"limit": "201"},
        {"after": "x"},
        {"actor": "a" * 201},
        {"actor": "\x00"},
        {"colour": "red"},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_refused(office: Office, query: dict[str, str]) -> None:
    answer = await office.gets("/events", query)
    assert (answer.status, answer.json["code"]) == (400, "bad_request")


PATHS = (
    "/events",
    *(f"/reports/{name}" for name in NAMES),
    *(f"/reports/{name}.csv" for name in NAMES),
    "/head",
    "/proof/0",
    "/consistency",
    "/export",
    "/export.csv",
)


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_without_a_key_reads_any_of_it(office: Office, path: str) -> None:
    before = len(await office.log.events("audit."))
    answer = await office.gets(path, {"since": 0, "until": 1}, key=False)
    assert (answer.status, answer.json["code"]) == (401, "sign_in_needed")
    assert len(await office.log.events("audit.")) == before


async def test_whoever_looks_is_in_the_log_first(office: Office) -> None:
    await office.finds(patient="p-1")
    now = office.server.clock.clock.wall()
    await office.gets("/reports/days", {"since": now - 100, "until": now + 100})
    await office.gets("/export")
    seen = await office.log.events("audit.")
    assert [(each.kind, each.actor_kind, each.actor, each.patient) for each in seen] == [
        ("audit.view", "key", "settings", "p-1"),
        ("audit.view", "key", "settings", None),
        ("audit.export", "key", "settings", None),
    ]
    assert [each.details.get("what") for each in seen] == ["events", "days", None]


async def test_reports_are_tables(office: Office) -> None:
    now = office.server.clock.clock.wall()
    period: dict[str, Any] = {"since": now - 86_400, "until": now + 86_400}
    for name in NAMES:
        who = {"patient": "p-1", "actor": FORMULA} if name in ("patient", "staff") else {}
        answer = await office.gets(f"/reports/{name}", period | who)
        assert answer.status == 200, name
        assert all(len(row) == len(answer.json["columns"]) for row in answer.json["rows"])
        sheet = await office.gets(f"/reports/{name}.csv", period | who)
        assert (sheet.status, sheet.kind) == (200, "text/csv")
        assert sheet.rows[0] == answer.json["columns"]
    counted = (await office.gets("/reports/days", period)).json["rows"]
    assert {kind: count for _, kind, count in counted}["call.join"] == 2


async def test_no_cell_of_a_sheet_is_a_formula(office: Office) -> None:
    now = office.server.clock.clock.wall()
    answer = await office.gets("/reports/patient.csv", {"since": now - 100, "until": now + 100, "patient": "p-1"})
    assert f"'{FORMULA}" in {row[1] for row in answer.rows}
    answers = [answer, await office.gets("/export.csv")]
    cells = [cell for each in answers for row in each.rows for cell in row]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/reports/nothing", {"since": 0, "until": 1}, 404, "not_found"),
        ("/reports/days", {"since": 5, "until": 5}, 400, "bad_request"),
        ("/reports/days", {"since": 0, "until": 401 * 86_400}, 400, "bad_request"),
        ("/reports/days", {}, 400, "bad_request"),
        ("/reports/patient", {"since": 0, "until": 1}, 400, "bad_request"),
        ("/proof/99999999", {}, 404, "not_found"),
        ("/proof/" + "9" * 40, {}, 404, "not_found"),
        ("/consistency", {"old": 5, "new": 2}, 404, "not_found"),
        ("/consistency", {}, 400, "bad_request"),
        ("/export", {"first": 99_999_999}, 404, "not_found"),
        ("/export", {"first": 3, "last": 1}, 404, "not_found"),
    ],
    ids=str,
)
async def test_what_is_not_there_is_refused(
    office: Office, path: str, query: dict[str, Any], status: int, code: str
) -> None:
    answer = await office.gets(path, query)
    assert (answer.status, answer.json["code"]) == (status, code)


async def test_the_head_grows_and_each_goes_on_from_the_one_before(office: Office) -> None:
    first = (await office.gets("/head")).json
    second = (await office.gets("/head")).json
    assert second["size"] > first["size"]
    assert f"\n{second['size']}\n{second['root']}\n" in second["note"]
    proof = (await office.gets("/consistency", {"old": first["size"], "new": second["size"]})).json
    assert (proof["old"], proof["new"]) == (first["size"], second["size"])
    assert all(len(base64.b64decode(each)) == 32 for each in proof["path"])
    shown = (await office.gets("/proof/0")).json
    assert shown["event"].startswith('{"seq":0,')
    assert json.loads(shown["proof"])["event"] == shown["event"]


async def test_an_export_holds_every_event(office: Office) -> None:
    answer = await office.gets("/export")
    assert (answer.status, answer.kind) == (200, "application/x-ndjson")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    events = [line for line in lines if "seq" in line]
    assert [each["seq"] for each in events] == list(range(len(events)))
    assert {"call.join", "call.leave"} <= {each["kind"] for each in events}
    sheet = await office.gets("/export.csv", {"first": 1, "last": 4})
    assert [row[0] for row in sheet.rows[1:]] == ["1", "2", "3"]
