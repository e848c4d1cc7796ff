"""Pictures that a slot leaves out (`thinning.pxi`): whatever is lost, late or made up on the way, no number is used for
two packets, and nothing is sent that did not come.

Input: a script. Each step is a packet of the next picture or of the same one (its temporal layer, whether it can be
begun with, whether it is a key frame), one that comes later, one that comes now, an estimate, or time that passes.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Hashable, Iterator

from tests.fuzz import models
from tests.fuzz.checks import check_sent
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import CAMERA, PAUSES_US, PICTURE, VIDEO_CODECS, VP8, VP8_RTX, is_rtcp, ssrc_of, world
from tests.sim.browser import rtp, vp8_descriptor

MOST = 160
"""Steps of one input: five seconds of pictures."""

PICTURE_US = 33_000
PLAIN = 0x3041
ESTIMATES = (0, 1_000, 100_000, 150_000, 200_000, 300_000, 500_000, 5_000_000)


def run(data: bytes) -> Hashable:
    seen: set[Hashable] = set()
    with world() as on:
        used: dict[tuple[int, int], bytes] = {}
        given = {b""}
        late: list[bytes] = []
        seq, picture, tl0, temporal, sync = 0, 0, 0, 0, False
        highest: int | None = None
        on.engine.set_ceilings(on.hostile.peer, True)
        # without retransmissions nothing remembers which numbers were used
        plain = on.engine.add_slot(on.watcher.peer, PLAIN, 0, VIDEO_CODECS)
        on.engine.connect(plain, on.camera)
        for step in split_steps(data)[:MOST]:
            kind, what = step[0] % 6, step[1] if len(step) > 1 else 0
            sent = []
            if kind in (0, 1, 2):
                key = bool(what & 8) and kind == 0
                if kind == 0 or what & 16:
                    sent += on.wait(PICTURE_US)
                    picture += 1
                    temporal, sync = (0, False) if key else (what & 3, bool(what & 4))
                    tl0 += temporal == 0
                seq += 1
                body = bytes([0 if key else 1]) + struct.pack("!I", seq) + bytes(900)
                payload = vp8_descriptor(picture, tl0, kind == 0, temporal, sync) + body
                given.add(models.masked(payload, models.read_vp8(payload)))
                packet = rtp(VP8, seq, 3000 * (picture if not what & 32 else what), CAMERA, payload)
                if kind == 2:
                    late.append(packet)
                else:
                    sent += on.give(packet, on.hostile.address)
            elif kind == 3 and late:
                sent += on.give(late.pop(what % len(late)), on.hostile.address)
            elif kind == 4:
                on.engine.set_estimate(on.watcher.peer, ESTIMATES[what % len(ESTIMATES)])
            elif kind == 5:
                sent += on.wait(PAUSES_US[what % len(PAUSES_US)])
            check_sent(on, sent)
            for data_out, address in sent:
                if address != on.watcher.address or is_rtcp(data_out) or ssrc_of(data_out) not in (PICTURE, PLAIN):
                    continue
                packet_out = models.read_rtp(data_out)
                assert packet_out is not None
                assert packet_out.pt in (VP8, VP8_RTX)
                name = (packet_out.ssrc, packet_out.seq)
                assert used.setdefault(name, data_out) == data_out, "two packets under one number"
                masked = models.masked(packet_out.payload, models.read_vp8(packet_out.payload))
                assert masked in given, "made up or changed"
                seen.add((kind, len(packet_out.payload) > 0, highest is not None and packet_out.seq < highest))
                highest = max(highest or 0, packet_out.seq)
        counted = on.engine.counters()
        on.engine.set_estimate(on.watcher.peer, 0)
        seen.add(("left out", min(counted["left_out"], 8), min(counted["held"], 2), counted["ceilings_out"] > 0))
    return frozenset(seen)


def _pattern(count: int, lost: Collection[int] = (), first: bytes = b"\x00\x08") -> Iterator[bytes]:
    """Pictures of two packets each, as browsers send them; of some the first packet comes late."""
    yield first
    for number in range(1, count):
        what = (0, 2 | 4, 1 | 4, 2, 0, 2, 1, 2)[number % 8]
        if number in lost:
            yield bytes([2, what | 16])
            yield bytes([1, what])
            yield b"\x03\x00"
        else:
            yield bytes([0, what])
            yield bytes([1, what])


def seeds() -> Iterator[bytes]:
    yield join_steps(
        [*_pattern(30), b"\x04\x04", *_pattern(20, first=b"\x00\x00"), b"\x04\x00", *_pattern(20, {3, 5, 6, 9})]
    )
    yield join_steps([*_pattern(32, {9, 11, 13}), b"\x04\x05", *_pattern(30, {2, 3, 5, 8}, first=b"\x00\x02")])
    yield join_steps(
        [*_pattern(28), b"\x04\x02", *_pattern(20, {1, 2, 3, 4}), b"\x04\x01", b"\x05\x06", b"\x04\x07", b"\x05\x07"]
    )
    mixed = [b"\x00\x22", b"\x00\x20", b"\x00\x22", b"\x00\x20", b"\x01\x20", b"\x02\x32", b"\x03\x00"]
    yield join_steps([*_pattern(34), b"\x04\x04", *_pattern(12, first=b"\x00\x00"), *mixed, *mixed, *mixed])


TARGET = Target("thinning", run, seeds, shape=STEPS, brief=500)
