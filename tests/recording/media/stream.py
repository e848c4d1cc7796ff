"""What the tests of all depacketizers need: real pictures as packets, and packets without their headers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from recording.frames import Codec, Depacketizer, Frame
from recording.rtp import Packet, read_packet
from tests.recording.media.content import Camera, Encoded
from tests.recording.media.packetize import Packetizer

PICTURE_TICKS = 3000


@dataclass(frozen=True)
class Sent:
    encoded: Encoded
    packets: tuple[Packet, ...]


@cache
def pictures(codec: Codec, count: int = 8, keys: tuple[int, ...] = (0,), flexible: bool = False) -> tuple[Sent, ...]:
    """`count` pictures, numbered from 0, of which those in `keys` are key frames."""
    camera, packetizer = Camera(codec), Packetizer(codec, flexible=flexible)
    sent = []
    for number in range(count):
        encoded = camera.picture(number, 33_333 * number, key=number in keys)
        assert encoded.key == (number in keys)
        sent.append(Sent(encoded, read(packetizer.packets(encoded.data, PICTURE_TICKS * number, encoded.key))))
    return tuple(sent)


def read(packets: Iterable[bytes]) -> tuple[Packet, ...]:
    return tuple(packet for data in packets if (packet := read_packet(0, data)) is not None)


def push(frames: Depacketizer, packets: Iterable[Packet | None]) -> list[Frame]:
    """None: a gap."""
    out = []
    for packet in packets:
        if packet is None:
            frames.gap()
            continue
        frame = frames.push(packet.timestamp, packet.marker, packet.payload)
        if frame is not None:
            out.append(frame)
    return out


def flat(sent: Iterable[Sent]) -> list[Packet]:
    return [packet for each in sent for packet in each.packets]


def numbers(frames: Iterable[Frame]) -> list[int]:
    """Which of the pictures came out."""
    return [frame.timestamp // PICTURE_TICKS for frame in frames]
