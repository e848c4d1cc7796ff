"""As the store's tests: what matters to the database runs on both."""

from __future__ import annotations

from tests.clinic.conftest import migrated_file, migrated_url, postgres, server_url, url

__all__ = ["migrated_file", "migrated_url", "postgres", "server_url", "url"]
