"""What people have encrypted, through the writer: a file holds what their encoders made, or nothing."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

from recording.age import Identity
from recording.disk_thread import DiskThread
from recording.e2ee import Secret, Sender, Source, seal_frame
from recording.frames import KINDS, RATES, Codec
from recording.opening import SOURCES, Keys
from recording.sealed import SealedReader
from recording.wire import (
    KEY,
    BrokenWire,
    Closed,
    CloseTrack,
    Fact,
    ForgetKeys,
    Frames,
    Locked,
    OpenTrack,
    SealTracks,
    UseKey,
    WantsPicture,
    key_frame,
    read_key,
)
from recording.writing import Writing
from tests.recording.media.content import Camera, Encoded, Microphone, hear, see
from tests.recording.media.packetize import Packetizer
from tests.recording.test_writer import LISTENER, writing

NUMBER = 7
FRAME_US = {"audio": 20_000, "video": 40_000}
CODECS: list[Codec] = ["opus", "VP8", "VP9", "H264"]


def key(epoch: int = 0, number: int = NUMBER, seed: int = 1) -> UseKey:
    return UseKey(LISTENER, number, number * 256 + epoch, Secret(bytes([seed + epoch]) * 32))


def sender(epoch: int = 0, number: int = NUMBER, seed: int = 1) -> Sender:
    given = key(epoch, number, seed)
    return Sender(given.key_id, given.key)


@dataclass
class Publisher:
    """One source of somebody: encoded, encrypted if wanted, and heard by the listener."""

    codec: Codec
    ssrc: int = 1
    epoch: int = 0
    sent: list[bytes] = field(default_factory=list)
    """What the encoder made."""

    def __post_init__(self) -> None:
        self.kind = KINDS[self.codec]
        self.source = "microphone" if self.kind == "audio" else "camera"
        self._packets = Packetizer(self.codec, ssrc=self.ssrc)
        self._camera = Camera(self.codec) if self.codec != "opus" else None
        self._microphone = Microphone()
        self._number = 0

    def order(self, folder: Path, identity: Identity, *, sealed: bool = True, number: int = NUMBER) -> OpenTrack:
        recipient, name = str(identity.recipient), f"track-{self.ssrc}"
        return OpenTrack(
            listener=LISTENER,
            slot=str(self.ssrc),
            track=name,
            kind=self.kind,
            folder=str(folder),
            recipient=recipient,
            epoch=self.epoch,
            number=number,
            source="microphone" if self.kind == "audio" else "camera",
            sealed=sealed,
        )

    def frame(self, key: bool = False) -> bytes:
        at = self._number * FRAME_US[self.kind]
        encoded: Encoded
        if self._camera is None:
            encoded = self._microphone.sound(self._number, at)
        else:
            encoded = self._camera.picture(self._number, at, key=key or not self._number)
        self.key = encoded.key
        self.sent.append(encoded.data)
        return encoded.data

    def heard(self, by: Sender | None, *, key: bool = False, source: Source | None = None) -> bytes:
        """One more frame, as a listener hears it."""
        data = self.frame(key)
        if by is not None:
            data = seal_frame(by, self.codec, source or SOURCES[self.source], data)
        return self.as_heard(data)

    def as_heard(self, data: bytes) -> bytes:
        timestamp = self._number * FRAME_US[self.kind] * RATES[self.kind] // 1_000_000
        at = self.epoch + self._number * FRAME_US[self.kind]
        self._number += 1
        packets = self._packets.packets(data, timestamp, self.key)
        return b"".join(struct.pack("=qi", at, len(packet)) + packet for packet in packets)


class Room:
    """The writer in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.identity = Identity.generate(os.urandom)
        self.facts: list[Fact] = []
        self.disk = DiskThread(self.facts.append, time.monotonic)
        self.disk.start()
        self.writing = Writing(self.facts.append, self.disk, os.urandom)
        self.now = 0

    def opens(self, publisher: Publisher, *, sealed: bool = True, number: int = NUMBER) -> Publisher:
        self.writing.order(publisher.order(self.folder, self.identity, sealed=sealed, number=number))
        return publisher

    def hears(self, packets: bytes, seconds: float = 0.04) -> None:
        self.now += int(seconds * 1e6)
        self.writing.heard(LISTENER, packets, self.now)

    def closes(self, publisher: Publisher) -> Closed:
        self.writing.order(CloseTrack(f"track-{publisher.ssrc}"))
        for _ in range(500):
            for fact in self.facts:
                if isinstance(fact, Closed) and fact.track == f"track-{publisher.ssrc}":
                    return fact
            time.sleep(0.01)
        raise AssertionError("it was never closed")

    def kept(self, publisher: Publisher) -> list[bytes]:
        """The frames in its file, as the decoder gets them."""
        name = f"track-{publisher.ssrc}"
        if not list(self.folder.glob(f"{name}*")):
            return []
        return frames(read(self.folder, name, self.identity))


def read(folder: Path, name: str, identity: Identity) -> bytes:
    with SealedReader(folder, name, identity) as reader:
        return reader.read_at(0, reader.size)


def frames(recorded: bytes) -> list[bytes]:
    with av.open(io.BytesIO(recorded), "r") as container:
        return [bytes(packet) for packet in container.demux(container.streams[0]) if packet.size]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.writing.finish()
    room.disk.finish()


@pytest.mark.parametrize("codec", CODECS)
async def test_the_file_plays_and_is_what_was_encrypted(tmp_path: Path, codec: Codec) -> None:
    identity = Identity.generate(os.urandom)
    epoch = time.monotonic_ns() // 1000
    sealed, clear = Publisher(codec, 1, epoch), Publisher(codec, 2, epoch)
    by = sender()
    async with writing() as (writer, told):
        writer.use_key(key())
        writer.order(sealed.order(tmp_path, identity))
        writer.order(clear.order(tmp_path, identity, sealed=False))
        for _ in range(12):
            batch = b"".join(sealed.heard(by) + clear.heard(None) for _ in range(4))
            assert writer.heard(LISTENER, batch)
        for name in ("track-1", "track-2"):
            writer.order(CloseTrack(name))
        await told.until(lambda: len(told.of(Closed)) == 2)
        assert {fact.unopened for fact in told.of(Closed) if isinstance(fact, Closed)} == {0}
    assert sealed.sent == clear.sent
    opened, plain = (read(tmp_path, name, identity) for name in ("track-1", "track-2"))
    assert frames(opened) == frames(plain)
    assert len(frames(opened)) == 48
    if codec == "opus":
        assert len(hear(opened)) >= 180
    else:
        assert [seen.number for seen in see(opened)] == list(range(48))


@pytest.mark.parametrize("codec", CODECS)
def test_without_a_key_there_is_no_file_at_all(room: Room, codec: Codec) -> None:
    publisher, by = room.opens(Publisher(codec)), sender()
    for _ in range(10):
        room.hears(publisher.heard(by, key=True))
    assert room.closes(publisher).unopened == 10
    assert not list(room.folder.iterdir())


def test_with_another_persons_key_neither(room: Room) -> None:
    room.writing.use(key(number=8))
    room.writing.use(key(seed=100))
    publisher, by = room.opens(Publisher("opus")), sender()
    for _ in range(10):
        room.hears(publisher.heard(by))
    room.hears(publisher.heard(sender(number=8)))
    assert room.closes(publisher).unopened == 11
    assert not list(room.folder.iterdir())


@pytest.mark.parametrize("codec", CODECS)
def test_a_key_that_comes_late_opens_what_comes_after_it(room: Room, codec: Codec) -> None:
    publisher, by = room.opens(Publisher(codec)), sender()
    for _ in range(5):
        room.hears(publisher.heard(by))
    room.writing.use(key())
    for number in range(10):
        room.hears(publisher.heard(by, key=number == 3))
    assert room.closes(publisher).unopened == (5 if codec == "opus" else pytest.approx(3, abs=2))
    assert len(room.kept(publisher)) == (10 if codec == "opus" else 7)


def test_a_picture_is_asked_for_when_one_could_not_be_opened_but_not_all_the_time(room: Room) -> None:
    publisher = room.opens(Publisher("VP8"))
    for _ in range(50):
        room.hears(publisher.heard(sender(seed=9)))
    assert 2 <= len([fact for fact in room.facts if isinstance(fact, WantsPicture)]) <= 3


@pytest.mark.parametrize("codec", CODECS)
def test_it_is_told_when_nothing_can_be_opened_for_some_time_and_when_it_can_again(room: Room, codec: Codec) -> None:
    publisher, by = room.opens(Publisher(codec)), sender()

    def told() -> list[bool]:
        return [fact.locked for fact in room.facts if isinstance(fact, Locked)]

    for number in range(100):
        room.hears(publisher.heard(by, key=number % 25 == 0))
    assert told() == []  # a key may be late
    for number in range(200):
        room.hears(publisher.heard(by, key=number % 25 == 0))
    assert told() == [True]
    room.writing.use(key())
    room.hears(publisher.heard(by, key=True))
    assert told() == [True, False]
    room.hears(b"", seconds=60)
    for _ in range(10):
        room.hears(publisher.heard(by, key=True))
    assert told() == [True, False]


def test_what_is_in_the_clear_is_nobodys_frame_where_all_encrypt(room: Room) -> None:
    room.writing.use(key())
    publisher = room.opens(Publisher("opus"))
    for _ in range(10):
        room.hears(publisher.heard(None))
    assert room.closes(publisher).unopened == 10


def test_the_screen_is_not_taken_for_the_camera(room: Room) -> None:
    room.writing.use(key())
    publisher, by = room.opens(Publisher("VP8")), sender()
    room.hears(publisher.heard(by, source=Source.SCREEN))
    assert room.closes(publisher).unopened == 1


@pytest.mark.parametrize("codec", CODECS)
def test_when_somebody_comes_who_cannot_encrypt_and_goes_again(room: Room, codec: Codec) -> None:
    """What somebody still seals, as they have not noticed, is opened; then all is as it came; then sealed again."""
    room.writing.use(key())
    publisher, by = room.opens(Publisher(codec)), sender()
    for _ in range(3):
        room.hears(publisher.heard(by))
    room.writing.order(SealTracks(LISTENER, False))
    for _ in range(3):
        room.hears(publisher.heard(by))
    for _ in range(3):
        room.hears(publisher.heard(None))
    room.writing.order(SealTracks(LISTENER, True))
    room.hears(publisher.heard(None))
    for number in range(3):
        room.hears(publisher.heard(by, key=number == 0))
    assert room.closes(publisher).unopened == 1
    assert len(room.kept(publisher)) == 12


def test_nothing_of_before_comes_twice_even_where_somebody_cannot_encrypt(room: Room) -> None:
    room.writing.use(key())
    publisher, by = room.opens(Publisher("opus"), sealed=False), sender()
    sealed = seal_frame(by, "opus", Source.MICROPHONE, publisher.frame(True))
    for _ in range(3):
        room.hears(publisher.as_heard(sealed))
    assert room.closes(publisher).unopened == 2
    assert room.kept(publisher) == publisher.sent


@pytest.mark.parametrize("person", [NUMBER, None])
@pytest.mark.parametrize("codec", CODECS)
def test_what_was_forgotten_opens_nothing_more_and_all_that_came_before_is_kept(
    room: Room, codec: Codec, person: int | None
) -> None:
    room.writing.use(key())
    publisher, by = room.opens(Publisher(codec)), sender()
    for _ in range(5):
        room.hears(publisher.heard(by))
    late = publisher.heard(by)
    room.hears(publisher.heard(by))  # waits for the one before it
    room.writing.order(ForgetKeys(LISTENER, person))
    for _ in range(5):
        room.hears(late)
        room.hears(publisher.heard(by, key=True))
    assert room.closes(publisher).unopened == 5
    assert len(room.kept(publisher)) == (6 if codec == "opus" else 5)


@pytest.mark.parametrize("codec", CODECS)
def test_a_pause_and_a_new_epoch_after_it(room: Room, codec: Codec) -> None:
    """During the pause they go on under a key that the recorder never gets."""
    room.writing.use(key(0))
    publisher = room.opens(Publisher(codec))
    before, meanwhile, after = sender(0), sender(1), sender(2)
    for _ in range(4):
        room.hears(publisher.heard(before))
    room.writing.order(ForgetKeys(LISTENER, None))
    for _ in range(4):
        room.hears(publisher.heard(meanwhile, key=True))
    room.writing.use(key(2))
    for number in range(4):
        room.hears(publisher.heard(after, key=number == 0))
    for _ in range(4):
        room.hears(publisher.heard(before, key=True) + publisher.heard(meanwhile, key=True))
    assert room.closes(publisher).unopened == 12
    assert len(room.kept(publisher)) == 8


def test_keys_change_in_the_middle_and_what_comes_late_under_the_one_before_is_opened(room: Room) -> None:
    room.writing.use(key(0))
    publisher, one, two = room.opens(Publisher("opus")), sender(0), sender(1)
    room.hears(publisher.heard(one))
    room.writing.use(key(1))
    room.hears(publisher.heard(two) + publisher.heard(one) + publisher.heard(two))
    room.hears(b"", seconds=11)
    room.hears(publisher.heard(one) + publisher.heard(two))
    assert room.closes(publisher).unopened == 1
    assert len(room.kept(publisher)) == 5


def test_one_persons_keys_are_nothing_to_anothers_tracks(room: Room) -> None:
    ada, bob = room.opens(Publisher("opus", 1)), room.opens(Publisher("opus", 2), number=8)
    room.writing.use(key())
    room.writing.use(key(number=8))
    by, bobs = sender(), sender(number=8)
    room.hears(ada.heard(by) + bob.heard(bobs))
    room.writing.order(ForgetKeys(LISTENER, NUMBER))
    room.hears(ada.heard(by) + bob.heard(bobs))
    room.hears(ada.heard(bobs) + bob.heard(by))
    assert (room.closes(ada).unopened, room.closes(bob).unopened) == (2, 1)
    assert (len(room.kept(ada)), len(room.kept(bob))) == (1, 2)


def test_a_million_keys_of_a_hostile_page_are_so_many_as_anybodys(room: Room) -> None:
    ada, bob = room.opens(Publisher("opus", 1)), room.opens(Publisher("opus", 2), number=8)
    room.writing.use(key(number=8))
    for number in range(2_000):
        room.writing.use(key(number % 200))
    room.writing.use(UseKey(LISTENER, NUMBER, 8 * 256, Secret(bytes(32))))
    room.writing.use(UseKey(LISTENER, NUMBER, 0xFFFFFFFF, Secret(bytes(32))))
    room.writing.use(UseKey(LISTENER, NUMBER, NUMBER * 256, Secret(bytes(5))))
    (listener,) = room.writing._listeners.values()
    assert len(listener.keys) == 17
    room.hears(ada.heard(sender(199)) + bob.heard(sender(number=8)))
    assert (room.closes(ada).unopened, room.closes(bob).unopened) == (0, 0)


def test_nothing_is_left_of_a_recording_that_is_over(room: Room) -> None:
    room.writing.use(key())
    publisher = room.opens(Publisher("opus"))
    room.writing.order(ForgetKeys(LISTENER, None))
    room.closes(publisher)
    assert not room.writing._listeners
    room.writing.use(key())
    room.writing.order(ForgetKeys(LISTENER, None))
    assert not room.writing._listeners


def test_a_key_is_printed_nowhere_and_overwritten_when_it_is_in_its_place(room: Room) -> None:
    order = key()
    secret = bytes(order.key.reveal())
    for text in (repr(order), str(order)):
        assert secret.hex() not in text
        assert str(secret) not in text
        assert "Secret(32 bytes)" in text
    with pytest.raises(TypeError):
        pickle.dumps(order)
    (frame,) = list(Frames().feed(memoryview(key_frame(order))))
    assert frame[0] == KEY
    assert read_key(frame[1]) == order
    room.writing.use(order)
    assert bytes(order.key.reveal()) == bytes(32)


def test_a_key_of_another_length_is_broken() -> None:
    (frame,) = list(Frames().feed(memoryview(key_frame(key()))))
    for body in (frame[1][:-1], frame[1] + b"x", b""):
        with pytest.raises(BrokenWire):
            read_key(body)


async def test_a_key_is_not_in_the_servers_memory_once_it_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes | bytearray] = []

    async with writing() as (writer, told):
        send = writer._send

        def watched(frame: bytes | bytearray) -> None:
            sent.append(frame)
            send(frame)

        monkeypatch.setattr(writer, "_send", watched)
        writer.use_key(key())
        assert sent == [bytearray(len(sent[0]))]
        publisher, by = Publisher("opus", epoch=time.monotonic_ns() // 1000), sender()
        writer.order(publisher.order(tmp_path, Identity.generate(os.urandom)))
        writer.heard(LISTENER, publisher.heard(by))
        writer.order(CloseTrack("track-1"))
        await told.until(lambda: bool(told.of(Closed)))
        assert told.of(Closed) == [Closed("track-1", 0, 0)]
        await asyncio.sleep(0)


def test_keys_that_are_forgotten_are_forgotten_by_whoever_still_holds_them() -> None:
    keys = Keys()
    for epoch in range(3):
        keys.use(NUMBER, NUMBER * 256 + epoch, key(epoch).key)
    keys.use(8, 8 * 256, key(number=8).key)
    rings = dict(keys._rings)
    keys.forget(NUMBER)
    assert (len(rings[NUMBER]), len(rings[8]), len(keys)) == (0, 1, 1)
    keys.forget(None)
    assert (len(rings[8]), len(keys)) == (0, 0)
