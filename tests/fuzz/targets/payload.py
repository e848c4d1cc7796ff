"""Payload descriptors of VP8, VP9 and H264: where a key frame starts, and picture ids (`payload.pxi`).

Input: a script. The operation says which codec; its data are the payloads of packets one after another.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator

from tests.fuzz import models
from tests.fuzz.checks import DESCRIPTORS
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import CAMERA, H264, VP8, VP9, is_rtcp, world
from tests.sim.browser import rtp, vp8_descriptor

MOST = 32
"""Packets of one input."""

CODECS = (VP8, VP9, H264)


def run(data: bytes) -> Hashable:
    seen = set()
    with world() as on:
        begun = False
        offset: tuple[int, int] | None = None
        for seq, step in enumerate(split_steps(data)[:MOST]):
            pt, payload = CODECS[step[0] % 3], step[1:]
            descriptor = DESCRIPTORS[pt](payload)
            out = on.give(rtp(pt, seq, 3000, CAMERA, payload), on.hostile.address)
            got = [each for each, address in out if address == on.watcher.address and not is_rtcp(each)]
            begun |= descriptor.key_start
            assert len(got) == begun, "a picture begins with a key frame, and then all of it is forwarded"
            if not begun:
                continue
            forwarded = models.read_rtp(got[0])
            assert forwarded is not None
            assert forwarded.pt == pt
            assert models.masked(forwarded.payload, descriptor) == models.masked(payload, descriptor)
            width = len(descriptor.picture)
            if width == 2:
                # the slot goes on counting at a fixed distance from its source
                before, after = (_number(each, descriptor.picture) & 0x7FFF for each in (payload, forwarded.payload))
                moved = ((after - before) & 0x7FFF, 2)
                assert offset is None or moved == offset, "the distance between picture ids changed"
                offset = moved
            seen.add((pt, descriptor.key_start, width, len(descriptor.tl0)))
    return frozenset(seen)


def _number(payload: bytes, where: range) -> int:
    return int.from_bytes(payload[where.start : where.stop], "big")


def seeds() -> Iterator[bytes]:
    key, delta = b"\x00key", b"\x01delta"
    yield join_steps([b"\x00" + vp8_descriptor(0x7FFE, 254, True) + key, b"\x00" + vp8_descriptor(0, 0, True) + delta])
    yield join_steps([b"\x00\x90\xf0\x05\x09\x21" + key, b"\x00\x80\x80\x06" + delta, b"\x00\x10" + key])
    yield join_steps(
        [b"\x01\x8c" + struct.pack("!H", 0x8005) + b"key", b"\x01\xac\x80\x06\x00\x07", b"\x01\xbc\x07\x00"]
    )
    unit = struct.pack("!H", 4) + b"\x67abc"
    yield join_steps([b"\x02\x78" + struct.pack("!H", 2) + b"\x06a" + unit, b"\x02\x7c\x85idr", b"\x02\x41delta"])
    yield join_steps([b"\x02\x65idr", b"\x02\x7d\x87\x00\x00parameters", b"\x02\x67", b"\x02\x7c\x05"])


TARGET = Target("payload", run, seeds, shape=STEPS)
