"""Every test of the store runs on both databases: on a file, and on a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from clinic import Consents, Database, Jobs, Recordings, Retention, Viewings, open_database, sqlite_url
from clinic.accounts import tables as _accounts  # noqa: F401 - its tables are part of the metadata
from clinic.alerts import tables as _alerts  # noqa: F401 - its tables are part of the metadata
from clinic.appointments import tables as _appointments  # noqa: F401
from clinic.keeping import tables as _keeping  # noqa: F401 - its tables are part of the metadata
from clinic.messages import tables as _messages  # noqa: F401
from clinic.notes import tables as _notes  # noqa: F401
from clinic.tables import Table
from clinic.usage import tables as _usage  # noqa: F401 - its tables are part of the metadata
from clinic.webhooks import tables as _webhooks  # noqa: F401
from tests.clinic.postgres import Postgres, a_postgres

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "clinic.db"
    upgrade(sqlite_url(file))
    return file


@pytest.fixture(scope="session")
def migrated_url(postgres: Postgres) -> str:
    url = postgres.fresh()
    upgrade(url)
    return url


@pytest.fixture
def server_url(postgres: Postgres, migrated_url: str) -> str:
    """A database on the server that is up to date, and empty."""
    postgres.query(migrated_url, f"TRUNCATE {', '.join(Table.metadata.tables)} RESTART IDENTITY")
    return migrated_url


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "clinic.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.fresh()


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is up to date, and empty."""
    if request.param == "sqlite":
        file = tmp_path / "clinic.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        return sqlite_url(file)
    return str(request.getfixturevalue("server_url"))


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = open_database(url)
    yield database
    await database.close()


@pytest.fixture
async def other(url: str) -> AsyncIterator[Database]:
    """The same database, as another process sees it."""
    database = open_database(url)
    yield database
    await database.close()


@pytest.fixture
def recordings(database: Database) -> Recordings:
    return Recordings(database)


@pytest.fixture
def retention(database: Database) -> Retention:
    return Retention(database)


@pytest.fixture
def jobs(database: Database) -> Jobs:
    return Jobs(database)


@pytest.fixture
def consents(database: Database) -> Consents:
    return Consents(database)


@pytest.fixture
def viewings(database: Database) -> Viewings:
    return Viewings(database)


def upgrade(url: str) -> None:
    async def run() -> None:
        database = open_database(url)
        await database.upgrade()
        await database.close()

    asyncio.run(run())
