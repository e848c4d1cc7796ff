"""Opening a database, and what happens when it is not as it should be."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from clinic import BadDatabase, Database, Recordings, Unavailable, Unknown, open_database, sqlite_url
from clinic import database as database_module
from clinic.rows import as_row
from clinic.tables import RecordingRow
from tests.clinic.made_up import captured, recording
from tests.clinic.postgres import Postgres


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_only_the_service_can_read_the_file_and_its_logs(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    await Recordings(database).create(recording())
    assert modes(tmp_path) == {"clinic.db": 0o600, "clinic.db-wal": 0o600, "clinic.db-shm": 0o600}
    await database.close()


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    file.touch(mode=0o644)
    with pytest.raises(BadDatabase, match="chmod 600"):
        open_database(sqlite_url(file))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "no database URL"),
        ("nonsense", "no database URL"),
        ("mysql://user:secret-word@host/clinic", "mysql is not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:////no/such/folder/clinic.db", "No such file or directory"),
    ],
)
def test_a_url_that_cannot_work_is_refused_with_a_sentence_and_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(BadDatabase, match=sentence) as refused:
        open_database(url)
    assert "secret-word" not in str(refused.value)


@pytest.mark.parametrize("folder", ["a folder", "100% ünï", "a?b#c"])
async def test_the_file_may_be_anywhere(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    database = open_database(sqlite_url(tmp_path / folder / "clinic.db"))
    await database.upgrade()
    await database.close()
    assert (tmp_path / folder / "clinic.db").stat().st_size > 0


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    file.write_bytes(b"something else entirely" * 100)
    file.chmod(0o600)
    database = open_database(sqlite_url(file))
    with pytest.raises(BadDatabase, match="not a database"):
        await database.upgrade()
    await database.close()
    assert file.read_bytes() == b"something else entirely" * 100


async def test_what_sqlite_is_told_holds_on_every_connection(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    async with database.reading() as one, database.reading() as two:
        for session in (one, two):
            said = {
                pragma: await session.scalar(text(f"PRAGMA {pragma}"))
                for pragma in ("journal_mode", "foreign_keys", "secure_delete", "synchronous", "busy_timeout")
            }
            assert said == {
                "journal_mode": "wal",
                "foreign_keys": 1,
                "secure_delete": 1,
                "synchronous": 2,
                "busy_timeout": database_module.BUSY_MS,
            }
    await database.close()


async def test_a_transaction_that_fails_leaves_nothing(database: Database, recordings: Recordings) -> None:
    async def half_a_change() -> None:
        async with database.writing() as session:
            session.add(as_row(RecordingRow, recording()))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_a_change()
    with pytest.raises(Unknown):
        await recordings.get("r1")


async def test_a_reader_sees_one_moment(database: Database, other: Database) -> None:
    count = text("SELECT count(*) FROM recording")
    async with database.reading() as session:
        before = await session.scalar(count)
        await Recordings(other).create(recording())
        assert await session.scalar(count) == before == 0
    async with database.reading() as session:
        assert await session.scalar(count) == 1


async def test_fifty_changes_at_once_are_all_kept(database: Database, other: Database) -> None:
    stores = [Recordings(database), Recordings(other)]
    await asyncio.gather(*(stores[n % 2].create(recording(f"r{n}")) for n in range(50)))
    assert len((await stores[0].find(limit=200)).recordings) == 50


async def test_a_file_that_stays_locked_is_said_and_works_again_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_MS", 20)
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    locker = sqlite3.connect(tmp_path / "clinic.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked"):
        await Recordings(database).create(recording())
    assert not (await Recordings(database).find()).recordings, "reading goes on meanwhile"
    locker.execute("ROLLBACK")
    locker.close()
    await Recordings(database).create(recording())
    await database.close()


async def test_a_full_disk_is_said_and_what_was_kept_stays(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    recordings = Recordings(database)
    async with database.writing() as session:  # the one connection that there is; all later ones use it again
        pages = await session.scalar(text("PRAGMA page_count"))
        await session.execute(text(f"PRAGMA max_page_count = {pages + 8}"))
    kept = 0
    with contextlib.suppress(Unavailable):
        while kept < 1000:
            await recordings.create(recording(f"r{kept:04}", key_provider="x" * 200))
            kept += 1
    assert 10 < kept < 1000
    with pytest.raises(Unavailable, match="full"):
        await recordings.create(recording(key_provider="x" * 200))
    assert [each.id for each in (await recordings.find(limit=200)).recordings] == [f"r{n:04}" for n in range(kept)][
        ::-1
    ]
    await database.close()


async def test_a_server_that_is_away_is_said_and_works_again_afterwards(postgres: Postgres, server_url: str) -> None:
    database = open_database(server_url)
    recordings = Recordings(database)
    await recordings.create(recording("before"))
    postgres.stop()
    try:
        for _ in range(2):  # a connection that broke, and one that is refused
            with pytest.raises(Unavailable) as said:
                await recordings.create(recording("meanwhile"))
            assert "127.0.0.1" not in str(said.value)
        with pytest.raises(Unavailable):
            await recordings.get("before")
    finally:
        postgres.start()
    await recordings.create(recording("after"))
    assert {each.id for each in (await recordings.find()).recordings} == {"before", "after"}
    await database.close()


async def test_a_server_that_was_restarted_meanwhile_is_not_noticed(postgres: Postgres, server_url: str) -> None:
    database = open_database(server_url)
    await Recordings(database).create(recording("before"))
    postgres.stop()
    postgres.start()
    await Recordings(database).create(recording("after"))
    await database.close()


async def test_a_server_without_the_database_is_said(postgres: Postgres) -> None:
    database = open_database(f"postgresql://clinic:secret-word@127.0.0.1:{postgres.port}/nowhere")
    with pytest.raises(BadDatabase, match="3D000") as said:
        await database.upgrade()
    assert "secret-word" not in str(said.value)
    await database.close()


async def test_errors_hold_no_values(database: Database, recordings: Recordings) -> None:
    await recordings.create(recording())
    with pytest.raises(Exception, match="contradicts") as raised:
        await recordings.create(recording(session="a-planted-value"))
    assert "planted" not in repr(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_defects_of_ours_do_not_print_values_either(server_url: str) -> None:
    database = open_database(server_url)
    with pytest.raises(ProgrammingError) as raised:
        async with database.reading() as session:
            await session.execute(text("SELECT * FROM nowhere WHERE word = :word"), {"word": "a-planted-value"})
    assert "nowhere" in str(raised.value)
    assert "planted" not in str(raised.value)
    await database.close()


async def test_calls_that_are_cancelled_leave_nothing_locked(database: Database, recordings: Recordings) -> None:
    async def cancelled_after(steps: int) -> None:
        call = asyncio.create_task(captured(recordings, f"r{steps}", ("p1",)))
        for _ in range(steps):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])

    for steps in range(0, 120, 4):
        await cancelled_after(steps)
    await recordings.create(recording("after"))
    assert (await recordings.find(limit=1)).recordings
