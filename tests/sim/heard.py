"""What a listener heard, one packet after another, and the other way round."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

_HEADER = struct.Struct("=qi")
"""When it came, microseconds, and its length."""


def packets_in(heard: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(heard):
        came, length = _HEADER.unpack_from(heard, at)
        at += _HEADER.size
        yield came, heard[at : at + length]
        at += length


def heard_of(packets: Iterable[tuple[int, bytes]]) -> bytes:
    return b"".join(part for came, packet in packets for part in (_HEADER.pack(came, len(packet)), packet))
