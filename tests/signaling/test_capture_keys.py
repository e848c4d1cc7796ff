"""The keys of a recording on their way to the writer: in the order in which things were heard, and gone when they are
to be."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest_asyncio

from recording.e2ee import Secret
from recording.wire import CloseTrack, ForgetKeys, Locked, SealTracks
from sfu import PeerId
from signaling import orders as o
from signaling.capture import Capture
from signaling.capture_parts import PROBLEMS, Parts
from signaling.captures import Captures
from signaling.clock import Clock
from signaling.recording_rules import ConsentPolicy


class Writer:
    """Remembers what it is given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def order(self, order: object) -> None:
        self.given.append(order)

    def use_key(self, order: Any) -> None:
        self.given.append((order.number, order.key_id, bytes(order.key.reveal())))

    def heard(self, listener: int, packets: bytes) -> bool:
        self.given.append(packets)
        return True


class Told:
    def __init__(self) -> None:
        self.warnings: list[str | None] = []

    def capture_warned(self, session: str, recording: str, problem: str | None) -> None:
        self.warnings.append(problem)


class Service:
    """One recording, which hears a batch each time that it is asked."""

    def __init__(self, folder: Path) -> None:
        self.writer, self.told = Writer(), Told()
        self.unopened: list[int] = []
        self.batches = 0
        media = SimpleNamespace(take=self._take, close_peer=lambda peer: None)
        parts = Parts(
            media=cast("Any", media),
            writer=cast("Any", self.writer),
            books=cast("Any", None),
            folder=folder,
            clock=Clock(),
            entropy=os.urandom,
            new_id=lambda: "id",
            told=cast("Any", self.told),
            ended=cast("Any", None),
            unopened=self.unopened.append,
        )
        self.capture = Capture(parts, "recording", "session", 1)
        self.capture.begun = True
        self.capture._listener = PeerId("listener")

    def _take(self, listener: PeerId) -> Any:
        self.batches += 1
        return SimpleNamespace(packets=b"heard %d" % self.batches, missed=0)


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    service = Service(tmp_path)
    yield service
    service.capture._worker.cancel()
    await asyncio.wait([service.capture._worker])


def key(byte: int = 1) -> Secret:
    return Secret(bytes([byte]) * 32)


async def test_what_was_heard_until_then_goes_to_the_writer_before_keys_are_forgotten(service: Service) -> None:
    first = key()
    service.capture.keys.use(7, 7 * 256, first)
    service.capture.forget_keys(7)
    assert service.writer.given == [(7, 7 * 256, b"\1" * 32), b"heard 1", ForgetKeys(1, 7)]
    assert bytes(first.reveal()) == bytes(32)
    assert len(service.capture.keys) == 0


async def test_when_it_ends_all_keys_are_forgotten_at_once(service: Service) -> None:
    keys = [key(1), key(2)]
    service.capture.keys.use(1, 256, keys[0])
    service.capture.keys.use(2, 512, keys[1])
    service.capture.end()
    assert service.writer.given[2:] == [b"heard 1", ForgetKeys(1, None)]
    assert all(bytes(each.reveal()) == bytes(32) for each in keys)


async def test_only_the_newest_key_of_each_is_kept_and_another_writer_is_given_it(service: Service) -> None:
    first, second = key(1), key(2)
    service.capture.keys.use(1, 256, first)
    service.capture.keys.use(1, 257, second)
    service.capture.keys.use(2, 512, key(3))
    assert bytes(first.reveal()) == bytes(32)
    service.writer.given.clear()
    service.capture.keys.use_again()
    assert service.writer.given == [(1, 257, b"\2" * 32), (2, 512, b"\3" * 32)]


async def test_whether_all_encrypt_changes_behind_what_was_heard(service: Service) -> None:
    service.capture.seal(False)
    assert service.writer.given == [b"heard 1", SealTracks(1, False)]
    assert not service.capture.sealed


async def test_people_are_told_of_what_cannot_be_opened_and_of_the_disk_first(service: Service) -> None:
    capture = service.capture
    capture.said(Locked("one", True))
    capture.said(Locked("two", True))
    capture.disk_hangs(True)
    capture.said(Locked("one", False))
    capture.disk_hangs(False)
    capture.said(Locked("two", False))
    locked, slow = PROBLEMS["locked"], PROBLEMS["disk_slow"]
    assert service.told.warnings == [locked, locked, slow, slow, locked, None]


async def test_every_order_of_a_room_finds_its_way(tmp_path: Path) -> None:
    """What `Captures` makes of keys and names, for a recording that has not begun."""
    captures = Captures(
        media=cast("Any", None),
        books=cast("Any", None),
        policy=ConsentPolicy(),
        folder=tmp_path,
        clock=Clock(),
        entropy=os.urandom,
        new_id=lambda: "id",
    )
    captures.told = cast("Any", Told())
    writer = Writer()
    captures._writer = cast("Any", writer)
    for order in (
        o.NameCaptured("r", "person-1", "Alex"),
        o.OpenWith("r", 3, 3 * 256, key()),
        o.SealCapture("r", False),
        o.ForgetKeys("r", 3),
        o.OpenWith("r", 3, 3 * 256 + 1, key(2)),
    ):
        captures.carry_out(order, "session", "all", None)
    captures._writer_revived()
    expected = [(3, 768, b"\1" * 32), SealTracks(1, False), ForgetKeys(1, 3), (3, 769, b"\2" * 32)]
    assert writer.given == [*expected, expected[-1]]
    assert not any(isinstance(each, CloseTrack) for each in writer.given)
    (capture,) = captures._captures.values()
    capture._worker.cancel()
    await asyncio.wait([capture._worker])
