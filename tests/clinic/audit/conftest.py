"""The audit log's tests run on both databases too, each in an empty one: nothing can be removed from a log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clinic import sqlite_url
from clinic.audit.log import AuditLog
from tests.clinic.audit.made_up import a_log
from tests.clinic.conftest import BOTH
from tests.clinic.postgres import Postgres


@pytest.fixture(scope="session")
def audit_server_url(postgres: Postgres) -> str:
    return postgres.fresh()


@pytest.fixture(params=BOTH)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables. On the server always the same, emptied: a new one for each test takes gigabytes."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "audit.db")
    server: Postgres = request.getfixturevalue("postgres")
    url = str(request.getfixturevalue("audit_server_url"))
    server.query(url, "SET client_min_messages = warning; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return url


@pytest.fixture
async def log(empty_url: str, tmp_path: Path) -> AsyncIterator[AuditLog]:
    log = a_log(empty_url, tmp_path)
    yield log
    await log.close()
