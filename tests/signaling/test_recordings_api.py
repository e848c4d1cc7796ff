"""Finding recordings over HTTP, and what may be done with one."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from clinic import Job, RecordingState
from tests.signaling.kept import FILM, NAMES, SESSION, START, Asker, Kept, an_archive, content, until
from tests.signaling.server import Server

DELETE = {"reason": "asked for by the patient", "confirm": SESSION}
LARGE = content(24 * 1024 * 1024, 3)


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[tuple[Server, Kept]]:
    async with an_archive(tmp_path) as served:
        yield served


@pytest.fixture
def asker(archive: tuple[Server, Kept]) -> Asker:
    return Asker(archive[0])


@pytest.fixture
def kept(archive: tuple[Server, Kept]) -> Kept:
    return archive[1]


async def ids(asker: Asker, query: str = "") -> list[str]:
    return [each["id"] for each in (await asker.gets(query)).json["recordings"]]


async def waiting(kept: Kept, recording: str, kind: Any = "compose") -> None:
    """Work that somebody else has taken, and has not done."""
    await kept.jobs.begin(Job("job-1", kind, recording, START), 1e10, 1e9)


# Finding ------------------------------------------------------------------------------------------------------------


async def test_recordings_are_listed_newest_first_page_by_page(asker: Asker, kept: Kept) -> None:
    for number in (3, 2, 4):
        await kept.add(f"rec-{number}", film=None, started_at=START + number)
    assert await ids(asker) == ["rec-4", "rec-3", "rec-2", "rec-1"]
    first = (await asker.gets("?limit=3")).json
    assert [each["id"] for each in first["recordings"]] == ["rec-4", "rec-3", "rec-2"]
    second = (await asker.gets(f"?limit=3&after={first['next']}")).json
    assert ([each["id"] for each in second["recordings"]], second["next"]) == (["rec-1"], None)


async def test_they_are_found_by_session_time_and_state(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", "Blue%Room", film=None, started_at=START + 100)
    await kept.add("rec-3", "blue-room", film=None, started_at=START + 200)
    assert await ids(asker, "?search=BLUE") == ["rec-3", "rec-2"]
    assert await ids(asker, "?search=%25") == ["rec-2"]
    assert await ids(asker, f"?since={START + 100}") == ["rec-3", "rec-2"]
    assert await ids(asker, f"?since={START + 100}&until={START + 200}") == ["rec-2"]
    assert await ids(asker, "?state=ready") == ["rec-1"]
    assert await ids(asker, "?state=ready,captured&search=&after=") == ["rec-3", "rec-2", "rec-1"]


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=many",
        "?since=nan",
        "?since=-1",
        "?state=gone",
        "?after=7",
        "?colour=red",
        "?search=" + "a" * 101,
    ],
)
async def test_a_wrong_question_is_told_what_is_wrong(asker: Asker, query: str) -> None:
    answer = await asker.gets(query)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert len(answer.json["error"]) > 10


async def test_a_list_says_how_far_a_film_is(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=None, started_at=START + 100)
    await waiting(kept, "rec-2")
    (job,) = await kept.jobs.of_recording("rec-2")
    await kept.jobs.renew(job, 1e10, 1e9, 0.4)
    being_made, ready = (await asker.gets("")).json["recordings"]
    assert (being_made["state"], being_made["job"]["progress"], being_made["job"]["state"]) == (
        "composing",
        0.4,
        "running",
    )
    assert (ready["state"], ready["job"], ready["hold"], ready["session"]) == ("ready", None, None, SESSION)


# One of them --------------------------------------------------------------------------------------------------------


async def test_everything_is_known_of_one(asker: Asker, kept: Kept) -> None:
    shown = (await asker.gets("/rec-1")).json
    assert shown["recording"]["ended_at"] - shown["recording"]["started_at"] == 60
    assert {each["role"]: each["name"] for each in shown["people"]} == NAMES
    assert {(each["id"], each["source"], each["available"], each["media_type"]) for each in shown["tracks"]} == {
        ("rec-1-patient", "camera", True, "video/webm"),
        ("rec-1-therapist", "camera", True, "video/webm"),
    }
    assert shown["marks"] == [{"at_ms": 20_000, "kind": "join", "person": "patient"}]
    (output,) = shown["outputs"]
    assert (output["id"], output["kind"], output["available"]) == ("rec-1-film", "mp4", True)
    assert [(each["kind"], each["state"]) for each in shown["jobs"]] == [("compose", "done")]
    assert shown["proofs"] == []
    assert "wrapped" not in str(shown)
    assert (await asker.gets("/rec-9")).code == "no_such_recording"


async def test_chapters_are_those_of_the_film(asker: Asker) -> None:
    answer = await asker.gets("/rec-1/chapters.vtt")
    assert answer.headers["Content-Type"] == "text/vtt; charset=utf-8"
    assert answer.body.decode() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:20.000\nStart\n\n00:00:20.000 --> 00:01:00.000\nAlex Planted joined\n"
    )


async def test_a_restore_test_reads_everything_and_says_what_cannot_be_read(asker: Asker, kept: Kept) -> None:
    whole = (await asker.posts("/rec-1/verify")).json
    assert whole["well"] is True
    path = kept.file("rec-1", "rec-1-patient")
    path.write_bytes(path.read_bytes()[:-1])
    harmed = (await asker.posts("/rec-1/verify")).json
    assert harmed["well"] is False
    assert [each["track"] for each in harmed["tracks"] if each["problem"]] == ["rec-1-patient"]
    assert await kept.kinds() == [("id-of-administrator", "verified")] * 2


# Work ---------------------------------------------------------------------------------------------------------------


async def test_a_film_can_be_asked_for(asker: Asker, kept: Kept) -> None:
    answer = await asker.posts("/rec-1/jobs", {"kind": "compose", "names": True, "time": False})
    assert answer.status == 202
    (job,) = [each for each in await kept.jobs.of_recording("rec-1") if each.id == answer.json["job"]]
    assert (job.kind, dict(job.options)) == ("compose", {"names": True, "time": False})


async def test_what_is_being_made_is_not_made_twice(asker: Asker, kept: Kept) -> None:
    await waiting(kept, "rec-1", "audio")
    answer = await asker.posts("/rec-1/jobs", {"kind": "audio"})
    assert (answer.status, answer.code) == (409, "job_already")


@pytest.mark.parametrize("body", [{}, {"kind": "track"}, {"kind": "audio", "names": "yes"}, []])
async def test_other_work_is_refused(asker: Asker, body: object) -> None:
    assert (await asker.posts("/rec-1/jobs", body)).code == "bad_request"


# Holding ------------------------------------------------------------------------------------------------------------


async def test_nothing_of_a_recording_on_hold_is_deleted(asker: Asker, kept: Kept) -> None:
    assert (await asker.posts("/rec-1/release")).code == "not_on_hold"
    assert (await asker.posts("/rec-1/hold", {"because": " case 7 "})).status == 204
    hold = (await asker.gets("/rec-1")).json["recording"]["hold"]
    assert (hold["by"], hold["because"]) == ("id-of-administrator", "case 7")
    assert (await asker.posts("/rec-1/hold", {"because": "case 8"})).code == "on_hold_already"
    for body in (DELETE, DELETE | {"person": "patient"}):
        refused = await asker.posts("/rec-1/delete", body)
        assert (refused.status, refused.code) == (409, "on_hold")
    assert (await asker.posts("/rec-1/release")).status == 204
    assert (await asker.posts("/rec-1/delete", DELETE)).status == 200


@pytest.mark.parametrize("because", ["", "   ", "a" * 501, 7])
async def test_a_hold_needs_a_reason(asker: Asker, because: object) -> None:
    assert (await asker.posts("/rec-1/hold", {"because": because})).code == "bad_request"


# Deleting -----------------------------------------------------------------------------------------------------------


async def test_deleting_deletes_every_key_and_proves_it(asker: Asker, kept: Kept) -> None:
    whole = await kept.recordings.get("rec-1")
    keys = {each.person_id: each.wrapped_key or b"" for each in whole.people} | {
        each.id: each.wrapped_key or b"" for each in whole.outputs
    }
    answer = await asker.posts("/rec-1/delete", DELETE)
    assert answer.status == 200
    proof = answer.json
    assert (proof["by"], proof["reason"], proof["person"]) == ("id-of-administrator", DELETE["reason"], None)
    assert {each["id"]: each["sha256"] for each in proof["keys"]} == {
        id: hashlib.sha256(key).hexdigest() for id, key in keys.items()
    }
    assert not list(kept.folder.rglob("*.age"))
    shown = (await asker.gets("/rec-1")).json
    assert shown["recording"]["state"] == "shredded"
    (kept_proof,) = shown["proofs"]
    assert kept_proof | {"at": 0} == proof | {"at": 0}
    assert kept_proof["at"] == pytest.approx(proof["at"], abs=0.001)
    assert {each["name"] for each in shown["people"]} == {None}
    assert not any(each["available"] for each in shown["tracks"] + shown["outputs"])
    for path in ("/outputs/rec-1-film", "/tracks/rec-1-patient"):
        gone = await asker.gets(f"/rec-1{path}")
        assert (gone.status, gone.code) == (410, "deleted")
    for path, body in (("/delete", DELETE), ("/hold", {"because": "case 7"}), ("/jobs", {"kind": "compose"})):
        assert (await asker.posts(f"/rec-1{path}", body)).code == "deleted"


async def test_one_persons_tracks_are_deleted_and_the_others_stay(asker: Asker, kept: Kept) -> None:
    answer = await asker.posts("/rec-1/delete", DELETE | {"person": "patient"})
    assert (answer.json["person"], {each["id"] for each in answer.json["keys"]}) == (
        "patient",
        {"patient", "rec-1-film"},
    )
    shown = (await asker.gets("/rec-1")).json
    assert {each["role"]: (each["name"], each["shredded"]) for each in shown["people"]} == {
        "patient": (None, True),
        "therapist": ("Dr. Blue", False),
    }
    assert {each["id"]: each["available"] for each in shown["tracks"]} == {
        "rec-1-patient": False,
        "rec-1-therapist": True,
    }
    assert (await asker.gets("/rec-1/outputs/rec-1-film")).code == "deleted"
    assert (await asker.gets("/rec-1/tracks/rec-1-therapist")).status == 200
    assert (await asker.posts("/rec-1/delete", DELETE | {"person": "patient"})).code == "deleted"
    nobody = await asker.posts("/rec-1/delete", DELETE | {"person": "nobody"})
    assert (nobody.status, nobody.code) == (404, "no_such_person")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"reason": "asked for"}, "not_confirmed"),
        (DELETE | {"confirm": "session"}, "not_confirmed"),
        (DELETE | {"reason": ""}, "bad_request"),
        ({"confirm": SESSION}, "bad_request"),
    ],
)
async def test_deleting_needs_a_reason_and_the_sessions_name(
    asker: Asker, kept: Kept, body: dict[str, str], code: str
) -> None:
    assert (await asker.posts("/rec-1/delete", body)).code == code
    assert (await kept.recordings.get("rec-1")).recording.state is RecordingState.READY


async def test_what_is_still_recorded_is_not_deleted(asker: Asker, kept: Kept) -> None:
    async with kept.database.writing() as session:
        await session.execute(text("UPDATE recording SET state = 'capturing'"))
    for path, body in (("/delete", DELETE), ("/jobs", {"kind": "compose"})):
        refused = await asker.posts(f"/rec-1{path}", body)
        assert (refused.status, refused.code) == (409, "still_recording")


async def test_whoever_watches_what_is_deleted_sees_its_end(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=LARGE)
    async with asker.stream("/rec-2/outputs/rec-2-film") as answer:
        await answer.content.readexactly(10)
        assert (await asker.posts("/rec-2/delete", DELETE)).status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
    await until(lambda: not kept.is_open("rec-2", "rec-2-film"))


async def test_files_that_cannot_be_removed_do_not_keep_from_deleting(asker: Asker, kept: Kept) -> None:
    path = kept.file("rec-1", "rec-1-film")
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    assert (await asker.posts("/rec-1/delete", DELETE)).status == 200
    assert await kept.retention.files_to_remove() == ["rec-1/rec-1-film"]


# What is told to nobody ---------------------------------------------------------------------------------------------


async def test_what_changes_is_logged_without_names(asker: Asker) -> None:
    with capture_logs() as logs:
        await asker.posts("/rec-1/jobs", {"kind": "audio"})
        await asker.posts("/rec-1/hold", {"because": "a secret case"})
        await asker.posts("/rec-1/release")
        await asker.posts("/rec-1/delete", DELETE)
    changes = [each for each in logs if "who" in each]
    assert [each["event"] for each in changes] == [
        "work was asked for",
        "put on hold",
        "released from hold",
        "deleted",
    ]
    assert "rec-1" not in str(changes)
    for word in (*NAMES.values(), SESSION, "id-of-administrator", "secret", "asked for by", "127.0.0.1"):
        assert word not in str(logs), word


async def test_without_its_records_nothing_is_said(asker: Asker, kept: Kept) -> None:
    async with kept.database.writing() as session:
        await session.execute(text("ALTER TABLE recording RENAME TO away"))
    for answer in (await asker.gets(""), await asker.gets("/rec-1"), await asker.posts("/rec-1/delete", DELETE)):
        assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "records_unavailable", "30")
    assert FILM[:16] not in answer.body
