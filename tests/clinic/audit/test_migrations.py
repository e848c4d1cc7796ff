"""The audit log's own chain of migrations, up and down on both databases, beside that of the clinic's records."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from clinic import Database, open_database
from clinic.audit.days import ACCESS
from clinic.audit.log import MIGRATIONS
from clinic.audit.tables import AuditTable
from tests.clinic.audit.made_up import a_log, event
from tests.sources import ROOT


async def run(database: Database, step: Any) -> Any:
    async with database.writing() as session:
        return await (await session.connection()).run_sync(step)


def drift(connection: Connection) -> list[Any]:
    options = {"compare_type": True, "compare_server_default": True, "version_table": "audit_version"}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), AuditTable.metadata))


def down(connection: Connection, to: str = "base") -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.downgrade(config, to)


async def test_up_down_and_up_again(empty_url: str, tmp_path: Any) -> None:
    database = open_database(empty_url, MIGRATIONS)
    await database.upgrade()
    await database.upgrade()
    assert await run(database, drift) == []
    await run(database, down)
    assert set(await run(database, lambda each: inspect(each).get_table_names())) <= {"audit_version"}
    await database.upgrade()
    assert await run(database, drift) == []
    await database.close()
    log = a_log(empty_url, tmp_path)
    await log.append([event()])
    await log.close()


async def test_both_chains_may_stand_in_one_database(empty_url: str, tmp_path: Any) -> None:
    clinic = open_database(empty_url)
    await clinic.upgrade()
    log = a_log(empty_url, tmp_path)
    await log.append([event()])
    await clinic.upgrade()
    assert (await log.head()).size == 1
    await clinic.close()
    await log.close()


def test_migrations_do_not_follow_the_models() -> None:
    versions = sorted((ROOT / "clinic/audit/migrations/versions").glob("[0-9]*.py"))
    assert versions
    assert not [each.name for each in versions if "clinic" in each.read_text()]


@pytest.mark.parametrize("column", ["kind", "actor", "session", "patient", "subject"])
async def test_what_is_searched_by_has_an_index(empty_url: str, column: str) -> None:
    database = open_database(empty_url, MIGRATIONS)
    await database.upgrade()
    found = await run(database, lambda each: inspect(each).get_indexes("audit_event"))
    assert [column, "at", "seq"] in [each["column_names"][:3] for each in found]
    await database.close()


async def test_what_was_there_before_is_counted(empty_url: str, tmp_path: Any) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(
        [event(kind="note.view"), event(1), event(90_000, kind="note.view"), event(90_001, kind="note.view")]
    )
    await run(log.database, lambda each: down(each, "0002"))
    await log.database.upgrade()
    assert await log.miscounted() == []
    await log.close()


def test_all_that_is_access_was_counted() -> None:
    """A kind that is added to them needs a migration that finds whose events are there already."""
    there = importlib.import_module("clinic.audit.migrations.versions.0004_who_had_access")
    assert set(there.ACCESS) == set(ACCESS)
