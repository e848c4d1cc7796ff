"""RTP from a peer in the call: header, padding, extensions, streams found by MID and RID (`rtp.pxi`, `ingress.pxi`),
and what is kept of them to be sent again (`history.pxi`).

Input: a script. The operation's low three bits say how long to wait before its packet, the next one makes it long, the
others say how many more like it follow.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Hashable, Iterator

from tests.fuzz import models
from tests.fuzz.checks import Forwarding, check_sent
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import (
    CAMERA,
    CAMERA_RTX,
    OPUS,
    PAUSES_US,
    REPAIRED_ID,
    RID_ID,
    VOICE,
    VP8,
    VP8_RTX,
    Datagram,
    World,
    is_rtcp,
    ssrc_of,
    world,
)
from tests.sim.browser import LEVEL_ID, MID_ID, TRANSPORT_CC_ID, rtp, vp8_descriptor

MOST = 128
"""Packets of one input: if they are long, more than a layer's first memory holds, twice."""

LONG = bytes(1200)
ASKED = 40
"""Of the last packets that were forwarded, to be sent again in the end."""

NEWER = range(1, 0x8000)


def run(data: bytes) -> Hashable:
    with world() as on:
        sent = Forwarding()
        heard: int | None = None
        seen: dict[int, list[int]] = {}
        for pause, given in itertools.islice(_packets(data), MOST):
            check_sent(on, on.wait(pause))
            packet = models.read_rtp(given)
            before = on.engine.counters()
            out = on.give(given, on.hostile.address)
            after = on.engine.counters()
            check_sent(on, out)
            taken = after["rtp_in"] > before["rtp_in"] and after["dropped_rtp"] == before["dropped_rtp"]
            assert not taken or packet is not None, "a malformed packet is taken"
            if packet is None:
                assert not _forwarded(on, out), "something is forwarded of a malformed packet"
                continue
            assert after["rtp_in"] == before["rtp_in"] or taken, "a well-formed packet is refused"
            sent.note(packet)
            for each in _forwarded(on, out):
                sent.check(each)
                seen.setdefault(ssrc_of(each), []).append(struct.unpack_from("!H", each, 2)[0])
            is_newer = heard is None or (packet.seq - heard) & 0xFFFF in NEWER
            known = after["dropped_stranger_ssrc"] == before["dropped_stranger_ssrc"]
            if taken and known and packet.ssrc == VOICE and packet.pt == OPUS and is_newer:
                heard = packet.seq
                assert len(_forwarded(on, out)) == 1, "a sound is not forwarded"
        for ssrc, numbers in seen.items():
            for each in _forwarded(on, on.give(_nack(ssrc, numbers[-ASKED:]), on.watcher.address)):
                sent.check(each)
        counters = on.engine.counters()
        return counters["switches"] > 1, counters["rtx_recovered"] > 0, counters["nacks_out"] > 0


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(pause before it, packet)."""
    for step in split_steps(data):
        yield PAUSES_US[step[0] & 7], (packet := step[1:] + (LONG if step[0] & 8 else b""))
        for more in range(1, 1 + (step[0] >> 4 if len(packet) >= 12 else 0)):
            (seq,) = struct.unpack_from("!H", packet, 2)
            yield 0, packet[:2] + struct.pack("!H", seq + more & 0xFFFF) + packet[4:]


def _nack(ssrc: int, numbers: list[int]) -> bytes:
    return struct.pack("!BBHII", 0x81, 205, 2 + len(numbers), 2, ssrc) + b"".join(
        struct.pack("!HH", number, 0) for number in numbers
    )


def _forwarded(on: World, sent: list[Datagram]) -> list[bytes]:
    return [data for data, address in sent if address == on.watcher.address and not is_rtcp(data)]


def seeds() -> Iterator[bytes]:
    extensions = bytes([TRANSPORT_CC_ID << 4 | 1, 0, 1, LEVEL_ID << 4, 20])
    named = bytes([MID_ID << 4]) + b"2" + bytes([RID_ID << 4]) + b"h"
    repaired = bytes([MID_ID << 4]) + b"2" + bytes([REPAIRED_ID << 4]) + b"h"
    key, delta = b"\x00key-frame", b"\x01frame"
    sound = rtp(OPUS, 7, 960, VOICE, b"sound", extensions=extensions)
    picture = rtp(VP8, 9, 3000, CAMERA, vp8_descriptor(5, 6, True) + key, True, extensions)
    yield join_steps([b"\x00" + sound])
    yield join_steps([b"\x01" + picture, b"\x03" + rtp(VP8, 12, 6000, CAMERA, vp8_descriptor(6, 7, True) + delta)])
    repeat = rtp(VP8_RTX, 1, 0, CAMERA_RTX, struct.pack("!H", 10) + vp8_descriptor(6, 7, True) + delta)
    yield join_steps([b"\x00" + picture, b"\x00" + rtp(VP8, 12, 0, CAMERA, b"\x10\x01"), b"\x04" + repeat])
    yield join_steps(
        [
            b"\x00" + rtp(VP8, 65_535, 0, 0x5001, vp8_descriptor(1, 1, True) + key, extensions=named),
            b"\x00" + rtp(VP8_RTX, 1, 0, 0x5002, b"\xff\xfe" + delta, extensions=repaired),
            b"\x00" + rtp(VP8, 0, 0, 0x5001, vp8_descriptor(2, 2, True) + delta),
            b"\x06" + rtp(VP8, 77, 0, 0x5003, vp8_descriptor(1, 1, True) + key, extensions=named),
        ]
    )
    many = [bytes([15 << 4 | 8]) + rtp(VP8, 10 + 16 * turn, 0, CAMERA, b"\x10\x01frame") for turn in range(8)]
    yield join_steps([b"\x00" + picture, *many, b"\x06" + many[0][1:]])
    wide = struct.pack("!HH", 0x1000, 2) + bytes([TRANSPORT_CC_ID, 2, 0, 9, LEVEL_ID, 1, 5, 0])
    yield join_steps([b"\x00" + bytes([0x90]) + sound[1:12] + wide + b"sound"])
    yield join_steps([b"\x00" + bytes([0xA2]) + sound[1:12] + bytes(8) + b"sound" + b"\x00\x00\x03"])


TARGET = Target(
    "rtp",
    run,
    seeds,
    words=(
        *(struct.pack("!I", ssrc) for ssrc in (VOICE, CAMERA, CAMERA_RTX)),
        *(b"\xbe\xde\x00\x01", b"\x10\x00\x00\x01", b"\x10\x00\x00\x02"),
        *(bytes([number << 4 | 1, 0, 1]) for number in (TRANSPORT_CC_ID, MID_ID, RID_ID, REPAIRED_ID)),
        *(bytes([MID_ID << 4]) + mid for mid in (b"0", b"1", b"2")),
    ),
    shape=STEPS,
    brief=600,
)
