"""The formats once more, written for reading and not for speed, to compare the engine with."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rtp:
    """RFC 3550, section 5.1, and RFC 8285."""

    pt: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: dict[int, bytes] = field(default_factory=dict)


def read_rtp(data: bytes) -> Rtp | None:
    """None if it is malformed."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, seq, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    rest = data[12:]
    sources = 4 * (first & 15)
    if sources > len(rest):
        return None
    rest = rest[sources:]
    extensions: dict[int, bytes] | None = {}
    if first & 0x10:
        if len(rest) < 4:
            return None
        profile, words = struct.unpack_from("!HH", rest)
        if 4 + 4 * words > len(rest):
            return None
        extensions = _read_extensions(profile, rest[4 : 4 + 4 * words])
        rest = rest[4 + 4 * words :]
    if extensions is None:
        return None
    if first & 0x20:
        if not rest or not 1 <= rest[-1] <= len(rest):
            return None
        rest = rest[: -rest[-1]]
    return Rtp(second & 0x7F, bool(second & 0x80), seq, timestamp, ssrc, rest, extensions)


def _read_extensions(profile: int, data: bytes) -> dict[int, bytes] | None:
    found: dict[int, bytes] = {}
    if profile != 0xBEDE and profile >> 4 != 0x100:
        return found
    wide = profile != 0xBEDE
    while data:
        if data[0] == 0:
            data = data[1:]
            continue
        if wide and len(data) < 2:
            return None
        number, size = (data[0], data[1]) if wide else (data[0] >> 4, (data[0] & 15) + 1)
        data = data[2 if wide else 1 :]
        if not wide and number == 15:
            break
        if size > len(data):
            return None
        if size:
            found[number] = data[:size]
        data = data[size:]
    return found


@dataclass(frozen=True)
class Descriptor:
    """What of a payload is rewritten when it is forwarded, and whether a key frame begins with it."""

    key_start: bool = False
    picture: range = range(0)
    tl0: range = range(0)


def read_vp8(payload: bytes) -> Descriptor:
    """RFC 7741, sections 4.2 and 4.3."""
    rest = list(enumerate(payload))
    if not rest:
        return Descriptor()
    picture = tl0 = range(0)
    _, first = rest.pop(0)
    if first & 0x80:
        if not rest:
            return Descriptor()
        _, flags = rest.pop(0)
        if flags & 0x80:
            if not rest:
                return Descriptor()
            at, high = rest.pop(0)
            if high & 0x80:
                if not rest:
                    return Descriptor()
                rest.pop(0)
            picture = range(at, at + (2 if high & 0x80 else 1))
        if flags & 0x40:
            if not rest:
                return Descriptor(picture=picture)
            at, _ = rest.pop(0)
            tl0 = range(at, at + 1)
        if flags & 0x30:
            if not rest:
                return Descriptor(picture=picture, tl0=tl0)
            rest.pop(0)
    starts = first & 0x10 != 0 and first & 7 == 0
    return Descriptor(bool(rest) and starts and rest[0][1] & 1 == 0, picture, tl0)


def read_vp9(payload: bytes) -> Descriptor:
    """RFC 9628, section 4.2."""
    rest = list(enumerate(payload))
    if not rest:
        return Descriptor()
    picture = tl0 = range(0)
    lowest = True
    _, first = rest.pop(0)
    if first & 0x80:
        if not rest:
            return Descriptor()
        at, high = rest.pop(0)
        if high & 0x80:
            if not rest:
                return Descriptor()
            rest.pop(0)
        picture = range(at, at + (2 if high & 0x80 else 1))
    if first & 0x20:
        if not rest:
            return Descriptor(picture=picture)
        _, layers = rest.pop(0)
        lowest = layers >> 1 & 7 == 0
        if not first & 0x10:
            if not rest:
                return Descriptor(picture=picture)
            at, _ = rest.pop(0)
            tl0 = range(at, at + 1)
    return Descriptor(first & 0x40 == 0 and first & 8 != 0 and lowest, picture, tl0)


def read_h264(payload: bytes) -> Descriptor:
    """RFC 6184, sections 5.2, 5.7.1 and 5.8."""
    if not payload:
        return Descriptor()
    kind = payload[0] & 31
    if kind in (28, 29):
        return Descriptor(len(payload) > 1 and payload[1] & 0x80 != 0 and payload[1] & 31 in (5, 7))
    if kind == 24:
        return Descriptor(any(unit in (5, 7) for unit in _aggregated(payload[1:])))
    return Descriptor(kind in (5, 7))


def _aggregated(data: bytes) -> Iterator[int]:
    while len(data) >= 3:
        (size,) = struct.unpack_from("!H", data)
        yield data[2] & 31
        data = data[2 + size :]


def masked(payload: bytes, descriptor: Descriptor) -> bytes:
    """What stays the same when picture ids are rewritten: all but their bits."""
    changed = bytearray(payload)
    for at in descriptor.picture:
        changed[at] &= 0x80 if at == descriptor.picture.start else 0
    for at in descriptor.tl0:
        changed[at] = 0
    return bytes(changed)


@dataclass(frozen=True)
class Arrivals:
    """One transport-wide feedback message (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

    number: int
    first: int
    count: int
    arrived: dict[int, int]
    """Transport sequence number -> microseconds, both wrapped as they are in the message."""


def split_rtcp(data: bytes) -> list[bytes]:
    """The parts of a compound packet. AssertionError if it is not one, or has padding before its last part."""
    parts = []
    while data:
        assert len(data) >= 4, "a stump at the end"
        assert data[0] >> 6 == 2
        (words,) = struct.unpack_from("!H", data, 2)
        assert 4 + 4 * words <= len(data), "a part goes past the end"
        part, data = data[: 4 + 4 * words], data[4 + 4 * words :]
        if part[0] & 0x20:
            assert not data, "only the last part may be padded"
            assert 1 <= part[-1] <= 4 * words
            part = part[: -part[-1]]
        parts.append(part)
    return parts


def read_arrivals(part: bytes) -> Arrivals:
    first, count, reference = struct.unpack_from("!HHI", part, 12)
    at = 20
    symbols: list[int] = []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", part, at)
        at += 2
        if chunk & 0x8000 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    assert not any(symbols[count:]), "something is said of packets beyond the last"
    now = (reference >> 8) * 64_000
    arrived = {}
    for index, symbol in enumerate(symbols[:count]):
        if symbol:
            (delta,) = struct.unpack_from("!B" if symbol == 1 else "!h", part, at)
            at += symbol
            now += delta * 250
            arrived[(first + index) & 0xFFFF] = now
    assert at <= len(part)
    assert len(part) - at < 4, "more than padding at the end"
    return Arrivals(reference & 0xFF, first, count, arrived)
