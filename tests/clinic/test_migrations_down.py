"""The migrations of the practice's own records lead back as well, on both databases, and forward again."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect

from clinic import open_database
from clinic.database import MIGRATIONS
from tests.clinic.test_migrations import drift

CALLS_ONLY = "0003"
"""The last migration of calls and recordings. Those before it have no way back."""


def down(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.downgrade(config, CALLS_ONLY)


async def test_every_migration_leads_back_and_forward_again(empty_url: str) -> None:
    database = open_database(empty_url)
    for _ in range(2):
        await database.upgrade()
        assert await drift(database) == []
        async with database.writing() as session:
            connection = await session.connection()
            await connection.run_sync(down)
            tables = set(await connection.run_sync(lambda each: inspect(each).get_table_names()))
        assert {"account", "appointment", "emergency", "api_key"} & tables == set()
        assert "recording" in tables
    await database.close()
