from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.recording.storage.store import Store, a_store


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with a_store() as store:
        yield store
