"""A disk that hangs, is full, or fails: what people are told, and what is in the files afterwards."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recording.disk_thread import HANGS, DiskThread
from recording.sealed import Disk
from recording.wire import Closed, CloseTrack, DiskHangs, Fact, Mended, Trouble
from recording.writing import Writing
from tests.recording.media.content import see
from tests.recording.test_writer import LISTENER, Person


class BadDisk(Disk):
    """Linux' own, that can be told to hang or to fail."""

    def __init__(self) -> None:
        self.goes = threading.Event()
        self.goes.set()
        self.error = 0

    def write(self, file: int, data: bytes, offset: int) -> None:
        self.goes.wait()
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        super().write(file, data, offset)


class Process:
    """What the writer's process does, in this one, with another disk."""

    def __init__(self, disk: BadDisk) -> None:
        self.disk = disk
        self.facts: list[Fact] = []
        self.thread = DiskThread(self.facts.append, time.monotonic)
        self.writing = Writing(self.facts.append, self.thread, os.urandom, disk)
        self.thread.start()

    def hears(self, person: Person, batches: int) -> None:
        """So many tenths of a second, as fast as they can be made."""
        for _ in range(batches):
            self.writing.heard(LISTENER, person.batch(), person.now)

    def until(self, holds: Callable[[], bool], seconds: float = 15) -> None:
        """Looks as the process does ten times a second."""
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, f"told: {self.facts[-5:]}"
            self.thread.look(time.monotonic())
            time.sleep(0.02)


@contextmanager
def process(person: Person) -> Iterator[Process]:
    running = Process(BadDisk())
    for order in person.orders():
        running.writing.order(order)
    try:
        yield running
    finally:
        running.disk.goes.set()
        running.disk.error = 0
        running.writing.finish()
        running.thread.finish()


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def test_a_disk_that_hangs_for_five_seconds_is_told_of_and_costs_nothing(person: Person) -> None:
    with process(person) as running:
        running.hears(person, 10)
        running.disk.goes.clear()
        began = time.monotonic()
        running.hears(person, 10)
        running.until(lambda: DiskHangs(True) in running.facts)
        assert time.monotonic() - began < HANGS + 1.5, "at once"
        running.hears(person, 40)
        running.until(lambda: time.monotonic() - began > 5)
        running.disk.goes.set()
        running.until(lambda: running.facts.count(DiskHangs(False)) == 1)
        running.hears(person, 10)
        running.writing.order(CloseTrack("picture"))
        running.until(lambda: Closed("picture", 0) in running.facts)
        assert not any(isinstance(fact, Trouble) for fact in running.facts)
    assert [seen.number for seen in see(person.read("picture"))] == list(range(210))


@pytest.mark.parametrize(
    ("error", "code"), [(errno.ENOSPC, "disk_full"), (errno.EROFS, "disk_failed"), (errno.EIO, "disk_failed")]
)
def test_a_disk_that_takes_nothing_is_told_of_and_takes_all_of_it_later(person: Person, error: int, code: str) -> None:
    with process(person) as running:
        running.hears(person, 10)
        running.disk.error = error
        running.hears(person, 20)
        running.until(
            lambda: {fact.track for fact in running.facts if isinstance(fact, Trouble)} == {"picture", "sound"}
        )
        assert {fact.code for fact in running.facts if isinstance(fact, Trouble)} == {code}
        running.disk.error = 0
        running.until(lambda: {Mended("picture", True), Mended("sound", True)} <= set(running.facts))
        running.hears(person, 10)
        running.writing.order(CloseTrack("picture"))
        running.until(lambda: Closed("picture", 0) in running.facts)
    assert [seen.number for seen in see(person.read("picture"))] == list(range(120))
