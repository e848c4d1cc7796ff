"""Memory goes back to the system when a crowd has left."""

from __future__ import annotations

import asyncio

import pytest

from sfu import leftovers
from sfu.leftovers import MANY, Leftovers

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "PAUSE", 0.01)


async def test_memory_is_given_back_once_after_a_crowd_has_left() -> None:
    given: list[None] = []
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def give_back() -> None:
        given.append(None)
        loop.call_soon_threadsafe(done.set)

    left = Leftovers(give_back)
    for _ in range(3 * MANY):
        left.left()
    await asyncio.wait_for(done.wait(), 5)
    left.left()
    assert len(given) == 1


async def test_a_few_who_leave_are_no_reason() -> None:
    left = Leftovers(lambda: pytest.fail("for so few"))
    for _ in range(MANY - 1):
        left.left()
    await asyncio.sleep(0.1)


async def test_after_the_end_nothing_begins() -> None:
    left = Leftovers(lambda: pytest.fail("after the end"))
    for _ in range(MANY):
        left.left()
    left.close()
    await asyncio.sleep(0.1)


async def test_the_c_library_is_asked_where_it_can_be() -> None:
    left = Leftovers()
    for _ in range(MANY):
        left.left()
    await asyncio.sleep(0.1)
    assert left._work is not None
    await asyncio.to_thread(left._work.join, 5)
    assert not left._work.is_alive(), "it leaves no thread behind"
