"""One input's surroundings: an engine with an honest call in it and a peer that means harm.

    publisher ──▶ viewer       honest: must go on whatever happens
    publisher ──▶ hostile      so that it has something to ask for again
    hostile   ──▶ watcher      so that what it sends is forwarded to somebody

SRTP is left out (`plain.py`), so what goes in and comes out can be read as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from sfu.core import Engine
from tests.fuzz.plain import SESSION, without_libsrtp
from tests.sfu.client import check
from tests.sim.browser import LEVEL_ID, MID_ID, TRANSPORT_CC_ID, rtp, vp8_descriptor

RID_ID, REPAIRED_ID = 10, 11
OPUS, VP8, VP8_RTX, VP9, VP9_RTX, H264, H264_RTX = 111, 96, 97, 98, 99, 102, 103
VIDEO_CODECS = [(VP8, "VP8", VP8_RTX), (VP9, "VP9", VP9_RTX), (H264, "H264", H264_RTX)]
AUDIO_CODECS = [(OPUS, "opus", -1)]

CAMERA, CAMERA_RTX, VOICE = 0x1001, 0x1002, 0x1003
HONEST_CAMERA, HONEST_VOICE = 0x2001, 0x2003
"""SSRCs of what is published, and below of the slots that it is received in."""
PICTURE, PICTURE_RTX, SOUND = 0x3001, 0x3002, 0x3003

MAX_PEERS = 8
PAUSES_US = (0, 250, 1_000, 5_000, 20_000, 60_000, 1_000_000, 10_000_000)

STRANGER = Engine.udp_address("203.0.113.9", 9)

PASSWORD = "the+servers+password/0123"
CHECKS = [check(f"guest{name}:page", PASSWORD, transaction=bytes(12)) for name in range(4)]
"""With which the guests come in, made once: digests take longer than most inputs."""

Datagram = tuple[bytes, bytes]
"""What came out, and where to."""


class Guest:
    def __init__(self, world: World, name: int) -> None:
        self.address = Engine.udp_address("192.0.2.1", 2000 + name)
        engine = world.engine
        self.peer = engine.add_peer()
        engine.set_credentials(self.peer, f"guest{name}", "page", PASSWORD)
        engine.process([(CHECKS[name], self.address)], world.now)
        engine.set_extensions(
            self.peer,
            mid=MID_ID,
            rid=RID_ID,
            repaired_rid=REPAIRED_ID,
            transport_cc=TRANSPORT_CC_ID,
            audio_level=LEVEL_ID,
        )
        engine.set_keys(self.peer, SESSION, SESSION)


class World:
    """`now` is moved by `wait`; what the engine sent is in what `give` and `wait` return."""

    def __init__(self) -> None:
        self.engine = Engine(max_peers=MAX_PEERS, seed=1)
        self.now = 1_000_000
        self.engine.tick(self.now)
        self.publisher, self.viewer, self.hostile, self.watcher = (Guest(self, name) for name in range(4))
        engine = self.engine
        self.honest_tracks = (
            engine.add_track(self.publisher.peer, "0", "audio", AUDIO_CODECS),
            engine.add_track(self.publisher.peer, "1", "video", VIDEO_CODECS),
        )
        engine.add_ssrc(self.honest_tracks[0], HONEST_VOICE)
        engine.add_ssrc(self.honest_tracks[1], HONEST_CAMERA)
        self.microphone = engine.add_track(self.hostile.peer, "0", "audio", AUDIO_CODECS)
        self.camera = engine.add_track(self.hostile.peer, "1", "video", VIDEO_CODECS)
        self.screen = engine.add_track(self.hostile.peer, "2", "video", VIDEO_CODECS)
        """Its streams are not named: they are found by MID and RID."""
        engine.add_ssrc(self.microphone, VOICE)
        engine.add_ssrc(self.camera, CAMERA, CAMERA_RTX)
        for guest, tracks in (
            (self.viewer, self.honest_tracks),
            (self.hostile, self.honest_tracks),
            (self.watcher, (self.microphone, self.camera)),
        ):
            engine.connect(engine.add_slot(guest.peer, SOUND, 0, AUDIO_CODECS), tracks[0])
            engine.connect(engine.add_slot(guest.peer, PICTURE, PICTURE_RTX, VIDEO_CODECS), tracks[1])
        self.screen_slot = engine.add_slot(self.watcher.peer, PICTURE + 0x10, PICTURE_RTX + 0x10, VIDEO_CODECS)
        engine.connect(self.screen_slot, self.screen)
        self._pictures = self._sounds = 0
        engine.drain()

    def give(self, data: bytes, source: bytes) -> list[Datagram]:
        self.engine.process([(data, source)], self.now)
        return self.engine.drain()

    def wait(self, microseconds: int) -> list[Datagram]:
        """In steps as the media thread takes them, at least one; a long time in few."""
        end = self.now + microseconds
        step = max(5_000, microseconds // 20)
        while True:
            self.now = min(self.now + step, end)
            self.engine.tick(self.now)
            if self.now == end:
                return self.engine.drain()

    def honest_picture(self) -> bytes:
        """A key frame of one packet from the publisher, which is given to the engine; returns the packet."""
        self._pictures += 1
        number = self._pictures
        payload = vp8_descriptor(number, number, True) + struct.pack("!BI", 0, number) + bytes(40)
        packet = rtp(VP8, number, 3000 * number, HONEST_CAMERA, payload, True)
        self.engine.process([(packet, self.publisher.address)], self.now)
        return packet

    def honest_sound(self) -> bytes:
        self._sounds += 1
        number = self._sounds
        packet = rtp(OPUS, number, 960 * number, HONEST_VOICE, struct.pack("!I", number) + bytes(20))
        self.engine.process([(packet, self.publisher.address)], self.now)
        return packet

    def check_honest_call(self) -> None:
        """What the publisher sends reaches the viewer, each once and unchanged."""
        self.engine.drain()
        sound = self.honest_sound()[12:]
        heard = [data for data, address in self.engine.drain() if address == self.viewer.address]
        assert [(ssrc_of(data), data[12:]) for data in heard] == [(SOUND, sound)], "the honest sound is not forwarded"
        picture = self.honest_picture()[12:]
        seen = [data for data, address in self.engine.drain() if address == self.viewer.address and not is_rtcp(data)]
        assert [ssrc_of(data) for data in seen] == [PICTURE], "the honest picture is not forwarded"
        # its picture ids are the slot's own
        assert (seen[0][12:14], seen[0][17:]) == (picture[:2], picture[5:]), "the honest picture was changed"


@contextmanager
def world() -> Iterator[World]:
    """Ends with a look at the honest call."""
    with without_libsrtp():
        made = World()
        yield made
        made.check_honest_call()


def ssrc_of(packet: bytes) -> int:
    return int(struct.unpack_from("!I", packet, 8)[0])


def is_rtcp(packet: bytes) -> bool:
    return len(packet) >= 2 and 192 <= packet[1] <= 223
