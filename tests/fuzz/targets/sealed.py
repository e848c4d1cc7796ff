"""RTP and RTCP as a peer in the call can really send it: sealed with its keys, through libsrtp.

The other targets leave libsrtp out (`plain.py`) and reach more of the parsers. Here is what they can't see: that no
packet is ever sealed under a number that was used before (with AES-GCM that would give the key away), that libsrtp's
contexts are taken back, and that both agree on what a packet's length is.

What the sealing side refuses (headers that contradict themselves, numbers from long ago) the opening side would
refuse by the same checks, so nothing that could get through is missing. Numbers that were used before it seals again.

Input: a script. The operation's low three bits say how long to wait before its packet; the rest, whose picture the
watcher sees from then on (0: as before).
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from sfu.core import Engine
from tests.fuzz import models
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import (
    CAMERA,
    CAMERA_RTX,
    CHECKS,
    PASSWORD,
    PAUSES_US,
    PICTURE,
    PICTURE_RTX,
    VIDEO_CODECS,
    VP8,
    VP8_RTX,
    is_rtcp,
)
from tests.sim.browser import KEY_BYTES, MID_ID, PROFILE, TRANSPORT_CC_ID, rtp, srtp, vp8_descriptor

MOST = 64
"""Packets of one input."""

UP_KEY, DOWN_KEY = bytes(range(KEY_BYTES)), bytes(range(100, 100 + KEY_BYTES))
HOSTILE, WATCHER = (Engine.udp_address("192.0.2.1", port) for port in (1, 2))


class _Call:
    """The hostile peer publishes two pictures; the watcher has a slot for one of them."""

    def __init__(self) -> None:
        self.engine = Engine(max_peers=2, seed=1)
        self.now = 1_000_000
        engine = self.engine
        policy = Policy(key=UP_KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=PROFILE)
        policy.allow_repeat_tx = True
        policy.window_size = 1024
        self.seal, self.open = Session(policy), srtp(DOWN_KEY, outbound=False)
        self.tracks = []
        peers = []
        for name, address in enumerate((HOSTILE, WATCHER)):
            peers.append(engine.add_peer())
            engine.set_credentials(peers[-1], f"guest{name}", "page", PASSWORD)
            engine.process([(CHECKS[name], address)], self.now)
            engine.set_keys(peers[-1], srtp(UP_KEY, outbound=False), srtp(DOWN_KEY, outbound=True))
        engine.set_extensions(peers[0], mid=MID_ID, transport_cc=TRANSPORT_CC_ID)
        for mid, ssrc in (("1", CAMERA), ("2", CAMERA + 0x100)):
            self.tracks.append(engine.add_track(peers[0], mid, "video", VIDEO_CODECS))
            engine.add_ssrc(self.tracks[-1], ssrc, ssrc + 1)
        self.slot = engine.add_slot(peers[1], PICTURE, PICTURE_RTX, VIDEO_CODECS)
        engine.connect(self.slot, self.tracks[0])
        self.opened = 0
        engine.drain()

    def take(self) -> None:
        """What was sent can be opened by whom it is for, and is well-formed."""
        for data, address in self.engine.drain():
            assert address in (HOSTILE, WATCHER)
            if address == HOSTILE:
                continue
            if is_rtcp(data):
                models.split_rtcp(self.open.unprotect_rtcp(data))
            else:
                assert models.read_rtp(self.open.unprotect(data)) is not None
            self.opened += 1


def run(data: bytes) -> Hashable:
    call = _Call()
    engine = call.engine
    for step in split_steps(data)[:MOST]:
        call.now += PAUSES_US[step[0] & 7]
        engine.tick(call.now)
        turn = step[0] >> 3
        if turn:
            engine.connect(call.slot, call.tracks[turn & 1])
        packet = step[1:]
        try:
            sealed = call.seal.protect_rtcp(packet) if is_rtcp(packet) else call.seal.protect(packet)
        except (SrtpError, TypeError, ValueError):
            continue
        engine.process([(sealed, HOSTILE)], call.now)
        call.take()
    call.now += 1_000_000
    engine.tick(call.now)
    call.take()
    counters = engine.counters()
    assert counters["dropped_seal"] == 0, "a number was used twice"
    return min(call.opened, 8), counters["switches"], counters["dropped_rtp"] > 0, counters["rtx_recovered"] > 0


def seeds() -> Iterator[bytes]:
    def picture(seq: int, ssrc: int = CAMERA, key: bool = False, op: int = 0) -> bytes:
        payload = vp8_descriptor(seq, seq, True) + bytes([not key]) + b"frame"
        element = struct.pack("!BH", TRANSPORT_CC_ID << 4 | 1, seq)
        return bytes([op]) + rtp(VP8, seq, 3000 * seq, ssrc, payload, True, element)

    other = CAMERA + 0x100
    yield join_steps([picture(1, key=True), picture(2), picture(4, op=3), picture(3), picture(5, op=7)])
    yield join_steps([picture(65_534, key=True), picture(65_535), picture(0), picture(30_000), picture(60_000)])
    yield join_steps(
        [
            picture(1, key=True),
            picture(9, other, key=True, op=8 | 3),
            picture(2),
            picture(11, other),
            picture(3, key=True, op=16 | 3),
            picture(10, other, key=True, op=8),
            picture(2, key=True, op=16),
        ]
    )
    repeat = b"\x05" + rtp(VP8_RTX, 7, 0, CAMERA_RTX, struct.pack("!H", 2) + vp8_descriptor(2, 2, True) + b"\x01")
    yield join_steps([picture(1, key=True), picture(3), repeat])
    report = struct.pack("!BBHIIIIII", 0x80, 200, 6, CAMERA, 0x83AA7E80, 0, 3000, 1, 100)
    ask = struct.pack("!BBHII", 0x81, 206, 2, 1, PICTURE)
    yield join_steps([picture(1, key=True), b"\x06" + report, b"\x00" + report + ask, picture(2)])


TARGET = Target(
    "sealed",
    run,
    seeds,
    words=tuple(struct.pack("!I", ssrc) for ssrc in (CAMERA, CAMERA_RTX, CAMERA + 0x100, CAMERA + 0x101)),
    shape=STEPS,
)
