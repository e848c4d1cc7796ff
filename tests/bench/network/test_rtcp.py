"""What is written can be read."""

from __future__ import annotations

import random
import struct

from bench.network import rtcp


def test_arrivals_come_back_as_they_were_told() -> None:
    chance = random.Random(4)
    for _ in range(200):
        now = chance.randrange(1_000_000, 10**9)
        told: list[int | None] = []
        for _ in range(chance.randrange(1, 200)):
            now += chance.choice([0, 250, 5_000, 40_000, 100_000])
            told.append(now if chance.random() > 0.2 else None)
        told.append(now)
        base = chance.randrange(65536)
        [part] = rtcp.parts(rtcp.transport(1, 2, 3, base, told))
        assert len(part.data) % 4 == 0
        read = rtcp.arrivals(part)
        assert [number for number, _ in read] == [(base + at) & 0xFFFF for at in range(len(told))]
        for (_, got), was in zip(read, told, strict=True):
            assert (got is None) == (was is None)
            assert got is None or was is None or abs(got - was) < rtcp.TICK_US


def test_arrivals_are_read_from_runs_and_from_single_bits_too() -> None:
    head = struct.pack("!HH", 10, 5) + (2).to_bytes(3, "big") + b"\0"
    run = struct.pack("!H", 1 << 13 | 3) + struct.pack("!H", 0x8000 | 1 << 13)
    body = head + run + bytes([4, 4, 4, 8])
    data = struct.pack("!BBHII", 0x8F, 205, 2 + len(body) // 4, 1, 1) + body
    [part] = rtcp.parts(data)
    assert rtcp.arrivals(part) == [(10, 129_000), (11, 130_000), (12, 131_000), (13, 133_000), (14, None)]


def test_a_nack_names_what_is_missing() -> None:
    [part] = rtcp.parts(rtcp.nack(9, [1, 70_000, 3]))
    assert rtcp.missing(part) == [1, 70_000 & 0xFFFF, 3]


def test_a_ceiling_is_read_from_a_remb_and_from_nothing_else() -> None:
    body = struct.pack("!II4sB", 1, 0, b"REMB", 1) + (5 << 18 | 40_000).to_bytes(3, "big") + bytes(4)
    data = struct.pack("!BBH", 0x80 | 15, 206, len(body) // 4) + body
    [part, other] = rtcp.parts(data + rtcp.pli(4))
    assert rtcp.ceiling(part) == 40_000 * 32
    assert rtcp.ceiling(other) is None


def test_what_was_lost_is_read_from_reports() -> None:
    blocks = [rtcp.Block(7, 64, 10, 65_540, 0, 0), rtcp.Block(8, 0, 0, 3, 1, 2)]
    [part] = rtcp.parts(rtcp.receiver_report(1, blocks))
    assert rtcp.losses(part) == [(7, 0.25), (8, 0.0)]
