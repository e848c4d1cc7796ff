"""The audit log's tests run on both databases too, each in an empty one: nothing can be removed from a log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clinic.audit.log import AuditLog
from tests.clinic.audit.made_up import a_log


@pytest.fixture
async def log(empty_url: str, tmp_path: Path) -> AsyncIterator[AuditLog]:
    log = a_log(empty_url, tmp_path)
    yield log
    await log.close()
