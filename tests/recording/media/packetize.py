"""From frames to RTP packets as browsers send them, small ones, so that small pictures too have several."""

from __future__ import annotations

import struct

from recording.frames import CODECS, Codec
from tests.sim.browser import rtp

LARGEST = 40
"""Bytes of a payload, without its descriptor."""

PAYLOAD_TYPES: dict[Codec, int] = {codec: number for number, codec in CODECS.items()}

START_CODES = (b"\x00\x00\x00\x01", b"\x00\x00\x01")


def pieces(data: bytes, size: int = LARGEST) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def vp8(frame: bytes, picture: int) -> list[bytes]:
    """RFC 7741 with everything: a long picture id, TL0PICIDX, TID and KEYIDX."""
    extension = struct.pack("!BHBB", 0xF0, 0x8000 | picture & 0x7FFF, picture & 0xFF, 0x20 | picture & 0x1F)
    return [bytes([0x90 if index == 0 else 0x80]) + extension + part for index, part in enumerate(pieces(frame))]


def vp9(frame: bytes, picture: int, key: bool, flexible: bool = False, spatial: int = 0) -> list[bytes]:
    """RFC 9628 with layer indices; key frames with a scalability structure."""
    parts = pieces(frame)
    payloads = []
    for index, part in enumerate(parts):
        first = 0x80 | 0x20 | (0 if key else 0x40) | (0x10 if flexible else 0)
        first |= (0x08 if index == 0 else 0) | (0x04 if index == len(parts) - 1 else 0)
        structure = b""
        if key and index == 0:
            first |= 0x02
            structure = struct.pack("!BHHBB", 0x18, 192, 96, 1, 0x04) + b"\x01"
        references = b"\x03\x04" if flexible and not key else b""
        layers = bytes([spatial << 1]) + (b"" if flexible else bytes([picture & 0xFF]))
        payloads.append(
            bytes([first]) + struct.pack("!H", 0x8000 | picture & 0x7FFF) + layers + references + structure + part
        )
    return payloads


def units(frame: bytes) -> list[bytes]:
    """The NAL units of an Annex B access unit."""
    found = []
    for part in frame.replace(START_CODES[0], START_CODES[1]).split(START_CODES[1]):
        if part:
            found.append(part)
    return found


def h264(frame: bytes) -> list[bytes]:
    """RFC 6184, mode 1: small units together, large ones in fragments."""
    payloads = []
    small: list[bytes] = []
    for unit in units(frame):
        if len(unit) <= LARGEST:
            small.append(unit)
            continue
        payloads += aggregated(small)
        small = []
        payloads += fragments(unit)
    return payloads + aggregated(small)


def aggregated(small: list[bytes]) -> list[bytes]:
    if len(small) < 2:
        return small
    return [b"\x78" + b"".join(struct.pack("!H", len(unit)) + unit for unit in small)]


def fragments(unit: bytes) -> list[bytes]:
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    parts = pieces(unit[1:])
    last = len(parts) - 1
    return [
        bytes([indicator, kind | (0x80 if index == 0 else 0) | (0x40 if index == last else 0)]) + part
        for index, part in enumerate(parts)
    ]


class Packetizer:
    """Numbers what one slot plays."""

    def __init__(self, codec: Codec, ssrc: int = 7, sequence: int = 65_500, flexible: bool = False) -> None:
        self.codec = codec
        self.ssrc = ssrc
        self.sequence = sequence
        self._flexible = flexible
        self._picture = 0x7FF0

    def packets(self, frame: bytes, timestamp: int, key: bool) -> list[bytes]:
        payloads = self._payloads(frame, key)
        self._picture += 1
        return self.number(payloads, timestamp)

    def number(self, payloads: list[bytes], timestamp: int) -> list[bytes]:
        packets = []
        for index, payload in enumerate(payloads):
            marker = self.codec != "opus" and index == len(payloads) - 1
            pt = PAYLOAD_TYPES[self.codec]
            packets.append(rtp(pt, self.sequence, timestamp, self.ssrc, payload, marker))
            self.sequence += 1
        return packets

    def _payloads(self, frame: bytes, key: bool) -> list[bytes]:
        if self.codec == "opus":
            return [frame]
        if self.codec == "VP8":
            return vp8(frame, self._picture)
        if self.codec == "VP9":
            return vp9(frame, self._picture, key, self._flexible)
        return h264(frame)


def sender_report(ssrc: int, at_us: int, timestamp: int) -> bytes:
    """As the engine writes one: its own clock, from NTP's epoch."""
    ntp = at_us + 2_208_988_800 * 1_000_000
    seconds, rest = divmod(ntp, 1_000_000)
    return struct.pack(
        "!BBHIIIIII", 0x80, 200, 6, ssrc, seconds, (rest << 32) // 1_000_000, timestamp & 0xFFFFFFFF, 0, 0
    )
