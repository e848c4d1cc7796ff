"""A writer that stands still, with its disk or by itself: what the server says of it, and what is in the files then."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from recording.wire import Closed, CloseTrack, DiskHangs, Done
from recording.writer import SILENT, Writer
from tests.recording.media.content import see
from tests.recording.test_writer import LISTENER, Person, writing


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


async def test_a_writer_that_says_nothing_is_told_of_and_what_came_meanwhile_is_in_the_files(person: Person) -> None:
    async with writing() as (writer, told):
        writer.heard(LISTENER, b"")
        await told.until(lambda: Done(1) in told.facts)  # it has come up
        for order in person.orders():
            writer.order(order)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGSTOP)
        stopped_at, batches = time.monotonic(), 0
        try:
            while DiskHangs(True) not in told.facts:
                assert time.monotonic() - stopped_at < SILENT + 2
                assert writer.heard(LISTENER, person.batch())
                batches += 1
                await asyncio.sleep(0.1)
                writer.look()
            assert time.monotonic() - stopped_at >= SILENT
        finally:
            os.kill(writer.pid, signal.SIGCONT)
        await told.until(lambda: writer.behind == 0)
        writer.look()
        assert [fact for fact in told.facts if isinstance(fact, DiskHangs)] == [DiskHangs(True), DiskHangs(False)]
        writer.order(CloseTrack("picture"))
        await told.until(lambda: Closed("picture", 0) in told.facts)
    assert [seen.number for seen in see(person.read("picture"))] == list(range(3 * batches))


async def test_a_server_that_stood_still_itself_says_nothing_of_the_writer(person: Person) -> None:
    async with writing() as (writer, told):
        writer.heard(LISTENER, b"")
        await told.until(lambda: Done(1) in told.facts)
        writer.heard(LISTENER, person.batch())
        writer.look()
        time.sleep(SILENT + 0.2)  # noqa: ASYNC251 - the loop itself is held up
        writer.look()
        assert not told.of(DiskHangs)
        await told.until(lambda: writer.behind == 0)


async def test_a_writer_that_lived_is_started_again_at_once_and_one_that_cannot_live_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("recording.writer.PAUSE", 4.0)
    monkeypatch.setattr("recording.writer.LIVES", 0.0)
    async with writing() as (writer, told):
        _kill(writer)
        await told.until(lambda: told.revivals == 1, seconds=30)
        monkeypatch.setattr("recording.writer.LIVES", 60.0)
        _kill(writer)
        with pytest.raises(TimeoutError):
            await told.until(lambda: told.revivals == 2, seconds=2)
        assert told.deaths == 2


async def test_a_server_that_ends_while_its_writer_is_being_started_again_ends(person: Person) -> None:
    async with asyncio.timeout(15):
        async with writing() as (writer, told):
            _kill(writer)
            await told.until(lambda: told.deaths == 1)
        assert writer.pid is None


def _kill(writer: Writer) -> None:
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
