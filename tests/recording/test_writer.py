"""The writer's process, really started: what it was given is in files, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recording.age import Identity
from recording.sealed import SealedReader, finish
from recording.wire import Closed, CloseTrack, Done, Fact, Finished, Opened, OpenTrack, WantsPicture
from recording.writer import COMMAND, Writer
from tests.recording.media.content import Camera, Microphone, hear, see, times
from tests.recording.media.packetize import Packetizer

LISTENER = 3
PICTURE_US, SOUND_US = 33_333, 20_000


class Told:
    """What the writer has said, and what is to be waited for."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.deaths = self.revivals = 0
        self._news = asyncio.Event()

    def fact(self, fact: Fact) -> None:
        self.facts.append(fact)
        self._news.set()

    def died(self) -> None:
        self.deaths += 1
        self._news.set()

    def revived(self) -> None:
        self.revivals += 1
        self._news.set()

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def until(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def writing() -> AsyncIterator[tuple[Writer, Told]]:
    told = Told()
    writer = Writer(told.fact, told.died, told.revived)
    await writer.start()
    try:
        yield writer, told
    finally:
        await writer.close()


class Person:
    """Sends a picture and a sound through a listener's two slots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = Identity.generate(os.urandom)
        self.epoch = time.monotonic_ns() // 1000
        self.now = self.epoch
        self._camera, self._microphone = Camera("VP8"), Microphone()
        self._pictures, self._sounds = Packetizer("VP8", ssrc=1), Packetizer("opus", ssrc=2)
        self._picture = self._sound = 0

    def orders(self, picture: str = "picture", sound: str = "sound") -> list[OpenTrack]:
        recipient = str(self.identity.recipient)
        return [
            OpenTrack(LISTENER, "1", picture, "video", str(self.folder), recipient, self.epoch, 1, "camera", False),
            OpenTrack(LISTENER, "2", sound, "audio", str(self.folder), recipient, self.epoch, 1, "microphone", False),
        ]

    def batch(self, us: int = 100_000) -> bytes:
        """What a listener has heard in the next so many microseconds."""
        until, heard = self.now + us, b""
        while self.now < until:
            at = self.now - self.epoch
            if at >= self._picture * PICTURE_US:
                shown = self._camera.picture(self._picture, at, key=self._picture % 40 == 0)
                packets = self._pictures.packets(shown.data, 3000 * self._picture, shown.key)
                heard += b"".join(_heard(self.now, packet) for packet in packets)
                self._picture += 1
            if at >= self._sound * SOUND_US:
                played = self._microphone.sound(self._sound, at)
                packets = self._sounds.packets(played.data, 960 * self._sound, True)
                heard += b"".join(_heard(self.now, packet) for packet in packets)
                self._sound += 1
            self.now += 1000
        return heard

    def read(self, name: str) -> bytes:
        with SealedReader(self.folder, name, self.identity) as reader:
            return reader.read_at(0, reader.size)


def _heard(at: int, packet: bytes) -> bytes:
    return struct.pack("=qi", at, len(packet)) + packet


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


async def test_what_was_heard_is_in_files_when_they_are_closed(person: Person) -> None:
    async with writing() as (writer, told):
        for order in person.orders():
            writer.order(order)
        for _ in range(30):
            assert writer.heard(LISTENER, person.batch())
        writer.order(CloseTrack("picture"))
        writer.order(CloseTrack("sound"))
        await told.until(lambda: len(told.of(Closed)) == 2)
        assert writer.behind == 0
    assert {(fact.track, fact.codec, fact.at_ms) for fact in told.of(Opened) if isinstance(fact, Opened)} == {
        ("picture", "VP8", 0),
        ("sound", "opus", 0),
    }
    finished = {fact.track: fact for fact in told.of(Finished) if isinstance(fact, Finished)}
    assert 2_900 <= finished["picture"].duration_ms <= 3_000
    assert 2_950 <= finished["sound"].duration_ms <= 3_000
    assert [seen.number for seen in see(person.read("picture"))] == list(range(90))
    assert len(hear(person.read("sound"))) >= 145
    assert not list(person.folder.glob("*.tail.age"))


async def test_the_end_of_the_input_finishes_everything(person: Person) -> None:
    async with writing() as (writer, _):
        for order in person.orders():
            writer.order(order)
        for _ in range(10):
            writer.heard(LISTENER, person.batch())
    with SealedReader(person.folder, "picture", person.identity) as reader:
        assert reader.finished
    assert [seen.number for seen in see(person.read("picture"))] == list(range(30))


@pytest.mark.parametrize("seconds", [1, 3])
async def test_a_writer_that_is_killed_has_lost_less_than_a_second_and_another_one_goes_on(
    person: Person, seconds: int
) -> None:
    async with writing() as (writer, told):
        writer.heard(LISTENER, b"")
        await told.until(lambda: Done(1) in told.facts)  # it has come up
        for order in person.orders():
            writer.order(order)
        began = time.monotonic()
        for number in range(seconds * 10):
            writer.heard(LISTENER, person.batch())
            await asyncio.sleep(max(0.0, began + (number + 1) / 10 - time.monotonic()))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        await told.until(lambda: told.revivals == 1)
        assert told.deaths == 1
        for name in ("picture", "sound"):
            finish(person.folder, name, person.identity, os.urandom)
            kept = times(person.read(name))
            assert kept[-1] >= seconds * 1000 - 1000, name
        for order in person.orders("picture2", "sound2"):
            writer.order(order)
        for _ in range(20):
            assert writer.heard(LISTENER, person.batch())
        writer.order(CloseTrack("picture2"))
        await told.until(lambda: Closed("picture2", 0) in told.facts)
    assert any(isinstance(fact, WantsPicture) for fact in told.facts), "it cannot begin in mid-picture"
    numbers = [seen.number for seen in see(person.read("picture2"))]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_what_the_writer_is_given_in_a_wrong_form_is_dropped_and_the_rest_goes_on(person: Person) -> None:
    async with writing() as (writer, told):
        for order in person.orders():
            writer.order(order)
        writer.heard(LISTENER, _heard(person.now, b"\x80") + _heard(person.now, os.urandom(600)))
        for _ in range(10):
            writer.heard(LISTENER, person.batch())
        writer.heard(LISTENER + 1, person.batch())
        writer.order(CloseTrack("nothing of that name"))
        writer.order(CloseTrack("picture"))
        await told.until(lambda: any(isinstance(fact, Closed) for fact in told.facts))
        assert Done(12) in told.facts
    assert len(see(person.read("picture"))) == 30


async def test_no_secret_of_the_server_reaches_the_writers_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THERABOOK_API_KEY", "planted-secret")
    # only root could look for it in the process itself
    variables = tmp_path / "variables"
    told = Told()
    writer = Writer(told.fact, told.died, told.revived, ("sh", "-c", f"env > {variables}; exec {' '.join(COMMAND)}"))
    await writer.start()
    writer.heard(LISTENER, b"")
    await told.until(lambda: Done(1) in told.facts)
    await writer.close()
    environment = variables.read_text()
    assert "PATH=" in environment
    assert "planted-secret" not in environment
