"""Usage over HTTP, from a database that is real: reports in each form, whose they are, codes, statements, and what the
audit log is told."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from clinic import open_database, sqlite_url
from clinic.usage.store import Usages
from signaling.api_access import ApiAccess, Caller
from signaling.audit_port import Audit
from signaling.refusals import Refused
from signaling.usage.statement import verify
from tests.clinic.usage.made_up import START, whole
from tests.signaling.server import API_KEY, Server, a_server

KEY = {"Authorization": f"Bearer {API_KEY}"}
MONTH = "month=2027-01"


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, clinic_name="Praxis Grün", clinic_address="1 High Street; Springfield") as server:
        database = open_database(sqlite_url(tmp_path / "data" / "clinic.db"))
        await Usages(database).keep(
            [
                whole("one", START, therapist="t1", patients=("p1",)),
                whole("two", START + 10_000, therapist="t2", patients=("p2", "p3"), video=0),
                whole("three", START + 20 * 86_400, therapist="t1", patients=("p1",), two_way=600_000, video=600_000),
                whole("now", START + 21 * 86_400, therapist="t1", patients=("=1+1",), ended=False),
            ]
        )
        await database.close()
        yield server


@pytest.fixture
def as_therapist(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is the therapist t1, signed in."""

    async def require(self: ApiAccess, request: Any, action: str, *, own: bool = False) -> Caller:
        if not own:
            raise Refused("not_allowed")
        return Caller("staff", "t1", roles=("therapist",), own_only=True)

    monkeypatch.setattr(ApiAccess, "require", require)


async def get(server: Server, path: str) -> tuple[int, Any]:
    async with server.http.get(f"{server.url}/api/usage/{path}", headers=KEY) as answer:
        return answer.status, await answer.json()


async def ask(server: Server, path: str) -> Any:
    status, said = await get(server, path)
    assert status == 200, said
    return said


async def download(server: Server, path: str) -> tuple[str, str, bytes]:
    async with server.http.get(f"{server.url}/api/usage/{path}", headers=KEY) as answer:
        assert answer.status == 200, await answer.text()
        return answer.content_type, answer.headers["Content-Disposition"], await answer.read()


async def test_sessions_with_minutes_and_suggestions(server: Server) -> None:
    said = await ask(server, f"sessions?{MONTH}")
    one, two = said["sessions"][1], said["sessions"][0]
    assert (one["id"], one["minutes"], one["gap_s"], one["modality"]) == ("one", 50, 60, "video")
    assert one["patients"] == ["p1"]
    assert [(each["code"], each["modifier"], each["rules_version"]) for each in one["suggestions"]] == [
        ("90834", "95", 0)
    ]
    assert [(each["code"], each["modifier"]) for each in two["suggestions"]] == [("90847", "93")]
    assert two["state"] == "ended"
    february = (await ask(server, "sessions?month=2027-02"))["sessions"]
    assert [each["id"] for each in february] == ["now", "three"]
    assert february[1]["suggestions"] == []


async def test_pages_follow_one_another(server: Server) -> None:
    found, after = [], ""
    for _ in range(4):
        said = await ask(server, f"sessions?limit=1{after}")
        found += [each["id"] for each in said["sessions"]]
        after = f"&after={said['after']}"
    assert found == ["now", "three", "two", "one"]
    assert said["after"] is None


async def test_one_session_with_its_gaps_and_shares(server: Server) -> None:
    said = await ask(server, "sessions/two")
    assert [(each["person"], each["minutes"]) for each in said["shares"]] == [("p2", 50), ("p3", 50), ("t2", 50)]
    assert [(each["state"], each["reason"]) for each in said["spans"]] == [("audio", None), ("gap", "alone")]
    assert (await get(server, "sessions/nine"))[0] == 404


async def test_sums_by_therapist_patient_and_month(server: Server) -> None:
    people = (await ask(server, f"therapists?{MONTH}"))["people"]
    assert [(each["who"], each["sittings"], each["minutes"]) for each in people] == [("t1", 1, 50), ("t2", 1, 50)]
    people = (await ask(server, f"patients?{MONTH}"))["people"]
    assert [each["who"] for each in people] == ["p1", "p2", "p3"]
    said = await ask(server, f"patients?{MONTH}&limit=2")
    assert ([each["who"] for each in said["people"]], said["after"]) == (["p1", "p2"], "p2")
    said = await ask(server, f"patients?{MONTH}&limit=2&after=p2")
    assert ([each["who"] for each in said["people"]], said["after"]) == (["p3"], None)
    months = (await ask(server, "months?year=2027"))["months"]
    assert [(each["period"], each["sittings"], each["minutes"]) for each in months] == [
        ("2027-01", 2, 100),
        ("2027-02", 1, 10),
    ]
    months = (await ask(server, "patients/p1?year=2027"))["months"]
    assert [(each["period"], each["minutes"]) for each in months] == [("2027-01", 50), ("2027-02", 10)]


@pytest.mark.usefixtures("as_therapist")
async def test_a_therapist_gets_what_is_theirs_and_nothing_else(server: Server) -> None:
    said = await ask(server, "sessions?therapist=t2")
    assert [each["id"] for each in said["sessions"]] == ["now", "three", "one"]
    assert (await get(server, "sessions/two"))[0] == 404
    assert (await ask(server, "sessions/one"))["id"] == "one"
    assert [each["who"] for each in (await ask(server, f"therapists?{MONTH}"))["people"]] == ["t1"]
    assert (await ask(server, "patients/p2?year=2027"))["months"] == []
    assert [each["minutes"] for each in (await ask(server, "patients/p1?year=2027"))["months"]] == [50, 10]
    assert [each["minutes"] for each in (await ask(server, "months?year=2027"))["months"]] == [50, 10]
    assert (await get(server, f"patients?{MONTH}"))[0] == 403
    _, _, body = await download(server, f"statement?{MONTH}&therapist=t2")
    assert b"session-two" not in body
    assert verify(body).sittings == 1


async def test_without_a_key_nothing_is_told_but_the_public_key(server: Server) -> None:
    for path in (
        "sessions",
        "sessions/one",
        f"therapists?{MONTH}",
        f"patients?{MONTH}",
        "patients/p1?year=2027",
        "months?year=2027",
        f"statement?{MONTH}",
        "codes",
    ):
        async with server.http.get(f"{server.url}/api/usage/{path}") as answer:
            assert answer.status == 401, path
    async with server.http.get(f"{server.url}/api/usage/key") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "sessions?month=2027-13",
        "sessions?limit=0",
        "sessions?limit=1000",
        "sessions?after=x",
        "sessions?after=OTk5OTk5OTk5OTk5OTk5IHg",
        "sessions?format=xls",
        "sessions?therapist=%00",
        "sessions?else=1",
        "sessions/%00",
        "therapists",
        "months?year=27",
        "patients/%00?year=2027",
        "statement?month=x",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(server: Server, path: str) -> None:
    status, said = await get(server, path)
    assert (status, said["code"]) in ((400, "bad_request"), (404, "not_found")), said


async def test_csv_is_for_spreadsheets_and_carries_no_formula(server: Server) -> None:
    kind, name, body = await download(server, "sessions?format=csv")
    assert (kind, name) == ("text/csv", 'attachment; filename="sessions.csv"')
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert [row["id"] for row in rows] == ["one", "two", "three", "now"], "in the order of time"
    assert [row["suggested"] for row in rows] == ["90834-95", "90847-93", "", "90834-95"]
    assert rows[0]["began"] == "2027-01-15 08:00:00"
    assert rows[3]["patients"] == "'=1+1"
    for path in (
        "sessions/one?format=csv",
        f"therapists?{MONTH}&format=csv",
        f"patients?{MONTH}&format=csv",
        "patients/p1?year=2027&format=csv",
        "months?year=2027&format=csv",
    ):
        kind, _, body = await download(server, path)
        assert kind == "text/csv"
        assert len(body.decode().splitlines()) > 1, path


async def test_pdf_of_everything(server: Server) -> None:
    for path in (
        f"sessions?{MONTH}&format=pdf",
        "sessions/one?format=pdf",
        f"therapists?{MONTH}&format=pdf",
        "patients/p1?year=2027&format=pdf",
        "months?year=2027&format=pdf",
    ):
        kind, _, body = await download(server, path)
        assert kind == "application/pdf"
        assert body.startswith(b"%PDF-")


async def test_the_statement_is_verified_with_the_key_that_is_told(server: Server) -> None:
    key = (await ask(server, "key"))["key"]
    kind, name, body = await download(server, f"statement?{MONTH}")
    assert (kind, name) == ("application/json", 'attachment; filename="statement-2027-01.json"')
    found = verify(body, key)
    assert (found.clinic, found.sittings, found.minutes) == ("Praxis Grün", 2, 100)


CODES = {"rules": [{"code": "X1", "text": "Anything", "minutes_from": 1, "patients_to": None, "price_cents": 12_000}]}


async def put_codes(server: Server, body: Any) -> tuple[int, Any]:
    async with server.http.put(f"{server.url}/api/usage/codes", headers=KEY, json=body) as answer:
        return answer.status, await answer.json()


async def test_codes_are_changed_in_versions_and_old_sessions_keep_theirs(server: Server) -> None:
    before = await ask(server, "codes")
    assert (before["in_force"], len(before["versions"])) == (0, 1)
    status, after = await put_codes(server, CODES)
    assert (status, after["in_force"]) == (200, 1)
    assert after["versions"][1]["by"] == "settings"
    assert after["versions"][1]["codes"]["rules"][0]["code"] == "X1"
    said = await ask(server, f"sessions?{MONTH}")
    changed = after["versions"][1]["since"]
    expected = {"X1"} if changed <= START else {"90834", "90847"}
    assert {each["code"] for row in said["sessions"] for each in row["suggestions"]} == expected
    assert (await put_codes(server, CODES | {"more": 1}))[1]["code"] == "bad_request"
    assert (await put_codes(server, {"rules": [CODES["rules"][0] | {"code": "=A1"}]}))[0] == 400


@pytest.mark.usefixtures("as_therapist")
async def test_a_therapist_changes_no_codes(server: Server) -> None:
    assert (await put_codes(server, CODES))[0] == 403


async def test_everything_that_is_shown_is_in_the_audit_log_before(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Any, Any]] = []

    async def record(self: Audit, kind: str, actor_kind: str, actor: str, **more: Any) -> None:
        told.append((kind, more.get("patient"), more.get("subject")))
        if more.get("patient") == "p9":
            raise Refused("audit_unavailable")

    monkeypatch.setattr(Audit, "record", record)
    await ask(server, "sessions?patient=p1")
    await ask(server, "sessions/two")
    await download(server, f"sessions?{MONTH}&therapist=t1&format=csv")
    await download(server, f"statement?{MONTH}")
    await put_codes(server, CODES)
    assert told == [
        ("usage.view", "p1", None),
        ("usage.view", "p2", "two"),
        ("usage.view", "p3", "two"),
        ("usage.export", None, "t1"),
        ("usage.export", None, None),
        ("billing.change", None, None),
    ]
    assert (await get(server, "patients/p9?year=2027"))[0] == 503
    assert (await get(server, "sessions?patient=p9&format=csv"))[0] == 503
