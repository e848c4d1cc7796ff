"""Reading ahead: the same bytes, in fewer requests."""

from __future__ import annotations

import random

import pytest

from recording.storage import Unreachable
from recording.storage.ahead import BLOCK, CACHED, MOST_BLOCKS, Ahead
from tests.recording.age.made_up import text


class Far:
    """A file, and what was asked of it."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[tuple[int, int]] = []
        self.ahead = Ahead(self.fetch, len(content))

    def fetch(self, offset: int, size: int) -> bytes:
        self.asked.append((offset, size))
        return self.content[offset : offset + size]


def test_any_range_is_what_the_file_has_there() -> None:
    far = Far(text(3_000_017))
    dice = random.Random(7)
    for _ in range(300):
        offset, size = dice.randrange(3_000_100), dice.choice((0, 1, 16, 65_552, 400_000, 3_000_100))
        assert far.ahead.read_at(offset, size) == far.content[offset : offset + size]
        assert len(far.ahead._blocks) <= CACHED


def test_whoever_reads_on_asks_seldom() -> None:
    far = Far(text(16 * 1024 * 1024))
    for offset in range(0, len(far.content), 65_552):
        far.ahead.read_at(offset, 65_552)
    assert sum(size for _, size in far.asked) == len(far.content), "nothing twice"
    assert len(far.asked) < 22
    assert max(size for _, size in far.asked) == MOST_BLOCKS * BLOCK


def test_a_jump_costs_one_block() -> None:
    far = Far(text(16 * 1024 * 1024))
    for offset in (0, 15_000_000, 7_000_000, 3_000_000):
        far.ahead.read_at(offset, 100)
    assert [size for _, size in far.asked] == [BLOCK] * 4


def test_what_was_read_just_now_is_not_asked_for_again() -> None:
    far = Far(text(1_000_000))
    far.ahead.read_at(500_000, 100)
    far.ahead.read_at(0, 100)
    far.ahead.read_at(500_000, 100)
    assert len(far.asked) == 2


def test_less_than_was_asked_for_is_an_error() -> None:
    far = Far(text(1_000_000))
    far.content = far.content[:300_000]
    with pytest.raises(Unreachable, match="less"):
        far.ahead.read_at(400_000, 10)


def test_an_empty_file_is_never_asked_for() -> None:
    far = Far(b"")
    assert far.ahead.read_at(0, 100) == b""
    assert far.asked == []
