"""The migrations lead to the tables that `clinic/tables.py` describes, on both databases, whoever comes first."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from clinic import BadDatabase, Database, Recordings, open_database, sqlite_url
from clinic.tables import Table
from tests.clinic.made_up import recording
from tests.sources import ROOT

UPGRADE = """
import asyncio, sys
from clinic import open_database

async def run() -> None:
    database = open_database(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    await database.upgrade()
    await database.close()

asyncio.run(run())
"""


async def drift(database: Database) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, Table.metadata))

    async with database.reading() as session:
        return await (await session.connection()).run_sync(compare)


async def test_the_migrated_tables_are_those_that_are_described(database: Database) -> None:
    assert await drift(database) == []


async def test_a_difference_would_be_found(empty_url: str) -> None:
    database = open_database(empty_url)
    await database.upgrade()
    async with database.writing() as session:
        await session.execute(text("ALTER TABLE job ADD COLUMN forgotten INTEGER"))
        await session.execute(text("DROP INDEX ix_recording_session"))
    assert len(await drift(database)) == 2
    await database.close()


async def test_upgrading_again_changes_nothing(empty_url: str) -> None:
    for _ in range(2):
        database = open_database(empty_url)
        await database.upgrade()
        await database.upgrade()
        await database.close()
    database = open_database(empty_url)
    await Recordings(database).create(recording())
    await database.upgrade()
    assert (await Recordings(database).get("r1")).recording == recording()
    await database.close()


async def test_four_processes_that_start_at_once_all_find_their_tables(empty_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", UPGRADE, empty_url),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for each in started:
        assert each.stdout is not None
        assert await each.stdout.readline() == b"ready\n"
    ended = await asyncio.gather(*(each.communicate(b"go\n") for each in started))
    assert [(each.returncode, said[1]) for each, said in zip(started, ended, strict=True)] == [(0, b"")] * 4
    database = open_database(empty_url)
    await Recordings(database).create(recording())
    assert await drift(database) == []
    await database.close()


async def test_a_new_file_that_another_process_is_setting_up_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    database = open_database(sqlite_url(file))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    upgrading = asyncio.create_task(database.upgrade())
    await asyncio.sleep(0.2)
    assert not upgrading.done()
    other.execute("COMMIT")
    other.close()
    await upgrading
    assert await drift(database) == []
    await database.close()


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty_url: str) -> None:
    database = open_database(empty_url)
    await database.upgrade()
    async with database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadDatabase, match="newer version"):
        await database.upgrade()
    async with database.reading() as session:
        assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
    await database.close()


def test_migrations_do_not_follow_the_models(tmp_path: Path) -> None:
    """What was released must do tomorrow what it did today."""
    versions = sorted((ROOT / "clinic/migrations/versions").glob("[0-9]*.py"))
    assert versions
    assert not [
        file.name for file in versions if "from clinic" in file.read_text() or "import clinic" in file.read_text()
    ]
