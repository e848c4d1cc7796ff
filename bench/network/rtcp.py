"""RTCP between simulated browsers and the server, written and read: transport-wide feedback, reports, requests.

Only what a measurement needs, and only of well-formed packets: both ends are our own.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.network.rate import SECOND

SENDER_REPORT, RECEIVER_REPORT, RTPFB, PSFB = 200, 201, 205, 206
NACK, TRANSPORT, PLI, APPLICATION = 1, 15, 1, 15
TICK_US = 250
REFERENCE_US = 64_000
NTP_EPOCH = 2_208_988_800
MOST_RECEIVED = 200
"""Packets that one feedback tells of: as many as fit with two bytes each."""


@dataclass(frozen=True)
class Part:
    """One packet of a compound one."""

    kind: int
    count: int
    data: bytes


def parts(data: bytes) -> Iterator[Part]:
    at = 0
    while at + 4 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, at)
        yield Part(kind, first & 31, data[at : at + 4 * (words + 1)])
        at += 4 * (words + 1)


def missing(part: Part) -> list[int]:
    """Sequence numbers that a NACK asks for."""
    found = []
    for at in range(12, len(part.data), 4):
        first, mask = struct.unpack_from("!HH", part.data, at)
        found += [first, *((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)]
    return found


def ceiling(part: Part) -> float | None:
    """Bits a second of a REMB (draft-alvestrand-rmcat-remb-03), None if it is something else."""
    if part.kind != PSFB or part.count != APPLICATION or part.data[12:16] != b"REMB":
        return None
    word = int.from_bytes(part.data[17:20], "big")
    return float((word & 0x3FFFF) << (word >> 18))


def nack(ssrc: int, numbers: Sequence[int]) -> bytes:
    body = b"".join(struct.pack("!HH", number & 0xFFFF, 0) for number in numbers)
    return struct.pack("!BBHII", 0x80 | NACK, RTPFB, 2 + len(body) // 4, 1, ssrc) + body


def pli(ssrc: int) -> bytes:
    return struct.pack("!BBHII", 0x80 | PLI, PSFB, 2, 1, ssrc)


def sender_report(ssrc: int, now: int, timestamp: int, packets: int, octets: int) -> bytes:
    seconds, rest = divmod(now, SECOND)
    fraction = (rest << 32) // SECOND
    return struct.pack(
        "!BBHIIIIII",
        *(0x80, SENDER_REPORT, 6, ssrc),
        *(NTP_EPOCH + seconds & 0xFFFFFFFF, fraction, timestamp & 0xFFFFFFFF, packets, octets),
    )


@dataclass(frozen=True)
class Block:
    """Of a receiver report: RFC 3550, section 6.4.1."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest: int
    last_report: int
    since_report: int


def receiver_report(own: int, blocks: Sequence[Block]) -> bytes:
    body = b"".join(
        struct.pack(
            "!IIIIII",
            block.ssrc,
            block.fraction_lost << 24 | min(max(block.lost, 0), 0x7FFFFF),
            block.highest & 0xFFFFFFFF,
            0,
            block.last_report,
            block.since_report,
        )
        for block in blocks
    )
    return struct.pack("!BBHI", 0x80 | len(blocks), RECEIVER_REPORT, 1 + len(body) // 4, own) + body


def losses(part: Part) -> list[tuple[int, float]]:
    """(SSRC, share lost lately) of each block of a report."""
    begin = 28 if part.kind == SENDER_REPORT else 8
    found = []
    for at in range(begin, begin + 24 * part.count, 24):
        ssrc, lost = struct.unpack_from("!II", part.data, at)
        found.append((ssrc, (lost >> 24) / 256))
    return found


def transport(own: int, media: int, number: int, base: int, arrivals: Sequence[int | None]) -> bytes:
    """What arrived when (draft-holmer-rmcat-transport-wide-cc-extensions-01): of each packet from `base` on, in
    microseconds. One must have arrived."""
    first = next(each for each in arrivals if each is not None)
    reference = first // REFERENCE_US
    last = reference * (REFERENCE_US // TICK_US)
    symbols: list[int] = []
    deltas = b""
    for arrived in arrivals:
        if arrived is None:
            symbols.append(0)
            continue
        delta = arrived // TICK_US - last
        last += delta
        symbols.append(1 if 0 <= delta <= 255 else 2)
        deltas += struct.pack("!B", delta) if 0 <= delta <= 255 else struct.pack("!h", delta)
    chunks = b""
    for at in range(0, len(symbols), 7):
        word = 0xC000
        for place, symbol in enumerate(symbols[at : at + 7]):
            word |= symbol << (12 - 2 * place)
        chunks += struct.pack("!H", word)
    body = struct.pack("!HH", base & 0xFFFF, len(arrivals)) + (reference & 0xFFFFFF).to_bytes(3, "big")
    body += bytes([number & 0xFF]) + chunks + deltas
    body += bytes(-len(body) % 4)
    return struct.pack("!BBHII", 0x80 | TRANSPORT, RTPFB, 2 + len(body) // 4, own, media) + body


def arrivals(part: Part) -> list[tuple[int, int | None]]:
    """(number, when it arrived by the other's clock or None) of each packet that transport-wide feedback tells of."""
    data = part.data
    base, count = struct.unpack_from("!HH", data, 12)
    last = int.from_bytes(data[16:19], "big") * (REFERENCE_US // TICK_US)
    at = 20
    symbols: list[int] = []
    while len(symbols) < count:
        (word,) = struct.unpack_from("!H", data, at)
        at += 2
        if not word & 0x8000:
            symbols += [word >> 13 & 3] * (word & 0x1FFF)
        elif word & 0x4000:
            symbols += [word >> (12 - 2 * place) & 3 for place in range(7)]
        else:
            symbols += [word >> (13 - place) & 1 for place in range(14)]
    found: list[tuple[int, int | None]] = []
    for place, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            last += data[at]
            at += 1
        elif symbol == 2:
            last += struct.unpack_from("!h", data, at)[0]
            at += 2
        found.append(((base + place) & 0xFFFF, last * TICK_US if symbol in (1, 2) else None))
    return found
