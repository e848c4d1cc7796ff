"""Deletion deletes keys, proves it, respects holds, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from clinic import (
    BadValue,
    Conflict,
    Database,
    DeletedKey,
    Held,
    IllegalMove,
    Jobs,
    JobState,
    Recordings,
    RecordingState,
    Retention,
    Shredded,
    ShredProof,
    Unknown,
    open_database,
    sqlite_url,
)
from clinic import database as database_module
from tests.clinic.made_up import START, captured, job, key_of, output, person, recording, track
from tests.clinic.postgres import Postgres

LATER = START + 10_000


def deleted(of: Any, id: str) -> DeletedKey:
    return DeletedKey(of, id, hashlib.sha256(key_of(id)).hexdigest())


async def shred_all(retention: Retention, recording: str = "r1") -> Shredded:
    return await retention.shred_recording(recording, by="dr-1", reason="asked for it", now=LATER)


async def shred_one(retention: Retention, person: str, recording: str = "r1") -> Shredded:
    return await retention.shred_person(recording, person, by="dr-1", reason="withdrew", now=LATER)


async def composed(recordings: Recordings, jobs: Jobs) -> None:
    """A recording of two with a composed file."""
    await captured(recordings)
    await jobs.add(job())
    claimed = await jobs.claim(LATER - 100, 60)
    assert claimed is not None
    assert await jobs.finish(claimed, output())


# Shredding -----------------------------------------------------------------------------------------------------------


async def test_shredding_a_recording_deletes_every_key_and_name(
    recordings: Recordings, retention: Retention, jobs: Jobs
) -> None:
    await composed(recordings, jobs)
    done = await shred_all(retention)
    whole = await recordings.get("r1")
    assert whole.recording.state is RecordingState.SHREDDED
    assert [(each.wrapped_key, each.name_sealed, each.shredded_at) for each in whole.people] == [
        (None, None, LATER)
    ] * 2
    assert [each.wrapped_key for each in whole.outputs] == [None]
    assert set(done.files) == {"r1/r1-p1.age", "r1/r1-p2.age", "r1/o1.age"}
    assert done.scrubbed


async def test_the_proof_names_each_key_by_its_hash(recordings: Recordings, retention: Retention, jobs: Jobs) -> None:
    await composed(recordings, jobs)
    done = await shred_all(retention)
    expected = ShredProof(
        recording_id="r1",
        person_id=None,
        at=LATER,
        by="dr-1",
        reason="asked for it",
        keys=(deleted("person", "p1"), deleted("person", "p2"), deleted("output", "o1")),
    )
    assert done.proof == expected
    assert await retention.proofs("r1") == [expected]


async def test_one_person_can_be_shredded_and_the_others_stay(
    recordings: Recordings, retention: Retention, jobs: Jobs
) -> None:
    await composed(recordings, jobs)
    await captured(recordings, "r2", ("p1",))
    done = await shred_one(retention, "p1")
    whole = await recordings.get("r1")
    assert whole.recording.state is RecordingState.CAPTURED, "it can be composed again, without them"
    assert [each.wrapped_key for each in whole.people] == [None, key_of("p2")]
    assert [each.name_sealed for each in whole.people] == [None, b"sealed name"]
    assert [each.wrapped_key for each in whole.outputs] == [None], "they are in the composed file too"
    assert set(done.files) == {"r1/r1-p1.age", "r1/o1.age"}
    assert done.proof.keys == (deleted("person", "p1"), deleted("output", "o1"))
    assert (await recordings.get("r2")).people[0].wrapped_key == key_of("p1"), "another recording of theirs stays"


async def test_with_the_last_person_the_recording_is_shredded(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings)
    await shred_one(retention, "p1")
    await shred_one(retention, "p2")
    assert (await recordings.get("r1")).recording.state is RecordingState.SHREDDED
    assert [each.person_id for each in await retention.proofs("r1")] == ["p1", "p2"]


async def test_work_on_what_is_shredded_stops_and_its_output_is_not_kept(
    recordings: Recordings, retention: Retention, jobs: Jobs
) -> None:
    await captured(recordings)
    await jobs.add(job())
    claimed = await jobs.claim(LATER - 100, 1000)
    assert claimed is not None
    await shred_one(retention, "p1")
    assert not await jobs.renew(claimed, LATER, 60, 0.5)
    assert not await jobs.finish(claimed, output())
    whole = await recordings.get("r1")
    assert (whole.outputs, [each.state for each in whole.jobs]) == ((), [JobState.CANCELLED])
    assert whole.recording.state is RecordingState.CAPTURED


async def test_nothing_is_shredded_twice_or_while_it_is_captured(recordings: Recordings, retention: Retention) -> None:
    await recordings.create(recording())
    await recordings.add_person(person())
    with pytest.raises(IllegalMove):
        await shred_all(retention)
    with pytest.raises(IllegalMove):
        await shred_one(retention, "p1")
    assert (await recordings.get("r1")).people == (person(),)
    await recordings.captured("r1", START + 1)
    await shred_all(retention)
    with pytest.raises(IllegalMove):
        await shred_all(retention)
    with pytest.raises(Unknown):
        await shred_one(retention, "p1")
    assert len(await retention.proofs("r1")) == 1


async def test_what_failed_before_anybody_was_recorded_can_be_shredded(
    recordings: Recordings, retention: Retention
) -> None:
    await recordings.create(recording())
    await recordings.failed("r1", "The disk is full.")
    assert (await shred_all(retention)).proof.keys == ()
    assert (await recordings.get("r1")).recording.state is RecordingState.SHREDDED


async def test_without_the_proof_nothing_is_deleted(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings)
    with pytest.raises(BadValue):
        await retention.shred_recording("r1", by="dr-1", reason="x" * 501, now=LATER)
    whole = await recordings.get("r1")
    assert whole.recording.state is RecordingState.CAPTURED
    assert [each.wrapped_key for each in whole.people] == [key_of("p1"), key_of("p2")]


async def test_files_are_remembered_until_they_are_removed(
    recordings: Recordings, retention: Retention, jobs: Jobs, other: Database
) -> None:
    await composed(recordings, jobs)
    assert await retention.files_to_remove() == []
    await shred_one(retention, "p1")
    again = Retention(other)  # after a crash
    assert set(await again.files_to_remove()) == {"r1/r1-p1.age", "r1/o1.age"}
    await again.file_removed("r1/o1.age")
    await again.file_removed("r1/o1.age")
    assert await again.files_to_remove() == ["r1/r1-p1.age"]
    assert (await shred_all(retention)).files == ("r1/r1-p2.age",)


# Nothing is left -----------------------------------------------------------------------------------------------------


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_a_deleted_key_is_in_no_file_of_a_sqlite_database(tmp_path: Path, migrated_file: Path) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(migrated_file, file)
    database = open_database(sqlite_url(file))
    await composed(Recordings(database), Jobs(database))
    before = bytes_of(tmp_path)
    assert all(key_of(each) in before for each in ("p1", "p2", "o1"))
    await shred_one(Retention(database), "p1")
    after = bytes_of(tmp_path)  # while it is open, as a thief would find it
    assert [key_of(each) in after for each in ("p1", "p2", "o1")] == [False, True, False]
    assert bytes(range(60, 200)) in after, "that is p2's"
    await shred_all(Retention(database))
    after = bytes_of(tmp_path)
    await database.close()
    for pages in (after, bytes_of(tmp_path)):
        assert b"a wrapped key of" not in pages
        assert bytes(range(100, 200)) not in pages


async def test_a_deleted_key_is_in_no_table_file_of_a_postgresql_server(postgres: Postgres, server_url: str) -> None:
    database = open_database(server_url)
    await composed(Recordings(database), Jobs(database))
    tables = postgres.data / "base"
    # as the server does by itself now and then: samples go into its own tables
    postgres.query(server_url, "ANALYZE")
    assert postgres.query(server_url, "SELECT count(*) FROM pg_stats WHERE tablename = 'recording_person'") != "0"
    assert postgres.query(server_url, "SELECT count(*) FROM pg_stats WHERE attname = 'wrapped_key'") == "0"
    postgres.checkpoint(server_url)
    assert b"a wrapped key of" in bytes_of_tables(tables, server_url, postgres)
    await shred_all(Retention(database))
    postgres.checkpoint(server_url)
    assert b"a wrapped key of" not in bytes_of_tables(tables, server_url, postgres)
    await database.close()


async def test_nor_when_somebody_reads_something_else_meanwhile(postgres: Postgres, server_url: str) -> None:
    database = open_database(server_url)
    await composed(Recordings(database), Jobs(database))
    other = open_database(server_url)
    async with other.reading() as reader:
        await reader.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        await reader.execute(text("SELECT 1 FROM consent_text"))  # from here on it sees this moment
        assert (await shred_all(Retention(database))).scrubbed
        postgres.checkpoint(server_url)
        assert b"a wrapped key of" not in bytes_of_tables(postgres.data / "base", server_url, postgres)
    await other.close()
    await database.close()


def bytes_of_tables(tables: Path, url: str, postgres: Postgres) -> bytes:
    """What stands in the files of this one database."""
    name = url.rpartition("/")[2]
    oid = postgres.query(url, f"SELECT oid FROM pg_database WHERE datname = '{name}'")
    return bytes_of(tables / oid)


async def test_a_scrub_that_a_backup_holds_up_says_so_and_can_be_done_later(
    tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_MS", 20)
    file = tmp_path / "clinic.db"
    shutil.copy(migrated_file, file)
    database = open_database(sqlite_url(file))
    await captured(Recordings(database))
    backup = sqlite3.connect(file, isolation_level=None)
    backup.execute("BEGIN")
    backup.execute("SELECT count(*) FROM recording").fetchone()
    done = await shred_all(Retention(database))
    assert not done.scrubbed
    assert b"a wrapped key of" in bytes_of(tmp_path)
    backup.execute("ROLLBACK")
    assert await database.scrub()
    assert b"a wrapped key of" not in bytes_of(tmp_path)
    backup.close()
    await database.close()


async def test_a_scrub_lets_a_backup_of_a_server_go_first(
    postgres: Postgres, server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "SCRUB_PATIENCE_MS", 20)
    database, backup = open_database(server_url), open_database(server_url)
    await captured(Recordings(database))
    async with backup.reading() as session:
        await session.execute(text("SELECT count(*) FROM recording_person"))
        assert not (await shred_all(Retention(database))).scrubbed
    assert await database.scrub()
    await database.close()
    await backup.close()


# Holds and deadlines -------------------------------------------------------------------------------------------------


async def test_nothing_of_what_is_on_hold_is_deleted(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings)
    await retention.hold("r1", by="dr-2", because="case 17", now=LATER)
    held = (await recordings.get("r1")).recording
    assert (held.held_by, held.held_because, held.held_at) == ("dr-2", "case 17", LATER)
    with pytest.raises(Held):
        await shred_all(retention)
    with pytest.raises(Held):
        await shred_one(retention, "p1")
    await retention.release("r1")
    await shred_all(retention)


async def test_a_hold_is_not_overwritten_and_not_released_twice(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings)
    with pytest.raises(Conflict):
        await retention.release("r1")
    await retention.hold("r1", by="dr-2", because="case 17", now=LATER)
    with pytest.raises(Conflict):
        await retention.hold("r1", by="dr-3", because="case 18", now=LATER)
    assert (await recordings.get("r1")).recording.held_by == "dr-2"
    with pytest.raises(Unknown):
        await retention.hold("r2", by="dr-2", because="", now=LATER)


async def test_what_is_gone_cannot_be_held(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings)
    await shred_all(retention)
    with pytest.raises(IllegalMove):
        await retention.hold("r1", by="dr-2", because="case 17", now=LATER)


async def test_due_is_what_is_over_its_time_and_may_go(recordings: Recordings, retention: Retention) -> None:
    for id, deadline in (("late", 30.0), ("later", 20.0), ("held", 10.0), ("not-yet", 60.0), ("gone", 10.0)):
        await captured(recordings, id, ("p1",), delete_after=START + deadline)
    await captured(recordings, "kept-for-ever", ("p1",))
    await recordings.create(recording("running", delete_after=START))
    await retention.hold("held", by="dr-2", because="case 17", now=START)
    await shred_all(retention, "gone")
    now = START + 50
    assert [each.id for each in await retention.due(now)] == ["later", "late"]
    assert [each.id for each in await retention.due(now, limit=1)] == ["later"]
    await recordings.keep_until("later", START + 51)
    await recordings.keep_until("late", None)
    assert await retention.due(now) == []
    await retention.release("held")
    assert [each.id for each in await retention.due(now)] == ["held"]


async def test_a_person_of_another_recording_is_not_found(recordings: Recordings, retention: Retention) -> None:
    await captured(recordings, "r1", ("p1",))
    await captured(recordings, "r2", ("p2",))
    with pytest.raises(Unknown):
        await shred_one(retention, "p2", "r1")
    with pytest.raises(IllegalMove):
        await recordings.open_track(track("late", "p1", "r1"))
