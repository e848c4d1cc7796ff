"""What a crash of the whole service leaves, and what the next start makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest_asyncio

from clinic import RecordingState, TrackState, open_database, sqlite_url
from recording.age import Recipient
from recording.keys import ClinicKey, SealedKey
from recording.sealed import files_of
from signaling.recovery import recover
from tests.signaling.crashed import NOW, Crashed


@pytest_asyncio.fixture
async def crashed(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    yield Crashed(tmp_path, database)
    await database.close()


async def test_what_was_checkpointed_is_whole_after_the_next_start(crashed: Crashed) -> None:
    await crashed.leave()
    done = await recover(crashed.books, crashed.folder, NOW)
    assert (done.recordings, done.tracks, done.lost) == (1, 1, 0)
    whole = await crashed.books.recordings.get("rec")
    assert whole.recording.state is RecordingState.CAPTURED
    assert [track.state for track in whole.tracks] == [TrackState.RECOVERED]
    (checked,) = await crashed.vault.verify("rec")
    assert (checked.bytes, checked.problem) == (len(crashed.content), None)
    assert not files_of(crashed.folder / "rec", "track").tail.exists()
    assert await recover(crashed.books, crashed.folder, NOW) == type(done)(0, 0, 0), "nothing is left to do"


async def test_a_track_of_which_nothing_was_written_is_lost_and_the_recording_is_not(crashed: Crashed) -> None:
    await crashed.leave(written=False)
    done = await recover(crashed.books, crashed.folder, NOW)
    assert (done.recordings, done.tracks, done.lost) == (1, 0, 1)
    assert (await crashed.books.recordings.get("rec")).recording.state is RecordingState.CAPTURED


async def test_a_track_that_is_only_begun_holds_nothing(crashed: Crashed) -> None:
    crashed.content = b"a header and no frame"
    await crashed.leave()
    done = await recover(crashed.books, crashed.folder, NOW)
    assert (done.recordings, done.tracks, done.lost) == (1, 0, 1)


async def test_a_damaged_tail_costs_no_more_than_itself(crashed: Crashed) -> None:
    await crashed.leave()
    tail = files_of(crashed.folder / "rec", "track").tail
    tail.write_bytes(tail.read_bytes()[:-1])
    done = await recover(crashed.books, crashed.folder, NOW)
    assert (done.tracks, done.lost) == (1, 0)
    (checked,) = await crashed.vault.verify("rec")
    assert (checked.bytes, checked.problem) == (2 * 65_536, None)


async def test_a_server_that_cannot_open_leaves_it_to_whoever_brings_the_key(crashed: Crashed, tmp_path: Path) -> None:
    crashed.key = SealedKey(Recipient.parse(str(crashed.clinics.recipient)), os.urandom)
    await crashed.leave()
    done = await recover(crashed.books, crashed.folder, NOW)
    assert (done.recordings, done.tracks) == (1, 1)
    assert files_of(crashed.folder / "rec", "track").tail.exists()
    crashed.key = ClinicKey(crashed.clinics, os.urandom)
    (checked,) = await crashed.vault.verify("rec")
    assert (checked.bytes, checked.problem) == (len(crashed.content), None)
    (exported,) = await crashed.vault.export("rec", tmp_path / "out", None)
    assert exported.read_bytes() == crashed.content


async def test_what_was_shredded_cannot_be_opened_and_its_files_are_gone(crashed: Crashed) -> None:
    await crashed.leave(finished=True)
    await recover(crashed.books, crashed.folder, NOW)
    proof = await crashed.vault.shred("rec", None, by="test", reason="asked for", now=NOW)
    assert [key.id for key in proof.keys] == ["seat"]
    assert not list(crashed.folder.rglob("*.age"))
    assert await crashed.vault.verify("rec") == []
    assert (await crashed.books.recordings.get("rec")).people[0].name_sealed is None
