"""As the store's tests, on both databases; and a mail server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretBytes

from signaling.sealed_columns import SealedColumns
from tests.clinic.conftest import database, migrated_file, migrated_url, other, postgres, server_url, url
from tests.signaling.outbox.mail_server import MailServerForTests, a_mail_server

__all__ = ["database", "migrated_file", "migrated_url", "other", "postgres", "server_url", "url"]


@pytest.fixture
def seals() -> SealedColumns:
    return SealedColumns(SecretBytes(bytes(range(32))), os.urandom)


@pytest.fixture
async def mail_server(tmp_path: Path) -> AsyncIterator[MailServerForTests]:
    async with a_mail_server(tmp_path) as server:
        yield server
