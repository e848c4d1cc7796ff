"""Keeping over HTTP: rules, holds, deletion with proof, proofs. Whoever has no key is told nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text

from clinic import RecordingState
from clinic.keeping.kept_rows import record_hash
from clinic.keeping.proofs import DeletionProofs
from signaling.keeping.proof import is_genuine
from tests.signaling.keeping.asking import Office, an_office
from tests.signaling.kept import SESSION

PATIENT = {"patient": "pat-1", "sessions": [SESSION]}
DELETE = PATIENT | {"reason": "Asked for by Alex Planted", "confirm": "pat-1"}


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path, quality_keep_days=36_500) as office:
        yield office


async def kinds(office: Office) -> dict[str, Any]:
    return {each["kind"]: each for each in (await office.gets("/retention")).json["kinds"]}


# How long -------------------------------------------------------------------------------------------------------------


async def test_a_rule_is_changed_and_who_did_it_is_known(office: Office) -> None:
    assert (await kinds(office))["quality"]["days"] == 36_500
    assert (await office.asks("PUT", "/retention/quality", {"days": 30})).status == 204
    assert (await office.asks("PUT", "/retention/quality", {"days": None})).status == 204
    quality = (await kinds(office))["quality"]
    assert (quality["days"], quality["default_days"], quality["changed_by"]) == (None, 36_500, "settings")
    versions = (await office.gets("/retention/quality")).json["versions"]
    assert [each["days"] for each in versions] == [None, 30]


@pytest.mark.parametrize(
    ("kind", "body", "code", "status"),
    [
        ("dreams", {"days": 5}, "no_such_kind", 404),
        ("audit", {"days": 5000}, "not_deletable", 409),
        ("consents", {"days": 2191}, "kept_longer", 409),
        ("quality", {"days": 0}, "bad_request", 400),
        ("quality", {"days": "5"}, "bad_request", 400),
        ("quality", {}, "bad_request", 400),
        ("quality", {"days": 5, "by": "somebody"}, "bad_request", 400),
    ],
)
async def test_a_rule_that_cannot_be_is_refused(
    office: Office, kind: str, body: dict[str, object], code: str, status: int
) -> None:
    answer = await office.asks("PUT", f"/retention/{kind}", body)
    assert (answer.status, answer.code) == (status, code)


async def test_what_would_go_is_told_and_does_not_go(office: Office) -> None:
    await office.posts("/holds", {"because": "case 1", "session": "another"})
    due = {each["kind"]: each for each in (await office.gets("/retention/due")).json["kinds"]}
    assert due["quality"] == {"kind": "quality", "records": 0, "held": 0}, "it is not that old yet"
    await office.asks("PUT", "/retention/quality", {"days": 1})
    due = {each["kind"]: each for each in (await office.gets("/retention/due")).json["kinds"]}
    assert due["quality"] == {"kind": "quality", "records": 3, "held": 1}
    assert len(await office.qualities.of_session(SESSION)) == 3


# Holds ----------------------------------------------------------------------------------------------------------------


async def test_a_hold_stops_deletion_until_it_is_released(office: Office) -> None:
    placed = await office.posts("/holds", {"because": "Case of Alex Planted", "session": SESSION})
    assert (placed.status, placed.json["because"], placed.json["everything"]) == (201, "Case of Alex Planted", False)
    deleted = (await office.posts("/deletions/patient", DELETE)).json
    assert (deleted["deleted"], deleted["left"]) == (
        {},
        {"recordings": 1, "quality": 3, "consents": 1, "viewings": 2},
    )
    assert (await office.kept.recordings.get("rec-1")).recording.state is RecordingState.READY
    refused = await office.posts("/deletions/record", {"kind": "recordings", "id": "rec-1", "reason": "asked for"})
    assert (refused.status, refused.code) == (409, "records_on_hold")
    assert (await office.posts(f"/holds/{placed.json['id']}/release")).status == 204
    assert (await office.posts(f"/holds/{placed.json['id']}/release")).code == "released_already"
    assert (await office.posts("/holds/nothing/release")).code == "no_such_hold"
    assert (await office.posts("/deletions/patient", DELETE)).json["counts"] == {"recordings": 1, "quality": 3}


async def test_holds_are_listed_with_those_of_recordings_and_their_reasons_are_encrypted(office: Office) -> None:
    for number in range(3):
        await office.posts("/holds", {"because": f"Case of Alex Planted, {number}", "patient": f"pat-{number}"})
        office.server.clock.ahead += 1
    await office.kept.retention.hold("rec-1", by="dr-2", because="case 7", now=1.0)
    first = (await office.gets("/holds?limit=2")).json
    assert [each["patient"] for each in first["holds"]] == ["pat-2", "pat-1"]
    assert first["holds"][0]["because"] == "Case of Alex Planted, 2"
    assert [(each["recording"], each["because"]) for each in first["recordings"]] == [("rec-1", "case 7")]
    second = (await office.gets(f"/holds?limit=2&after={first['next']}")).json
    assert ([each["patient"] for each in second["holds"]], second["next"], second["recordings"]) == (
        ["pat-0"],
        None,
        [],
    )
    await office.posts(f"/holds/{first['holds'][0]['id']}/release")
    assert len((await office.gets("/holds")).json["holds"]) == 2
    assert len((await office.gets("/holds?released=true")).json["holds"]) == 3
    async with office.kept.database.reading() as session:
        rows = str((await session.execute(text("SELECT * FROM legal_hold"))).all())
    assert "Planted" not in rows


@pytest.mark.parametrize(
    "body",
    [
        {"because": "case 1"},
        {"because": "", "patient": "pat-1"},
        {"because": "case 1", "patient": "pat-1", "everything": True},
        {"because": "case 1", "since": 5.0, "until": 5.0},
        {"because": "case 1", "since": -1.0},
        {"because": "case 1", "session": "a b"},
        {"because": "case 1", "patient": "x\x00"},
        {"because": "case 1", "patient": 7},
    ],
)
async def test_a_hold_says_what_it_holds(office: Office, body: dict[str, object]) -> None:
    answer = await office.posts("/holds", body)
    assert (answer.status, answer.code) == (400, "bad_request")


# Deletion -------------------------------------------------------------------------------------------------------------


async def test_everything_of_a_patient_goes_and_is_proved(office: Office) -> None:
    whole = await office.kept.recordings.get("rec-1")
    wrapped = [each.wrapped_key or b"" for each in whole.people] + [each.wrapped_key or b"" for each in whole.outputs]
    keys = {hashlib.sha256(each).hexdigest() for each in wrapped}
    answer = await office.posts("/deletions/patient", DELETE)
    assert answer.status == 200
    told = answer.json
    assert told["counts"] == {"recordings": 1, "quality": 3}
    assert told["left"] == {"consents": 1, "viewings": 2}
    assert told["deleted"]["recordings"] == [record_hash("recordings", "rec-1")]
    assert {each["sha256"] for each in told["secrets"]} == keys
    assert (told["reason"], told["scrubbed"]) == (DELETE["reason"], True)
    assert await office.qualities.of_session(SESSION) == []
    assert len(await office.qualities.of_session("another")) == 1
    assert not list(office.kept.folder.rglob("*.age"))
    proofs = (await office.gets("/deletions")).json
    assert [each | {"scrubbed": None} for each in proofs["proofs"]] == [told | {"scrubbed": None}]
    (proof,) = await DeletionProofs(office.kept.database).find()
    assert is_genuine(proof, base64.b64decode(proofs["public_key"]))
    assert b"Planted" not in proof.reason_sealed
    again = await office.posts("/deletions/patient", DELETE)
    assert (again.json["counts"], again.json["left"]) == ({}, {"consents": 1, "viewings": 2})


async def test_proofs_of_one_patient_are_found_by_who_knows_the_id(office: Office) -> None:
    await office.posts("/deletions/patient", DELETE)
    await office.posts("/deletions/record", {"kind": "recordings", "id": "rec-1", "reason": "asked for"})
    assert len((await office.gets("/deletions?patient=pat-1")).json["proofs"]) == 1
    assert (await office.gets("/deletions?patient=pat-2")).json["proofs"] == []
    async with office.kept.database.reading() as session:
        rows = str((await session.execute(text("SELECT * FROM deletion_proof"))).all())
    assert "pat-1" not in rows


async def test_one_record_is_deleted_and_documentation_is_not(office: Office) -> None:
    body = {"kind": "recordings", "id": "rec-1", "reason": "asked for"}
    told = (await office.posts("/deletions/record", body)).json
    assert (told["counts"], told["patient_hmac"]) == ({"recordings": 1}, None)
    for kind, id, code in (
        ("consents", "1", "not_deletable"),
        ("dreams", "1", "no_such_record"),
        ("quality", "1", "no_such_record"),
        ("recordings", "rec-9", "no_such_record"),
    ):
        answer = await office.posts("/deletions/record", {"kind": kind, "id": id, "reason": "asked for"})
        assert answer.code == code, kind


async def test_deletion_needs_the_patients_id_typed_and_a_reason(office: Office) -> None:
    for body, code in (
        (DELETE | {"confirm": "pat-2"}, "patient_not_confirmed"),
        (DELETE | {"reason": " "}, "bad_request"),
        (DELETE | {"patient": "nobody", "sessions": [], "confirm": "nobody"}, "nothing_kept"),
        (DELETE | {"sessions": ["a/b"]}, "bad_request"),
    ):
        assert (await office.posts("/deletions/patient", body)).code == code
    assert len(await office.qualities.of_session(SESSION)) == 3
    assert (await office.gets("/deletions")).json["proofs"] == []


async def test_nothing_is_told_without_a_key(office: Office) -> None:
    for method, path in (
        ("GET", "/retention"),
        ("GET", "/retention/due"),
        ("GET", "/retention/quality"),
        ("PUT", "/retention/quality"),
        ("GET", "/holds"),
        ("POST", "/holds"),
        ("POST", "/holds/h1/release"),
        ("POST", "/deletions/patient"),
        ("POST", "/deletions/record"),
        ("GET", "/deletions"),
        ("POST", "/exports"),
        ("GET", "/backups"),
    ):
        answer = await office.asks(method, path, {}, headers={"Authorization": "Bearer wrong"})
        assert answer.status == 401, path


@pytest.mark.parametrize("path", ["/holds?after=x", "/deletions?after=1", "/holds?limit=0", "/backups?limit=9999"])
async def test_a_place_that_is_none_is_refused(office: Office, path: str) -> None:
    assert (await office.gets(path)).code == "bad_request"
