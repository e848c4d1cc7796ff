"""What is attacked: a server that has been set up, and its administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.signaling.accounts.staff import Browser, a_practice
from tests.signaling.server import Server


@pytest_asyncio.fixture
async def practice(tmp_path: Path) -> AsyncIterator[tuple[Server, Browser]]:
    async with a_practice(tmp_path) as served:
        yield served


@pytest.fixture
def server(practice: tuple[Server, Browser]) -> Server:
    return practice[0]


@pytest.fixture
def admin(practice: tuple[Server, Browser]) -> Browser:
    return practice[1]
