"""Films and tracks over HTTP: every part of them is what was recorded, and who saw or took one is known."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pyrage
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretBytes
from sqlalchemy import text
from structlog.testing import capture_logs

from clinic import TrackState
from recording.age import CHUNK, Identity, open_bytes
from recording.keys import SealedKey
from signaling.streams import STREAMS_EACH
from tests.signaling.kept import FILM, NAMES, SESSION, TRACK, Asker, Kept, an_archive, content, until
from tests.signaling.server import Server, a_server

OUTPUT = "/rec-1/outputs/rec-1-film"
TRACK_OF_PATIENT = "/rec-1/tracks/rec-1-patient"
LARGE = content(24 * 1024 * 1024, 3)
"""More than sockets hold, so that a stream of it goes on as long as nobody reads."""


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


# Playing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "plain", "media_type"), [(OUTPUT, FILM, "video/mp4"), (TRACK_OF_PATIENT, TRACK, "video/webm")]
)
async def test_a_whole_film_or_track_plays(asker: Asker, path: str, plain: bytes, media_type: str) -> None:
    answer = await asker.gets(path)
    assert answer.status == 200
    assert answer.body == plain
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Content-Length"] == str(len(plain))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


places = st.integers(0, len(FILM) + 10) | st.sampled_from([CHUNK - 1, CHUNK, 4 * CHUNK, 4 * CHUNK - 1, len(FILM) - 1])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=places, last=places | st.none(), suffix=st.booleans())
async def test_every_part_is_what_is_there(asker: Asker, first: int, last: int | None, suffix: bool) -> None:
    if suffix:
        asked, expected = f"bytes=-{first}", FILM[max(0, len(FILM) - first) :] if first else b""
    elif last is None:
        asked, expected = f"bytes={first}-", FILM[first:]
    else:
        asked, expected = f"bytes={first}-{last}", FILM[first : last + 1] if last >= first else FILM
    answer = await asker.gets(OUTPUT, Range=asked)
    if not expected:
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(FILM)}")
        assert answer.code == "bad_range"
        return
    assert answer.body == expected
    start = len(FILM) - len(expected) if suffix else first
    if answer.status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{len(FILM)}"
    else:
        assert (answer.status, last is not None and last < first) == (200, True)


async def test_a_part_in_the_middle_is_read_alone(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=LARGE)
    path = kept.file("rec-2", "rec-2-film")
    sealed = bytearray(path.read_bytes())
    for at in range(len(sealed) // 8, len(sealed) // 8 * 3, 1000):
        sealed[at] ^= 1  # whoever reads more than was asked for stumbles
    path.write_bytes(sealed)
    answer = await asker.gets("/rec-2/outputs/rec-2-film", Range=f"bytes={len(LARGE) // 2}-{len(LARGE) // 2 + 99}")
    assert (answer.status, answer.body) == (206, LARGE[len(LARGE) // 2 :][:100])


async def test_several_ranges_at_once_are_answered_with_the_whole(asker: Asker) -> None:
    answer = await asker.gets(OUTPUT, Range="bytes=0-1,5-6")
    assert (answer.status, answer.body) == (200, FILM)


async def test_a_range_of_another_file_is_answered_with_the_whole(asker: Asker) -> None:
    tag = (await asker.gets(OUTPUT)).headers["ETag"]
    assert tag.startswith('"')
    for if_range, status in ((tag, 206), ('"other"', 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)):
        assert (await asker.gets(OUTPUT, **{"Range": "bytes=0-9", "If-Range": if_range})).status == status
    assert (await asker.gets(TRACK_OF_PATIENT)).headers["ETag"] != tag


async def test_head_says_how_long_it_is_and_shows_nothing(asker: Asker, kept: Kept) -> None:
    answer = await asker.asks("HEAD", OUTPUT, Range="bytes=0-9")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, str(len(FILM)), b"")
    assert await kept.kinds() == []


async def test_a_file_that_is_damaged_in_the_middle_is_never_silently_short(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=LARGE)
    path = kept.file("rec-2", "rec-2-film")
    with path.open("r+b") as file:
        file.seek(len(LARGE) // 2)
        file.write(b"not what was written")
    with capture_logs() as logs:
        got = bytearray()
        async with asker.stream("/rec-2/outputs/rec-2-film") as answer:
            assert answer.status == 200
            with pytest.raises(aiohttp.ClientError):
                await takes(answer, got)
        assert LARGE.startswith(bytes(got))
        assert len(got) <= len(LARGE) // 2
        await until_closed(kept, "rec-2", "rec-2-film")
    (cut,) = [each for each in logs if each["log_level"] == "error"]
    assert cut["error_type"] == "Damaged"
    for word in (*NAMES.values(), SESSION, "rec-2", "id-of-administrator", "127.0.0.1"):
        assert word not in str(logs)


@pytest.mark.parametrize("harm", ["end cut off", "header changed", "gone"])
async def test_a_file_that_cannot_be_opened_is_said_to_be_so(asker: Asker, kept: Kept, harm: str) -> None:
    path = kept.file("rec-1", "rec-1-film")
    sealed = path.read_bytes()
    match harm:
        case "end cut off":
            path.write_bytes(sealed[: len(sealed) - 100_000])
        case "header changed":
            path.write_bytes(sealed.replace(b"X25519", b"X25518", 1))
        case "gone":
            path.unlink()
    answer = await asker.gets(OUTPUT)
    expected = (404, "no_such_file") if harm == "gone" else (500, "recording_damaged")
    assert (answer.status, answer.code) == expected
    assert await kept.kinds() == []


async def test_a_client_that_goes_away_leaves_nothing_open(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=LARGE)
    async with asker.stream("/rec-2/outputs/rec-2-film") as answer:
        await answer.content.readexactly(10)
        assert kept.is_open("rec-2", "rec-2-film")
        answer.close()
    await until_closed(kept, "rec-2", "rec-2-film")


async def test_nobody_keeps_others_from_watching(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=LARGE)
    path = "/rec-2/outputs/rec-2-film"
    streams = [await asker.stream(path) for _ in range(STREAMS_EACH)]
    refused = await asker.gets(path)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_streams", "2")
    other = await Asker(asker.server, who="somebody else").gets(path, Range="bytes=0-9")
    assert other.status == 206
    for stream in streams:
        stream.close()
    await until_closed(kept, "rec-2", "rec-2-film")
    assert (await asker.gets(path, Range="bytes=0-9")).status == 206


@pytest.mark.parametrize("path", ["/rec-1/outputs/rec-9", "/rec-1/tracks/rec-1-film", "/rec-1/outputs/..%2Frec-1-film"])
async def test_there_is_nothing_else_to_play(asker: Asker, path: str) -> None:
    assert (await asker.gets(path)).code == "no_such_file"


# Who saw it ---------------------------------------------------------------------------------------------------------


async def test_an_hour_of_watching_is_kept_once_and_each_person_by_themselves(asker: Asker, kept: Kept) -> None:
    for first in range(0, len(FILM), 50_000):
        await asker.gets(OUTPUT, Range=f"bytes={first}-{first + 10}")
    await asyncio.gather(*(asker.gets(TRACK_OF_PATIENT) for _ in range(4)))
    await Asker(asker.server, "therapist").gets(OUTPUT)
    assert await kept.kinds() == [("id-of-administrator", "played"), ("id-of-therapist", "played")]
    asker.server.clock.ahead += 3601
    await asker.gets(OUTPUT)
    assert [who for who, _ in await kept.kinds()].count("id-of-administrator") == 2


async def test_a_server_that_was_started_again_still_knows_who_watched(tmp_path: Path) -> None:
    async with an_archive(tmp_path) as (server, _):
        asker = Asker(server)
        await asker.gets(OUTPUT)
    async with a_server(tmp_path) as server:
        await Asker(server).gets(OUTPUT)
        again = Kept(tmp_path)
        assert await again.kinds() == [("id-of-administrator", "played")]
        await again.database.close()


@pytest.mark.parametrize("form", ["played", "sealed", "clear"])
async def test_if_it_cannot_be_kept_who_sees_it_nothing_is_shown(asker: Asker, kept: Kept, form: str) -> None:
    async with kept.database.writing() as session:
        await session.execute(text("ALTER TABLE viewing RENAME TO away"))
    if form == "played":
        answer = await asker.gets(OUTPUT)
    else:
        answer = await asker.posts(f"{OUTPUT}/download", {"form": form, "confirm": SESSION})
    assert (answer.status, answer.code) == (503, "records_unavailable")
    assert len(answer.body) < 1000


# Taking it away -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "plain"), [(OUTPUT, FILM), (TRACK_OF_PATIENT, TRACK)])
async def test_a_sealed_download_is_an_age_file_for_whom_it_was_asked(
    asker: Asker, kept: Kept, path: str, plain: bytes
) -> None:
    other = pyrage.x25519.Identity.generate()
    answer = await asker.posts(f"{path}/download", {"form": "sealed", "recipient": str(other.to_public())})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="session-2026-05-28-')
    assert answer.headers["Content-Disposition"].endswith('.age"')
    assert pyrage.decrypt(answer.body, [other]) == plain
    assert await kept.kinds() == [("id-of-administrator", "downloaded_sealed")]


async def test_without_a_recipient_it_is_for_the_clinics_own_key(asker: Asker, kept: Kept) -> None:
    answer = await asker.posts(f"{OUTPUT}/download", {"form": "sealed"})
    lines = (kept.folder.parent / "recordings-key").read_text().splitlines()
    clinics = pyrage.x25519.Identity.from_str(next(line for line in lines if line.startswith("AGE-SECRET-KEY-")))
    assert pyrage.decrypt(answer.body, [clinics]) == FILM


@pytest.mark.parametrize("recipient", ["age1nothing", "AGE-SECRET-KEY-1QQQ", "ssh-ed25519 AAAA"])
async def test_what_is_no_public_key_is_refused(asker: Asker, kept: Kept, recipient: str) -> None:
    answer = await asker.posts(f"{OUTPUT}/download", {"form": "sealed", "recipient": recipient})
    assert (answer.status, answer.code) == (400, "bad_recipient")
    assert recipient not in answer.json["error"]
    assert await kept.kinds() == []


async def test_in_clear_only_for_who_types_the_sessions_name(asker: Asker, kept: Kept) -> None:
    for confirm in ({}, {"confirm": ""}, {"confirm": "session"}, {"confirm": SESSION.upper()}):
        answer = await asker.posts(f"{OUTPUT}/download", {"form": "clear"} | confirm)
        assert (answer.status, answer.code) == (400, "not_confirmed")
    assert await kept.kinds() == []
    answer = await asker.posts(f"{OUTPUT}/download", {"form": "clear", "confirm": f" {SESSION} "})
    assert (answer.status, answer.body) == (200, FILM)
    assert answer.headers["Content-Disposition"].endswith('.mp4"')
    assert await kept.kinds() == [("id-of-administrator", "downloaded_clear")]


async def test_whether_a_download_would_be_given_out_can_be_asked_first(asker: Asker, kept: Kept) -> None:
    asked = {"form": "clear", "confirm": SESSION, "only_check": True}
    answer = await asker.posts(f"{OUTPUT}/download", asked)
    assert (answer.status, answer.body) == (204, b"")
    assert await kept.kinds() == [], "nobody has seen anything"
    assert (await asker.posts(f"{OUTPUT}/download", asked | {"confirm": "else"})).code == "not_confirmed"


async def test_each_download_is_kept(asker: Asker, kept: Kept) -> None:
    for _ in range(2):
        await asker.posts(f"{TRACK_OF_PATIENT}/download", {"form": "sealed"})
    assert len(await kept.kinds()) == 2


async def test_a_pages_form_downloads_too(asker: Asker) -> None:
    url = f"{asker.server.url}/api/recordings{OUTPUT}/download"
    fields = {"form": "clear", "confirm": SESSION, "recipient": ""}
    async with asker.server.http.post(url, data=fields, headers=asker.headers) as answer:
        assert (answer.status, await answer.read()) == (200, FILM)


@pytest.mark.parametrize("body", [{}, {"form": "open"}, {"form": "clear", "more": 1}, {"form": "sealed", "confirm": 7}])
async def test_a_wrong_request_to_download_is_refused(asker: Asker, body: object) -> None:
    assert (await asker.posts(f"{OUTPUT}/download", body)).code == "bad_request"


# Keys that are elsewhere --------------------------------------------------------------------------------------------


async def test_a_server_that_only_seals_gives_out_what_the_clinics_key_opens(tmp_path: Path) -> None:
    clinics = Identity.generate(os.urandom)
    key = SealedKey(clinics.recipient, os.urandom)
    public = str(clinics.recipient)
    async with an_archive(tmp_path, key, recordings_key="sealed", recordings_public_key=public) as (server, _):
        asker = Asker(server)
        assert (await asker.gets("/me")).json["sealed"] is True
        shown = (await asker.gets("/rec-1")).json
        assert {each["name"] for each in shown["people"]} == {None}
        for path, plain in ((OUTPUT, FILM), (TRACK_OF_PATIENT, TRACK)):
            refused = await asker.gets(path)
            assert (refused.status, refused.code) == (409, "needs_clinic_key")
            clear = await asker.posts(f"{path}/download", {"form": "clear", "confirm": SESSION})
            assert clear.code == "needs_clinic_key"
            elsewhere = {"form": "sealed", "recipient": str(Identity.generate(os.urandom).recipient)}
            assert (await asker.posts(f"{path}/download", elsewhere)).code == "needs_clinic_key"
            sealed = await asker.posts(f"{path}/download", {"form": "sealed"})
            wrapped = await asker.gets(f"{path}/key")
            assert (sealed.status, wrapped.status) == (200, 200)
            secret = open_bytes(wrapped.body, [clinics])[-32:]
            assert open_bytes(sealed.body, [Identity(SecretBytes(secret))]) == plain
        assert (await asker.posts("/rec-1/jobs", {"kind": "compose"})).code == "needs_clinic_key"
        assert (await asker.posts("/rec-1/verify")).code == "needs_clinic_key"


async def test_a_track_that_a_crash_has_left_in_two_files_is_not_given_out_as_one(tmp_path: Path) -> None:
    clinics = Identity.generate(os.urandom)
    key, public = SealedKey(clinics.recipient, os.urandom), str(clinics.recipient)
    async with an_archive(tmp_path, key, recordings_key="sealed", recordings_public_key=public) as (server, kept):
        await kept.add("rec-2", film=None, state=TrackState.RECOVERED)
        answer = await Asker(server).posts("/rec-2/tracks/rec-2-patient/download", {"form": "sealed"})
        assert (answer.status, answer.code) == (409, "needs_clinic_key")
        assert "--identity" in answer.json["error"]


async def test_a_track_that_a_crash_has_left_plays_to_where_it_was_kept(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2", film=None, state=TrackState.RECOVERED)
    path = "/rec-2/tracks/rec-2-patient"
    assert (await asker.gets(path)).body == TRACK
    other = pyrage.x25519.Identity.generate()
    taken = await asker.posts(f"{path}/download", {"form": "sealed", "recipient": str(other.to_public())})
    assert len(taken.body) == int(taken.headers["Content-Length"])
    assert pyrage.decrypt(taken.body, [other]) == TRACK


async def test_a_key_service_that_is_away_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    settings = {
        "recordings_key": "webhook",
        "recordings_key_url": "http://127.0.0.1:9/keys",
        "recordings_key_secret": "a-signing-secret-that-is-long-enough",
    }
    key = SealedKey(Identity.generate(os.urandom).recipient, os.urandom)
    async with an_archive(tmp_path, key, **settings) as (server, _):
        asker = Asker(server)
        for answer in (
            await asker.gets(OUTPUT),
            await asker.posts(f"{OUTPUT}/download", {"form": "clear", "confirm": SESSION}),
        ):
            assert (answer.status, answer.code) == (503, "key_unavailable")
            assert answer.json["error"].endswith(".")
            assert "127.0.0.1" not in answer.json["error"]
        assert (await asker.gets("/rec-1")).status == 200, "and what needs no key goes on"
        assert (await asker.posts(f"{OUTPUT}/download", {"form": "sealed"})).code == "recipient_needed"


async def test_a_key_of_another_recording_opens_nothing(asker: Asker, kept: Kept) -> None:
    await kept.add("rec-2")
    async with kept.database.writing() as session:
        for table, own in (("recording_output", "id = 'rec-1-film'"), ("recording_person", "recording_id = 'rec-1'")):
            others = own.replace("rec-1", "rec-2")
            await session.execute(
                text(f"UPDATE {table} SET wrapped_key = (SELECT wrapped_key FROM {table} WHERE {others}) WHERE {own}")
            )
    for path in (OUTPUT, TRACK_OF_PATIENT):
        assert (await asker.gets(path)).code == "key_refused"


async def takes(answer: aiohttp.ClientResponse, got: bytearray) -> None:
    while piece := await answer.content.readany():
        got += piece


async def until_closed(kept: Kept, recording: str, name: str) -> None:
    await until(lambda: not kept.is_open(recording, name))
