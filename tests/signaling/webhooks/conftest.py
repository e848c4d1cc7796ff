"""As the store's tests, on both databases; and somebody who receives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clinic import Database
from tests.clinic.conftest import database, migrated_file, migrated_url, other, postgres, server_url, url
from tests.signaling.receiver import Receiver, a_receiver
from tests.signaling.webhooks.delivering import Office

__all__ = ["database", "migrated_file", "migrated_url", "other", "postgres", "server_url", "url"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    office = Office(database, tmp_path / "waiting")
    yield office
    await office.close()
