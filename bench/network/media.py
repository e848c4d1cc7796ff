"""What is in simulated packets: VP8's descriptor as the server reads it, and behind it which frame of whom this is."""

from __future__ import annotations

import struct
from dataclasses import dataclass

VP8_PT, VP8_RTX_PT, OPUS_PT, RED_PT = 96, 97, 111, 63
VIDEO_CODECS = [(VP8_PT, "VP8", VP8_RTX_PT)]
AUDIO_CODECS = [(OPUS_PT, "opus", -1)]
HEARD_CODECS = [(OPUS_PT, "opus", RED_PT)]
"""Of a slot: sound may come in redundant packets."""

VIDEO_CLOCK, AUDIO_CLOCK = 90_000, 48_000
PACKET_BYTES = 1_100
"""Of a frame, in one packet."""

PICTURE = struct.Struct("!HIHHQ")
HEADER = 10
"""Bytes of VP8's own header (RFC 6386, section 9.1), in every packet so that the rest is at one place."""

DESCRIPTOR = 6
SOUND = struct.Struct("!HIQB")
TEMPORAL = (0, 2, 1, 2)
"""Temporal layers of four pictures: L1T3."""


@dataclass(frozen=True)
class Piece:
    """A packet of a frame."""

    key: bool
    name: int
    frame: int
    index: int
    count: int
    captured: int


def cut(name: int, frame: int, key: bool, size: int, captured: int, tl0: int, lines: int) -> list[bytes]:
    """A frame's packets, of about `size` bytes together; `lines`: the picture's height."""
    header = bytes([0x10, 0, 0, 0x9D, 0x01, 0x2A]) + struct.pack("<HH", lines * 16 // 9, lines) if key else b"\x11"
    header += bytes(HEADER - len(header))
    count = max(-(-size // PACKET_BYTES), 1)
    each = size // count
    temporal = 0 if key else TEMPORAL[frame % len(TEMPORAL)]
    packets = []
    for index in range(count):
        # X and S; I, L and T; the picture's id; TL0PICIDX; temporal layer, and Y where only the base is needed
        descriptor = bytes([0x90 if index == 0 else 0x80, 0xE0]) + struct.pack("!H", 0x8000 | frame & 0x7FFF)
        descriptor += bytes([tl0 & 0xFF, temporal << 6 | (0x20 if temporal == 1 else 0)])
        head = header + PICTURE.pack(name, frame, index, count, captured)
        packets.append(descriptor + head + bytes(max(each - len(descriptor) - len(head), 0)))
    return packets


def piece(payload: bytes) -> Piece | None:
    """None for padding, and for what is too short to be one of ours."""
    if len(payload) < DESCRIPTOR + HEADER + PICTURE.size:
        return None
    name, frame, index, count, captured = PICTURE.unpack_from(payload, DESCRIPTOR + HEADER)
    return Piece(not payload[DESCRIPTOR] & 1, name, frame, index, count, captured)


def sound(name: int, number: int, now: int, size: int, copies: bool) -> bytes:
    """`copies`: it holds the sound before it once more (Opus in-band FEC)."""
    head = SOUND.pack(name, number, now, copies)
    return head + bytes(max(size - len(head), 0))


def heard(payload: bytes) -> tuple[int, int, bool] | None:
    """(number, when, whether it holds a copy of the one before)."""
    if len(payload) < SOUND.size:
        return None
    _, number, sent, copies = SOUND.unpack_from(payload)
    return number, sent, bool(copies)


def blocks(payload: bytes) -> list[bytes]:
    """Of a redundant packet (RFC 2198, section 3), in the order of time: the last one is its own."""
    at, sizes = 0, []
    while payload[at] & 0x80:
        sizes.append(int.from_bytes(payload[at + 1 : at + 4], "big") & 0x3FF)
        at += 4
    at += 1
    found = []
    for size in sizes:
        found.append(payload[at : at + size])
        at += size
    return [*found, payload[at:]]
