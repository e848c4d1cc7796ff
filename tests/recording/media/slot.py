"""One slot from a publisher's encoder through a bad line into a capture, and what the capture made of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from recording.frames import KINDS, Codec
from recording.track import Stretch, TrackCapture
from sfu import split_heard
from tests.recording.media.content import Camera, Encoded, Microphone
from tests.recording.media.line import Source
from tests.recording.media.packetize import Packetizer, sender_report
from tests.sim.heard import heard_of

SECOND = 1_000_000
SOUND_US = 20_000
PICTURE_US = 40_000
HANGOVER_US = 200_000
SILENCE_US = 400_000
KEY_SPACING_US = 400_000
"""A key frame is not asked for again sooner than this after the last one."""

LIT_US = 240_000
"""How long each second's flash and beep last."""


class Kept:
    """A file in memory. `room`: bytes until the disk is full."""

    def __init__(self, room: float = float("inf")) -> None:
        self.room = room
        self.data = bytearray()
        self.closed = False

    def write(self, data: bytes, /) -> int:
        assert not self.closed
        if len(self.data) + len(data) > self.room:
            raise OSError(28, "No space left on device")
        self.data += data
        return len(data)

    def close(self) -> None:
        assert not self.closed
        self.closed = True


@dataclass
class Network:
    """What happens to packets between the publisher and the tap."""

    loss: float = 0
    repaired: bool = True
    """What is lost comes 150 ms later."""
    doubled: float = 0
    jitter_us: int = 0


@dataclass
class Slot:
    codec: Codec
    network: Network = field(default_factory=Network)
    ppm: float = 0
    seed: int = 1
    origin: int = 5 * SECOND
    room: float = float("inf")

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.source = Source(KINDS[self.codec], self.ppm, 0xFFFFFF00, 0)
        self.packetizer = Packetizer(self.codec)
        self.files: list[Kept] = []
        self.stretches: list[Stretch] = []
        """One for each file."""
        self.capture = TrackCapture(KINDS[self.codec], self._open, self.origin)
        self._arriving: list[tuple[int, bytes]] = []
        self._begun = False
        self.lose_next = 0
        """Packets that are lost for good."""

    def _open(self, stretch: Stretch) -> Kept:
        self.stretches.append(stretch)
        self.files.append(Kept(self.room))
        return self.files[-1]

    @property
    def recorded(self) -> bytes:
        """The only file."""
        (file,) = self.files
        return bytes(file.data)

    def send(self, encoded: Encoded) -> None:
        for data in self.packetizer.packets(encoded.data, self.source.sent(encoded.at_us), encoded.key):
            arrival = encoded.at_us + 30_000 + int(self._chance.random() * self.network.jitter_us)
            if self.lose_next:
                self.lose_next -= 1
                continue
            if not self._begun:
                # the engine begins a slot with a packet that it has, and with nothing from before it
                self._begun = True
                arrival = encoded.at_us + 30_000
            elif self._chance.random() < self.network.loss:
                if not self.network.repaired:
                    continue
                arrival += 150_000
            self._arriving.append((arrival, data))
            if self._chance.random() < self.network.doubled:
                self._arriving.append((arrival + 10_000, data))

    def report(self, at_us: int) -> None:
        """From the engine, which knows the true time."""
        self._arriving.append((at_us, sender_report(self.packetizer.ssrc, at_us, self.source.sent(at_us))))

    def deliver(self, until_us: int) -> None:
        """As the tap gives it: what has arrived, in batches."""
        batch = sorted((each for each in self._arriving if each[0] <= until_us), key=lambda each: each[0])
        self._arriving = [each for each in self._arriving if each[0] > until_us]
        self.capture.feed(split_heard(heard_of(batch)))
        self.capture.expire(until_us)

    def finish(self, at_us: int) -> None:
        self.deliver(at_us + SECOND)
        self.capture.close()


def lit(at_us: int) -> bool:
    return at_us % SECOND < LIT_US


@dataclass
class Studio:
    """A camera and a microphone that see and hear the same: a flash and a beep with every second."""

    picture: Slot
    sound: Slot
    now: int = 5 * SECOND
    number: int = 0
    sent: list[Encoded] = field(default_factory=list)
    camera_on: bool = True
    microphone_on: bool = True
    reporting: bool = True
    silence_sent: bool = True
    """Else its first 200 ms and then one packet in 400 ms, as libopus does with DTX."""
    keys: int = 0
    key_at: int = 0

    def __post_init__(self) -> None:
        self.camera = Camera(self.picture.codec)
        self.microphone = Microphone()

    def run(self, seconds: float) -> None:
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            if self.now % SECOND == 0 and self.reporting:
                self.picture.report(self.now)
                self.sound.report(self.now)
            if self.microphone_on:
                sound = self.microphone.sound(0, self.now, lit(self.now))
                loud = lit(self.now) or lit(self.now - HANGOVER_US)
                if self.silence_sent or loud or self.now % SILENCE_US == 0:
                    self.sound.send(sound)
            if self.camera_on and self.now % PICTURE_US == 0:
                self._picture()
            self.picture.deliver(self.now)
            self.sound.deliver(self.now)
            self.now += SOUND_US

    def finish(self) -> None:
        self.picture.finish(self.now)
        self.sound.finish(self.now)

    def _picture(self) -> None:
        wanted = self.picture.capture.wants_key and self.now - self.key_at >= KEY_SPACING_US
        encoded = self.camera.picture(self.number, self.now, wanted or not self.number, lit(self.now))
        if encoded.key:
            self.keys += 1
            self.key_at = self.now
        self.number += 1
        self.sent.append(encoded)
        self.picture.send(encoded)
