"""RTCP from a peer in the call: compound packets, reports, NACK, PLI and FIR (`rtcp.pxi`, `subscriber.pxi`).

Input: a script. The operation's low three bits say how long to wait before its packet.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from typing import Any

from tests.fuzz import models
from tests.fuzz.checks import Forwarding, check_sent
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import (
    CAMERA,
    PAUSES_US,
    PICTURE,
    PICTURE_RTX,
    SOUND,
    VOICE,
    VP8,
    World,
    is_rtcp,
    ssrc_of,
    world,
)
from tests.sim.browser import rtp, vp8_descriptor

MOST = 64
"""Packets of one input."""

REPEAT_BYTES_PER_S = 1_000_000
REPEAT_BYTES_BURST = 300_000
"""As in `subscriber.pxi`: payload that is sent again towards one slot."""

KEY_SPACING_US = 200_000
"""As in `layer.pxi`: a publisher is asked for key frames no more often."""

PICTURES = 12
"""Packets that were sent to the hostile peer and may be asked for again."""


def run(data: bytes) -> Hashable:
    with world() as on:
        original = _play(on)
        began, repeated, asked = on.now, 0, 0
        for step in split_steps(data)[:MOST]:
            if len(step) > 2 and not is_rtcp(step[1:]):
                continue  # it is media, which is forwarded: `rtp.py`
            for packet in (on.wait(PAUSES_US[step[0] & 7]), on.give(step[1:], on.hostile.address)):
                check_sent(on, packet)
                for out, address in packet:
                    if not is_rtcp(out):
                        assert (address, ssrc_of(out)) == (on.hostile.address, PICTURE_RTX), "sent without being asked"
                        original.check(out)
                        repeated += len(out) - 14
                    elif address == on.publisher.address and out[1] == 206:
                        asked += 1
        elapsed = on.now - began
        assert repeated <= REPEAT_BYTES_BURST + elapsed * REPEAT_BYTES_PER_S / 1_000_000
        assert asked <= 2 + elapsed / KEY_SPACING_US, "the publisher is asked for more key frames than it should be"
        stats: dict[str, Any] = on.engine.peer_stats(on.hostile.peer)
        assert 0 <= stats["loss_out"] <= 1
        assert 0 <= stats["round_trip_us"] <= 10_100_000
        counters = on.engine.counters()
        return repeated > 0, asked > 0, counters["repeats_unavailable"] > 0, counters["dropped_rtcp"] > 0


def _play(on: World) -> Forwarding:
    """Packets to ask for again, and streams of the hostile peer's own to report on."""
    sent = Forwarding()
    for _ in range(PICTURES):
        packet = models.read_rtp(on.honest_picture())
        assert packet is not None
        sent.note(packet)
    on.give(rtp(VP8, 1, 1, CAMERA, vp8_descriptor(1, 1, True) + b"\x00"), on.hostile.address)
    on.wait(20_000)
    return sent


def part(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def seeds() -> Iterator[bytes]:
    # what slots begin to count at comes from the engine's seed, so it is the same each time
    with world() as on:
        on.engine.drain()
        on.honest_picture()
        sent = [data for data, address in on.engine.drain() if address == on.hostile.address and not is_rtcp(data)]
        first = struct.unpack_from("!H", sent[0], 2)[0]
    block = struct.pack("!IIIIII", PICTURE, 0x10 << 24 | 5, first + 9, 100, 0x83AA7E81, 65536)
    nack = part(205, 1, struct.pack("!IIHHHH", 1, PICTURE, first, 0xFFFF, first + 9, 3))
    yield join_steps([b"\x03" + part(201, 1, struct.pack("!I", 1) + block)])
    yield join_steps([b"\x03" + part(200, 1, struct.pack("!IIIIII", CAMERA, 0x83AA7E80, 9, 3000, 5, 500) + block)] * 2)
    yield join_steps([b"\x04" + nack, b"\x00" + nack, b"\x05" + nack])
    yield join_steps([b"\x00" + part(206, 1, struct.pack("!II", 1, PICTURE))] * 2)
    fir = part(206, 4, struct.pack("!IIIIII", 1, 0, PICTURE, 1 << 24, SOUND, 2 << 24))
    yield join_steps([b"\x06" + fir + part(203, 1, struct.pack("!I", CAMERA)) + nack])
    description = part(202, 1, struct.pack("!IBB", CAMERA, 1, 3) + b"abc" + bytes(3))
    yield join_steps([b"\x06" + part(201, 0, struct.pack("!I", 1)) + description + part(204, 0, bytes(12))])


TARGET = Target(
    "rtcp",
    run,
    seeds,
    words=(
        *(struct.pack("!I", ssrc) for ssrc in (PICTURE, PICTURE_RTX, SOUND, CAMERA, VOICE)),
        *(struct.pack("!BB", 0x80 | count, kind) for count, kind in ((0, 200), (1, 201), (1, 205), (1, 206), (4, 206))),
    ),
    shape=STEPS,
)
