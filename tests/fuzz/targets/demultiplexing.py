"""What a datagram is, from its first bytes and where it comes from (RFC 7983; `ingress.pxi`).

Input: a script. Each step is a datagram; odd operations are a stranger's, even ones come from a peer in the call.
What of STUN gets an answer is `stun.py`'s business.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator

from tests.fuzz.checks import check_sent
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import OPUS, STRANGER, VOICE, World, world
from tests.sim.browser import rtp

MOST = 48
"""Datagrams of one input: fewer than are taken in a second of streams that nobody knows."""

LARGEST, LARGEST_RTP = 2048, 1600

DTLS_AT_ONCE = 64
"""Datagrams of one peer's handshake that may wait to be read."""


def run(data: bytes) -> Hashable:
    seen = set()
    with world() as on:
        handshake = 0
        for step in split_steps(data)[:MOST]:
            stranger, datagram = bool(step[0] & 1), step[1:]
            source = STRANGER if stranger else on.hostile.address
            before = on.engine.counters()
            sent = on.give(datagram, source)
            after = on.engine.counters()
            changed = {name for name in after if after[name] != before[name]}
            kind = _kind_of(datagram, stranger)
            seen.add(kind)
            if kind != "stun":
                assert kind in changed, f"taken for something else: {changed}"
            handshake += kind == "dtls_in"
            if stranger and kind != "stun":
                assert changed <= {kind, "packets_in", "bytes_in"}
                assert not sent, "a stranger's datagram is answered"
            check_sent(on, [each for each in sent if each[1] != source or kind != "stun"])
        _check_events(on, handshake)
    return frozenset(seen)


def _kind_of(datagram: bytes, stranger: bool) -> str:
    """The counter that must show it."""
    if not datagram:
        return "dropped_empty"
    if len(datagram) > LARGEST:
        return "dropped_size"
    if datagram[0] < 4:
        return "stun"
    if stranger:
        return "dropped_unknown_address"
    if 20 <= datagram[0] < 64:
        return "dtls_in"
    if 128 <= datagram[0] < 192 and len(datagram) > 1:
        if len(datagram) > LARGEST_RTP:
            return "dropped_size"
        if 192 <= datagram[1] < 224:
            return "rtcp_in" if len(datagram) >= 8 else "dropped_auth_rtcp"
        return "rtp_in" if len(datagram) >= 12 else "dropped_rtp"
    return "dropped_kind"


def _check_events(on: World, handshake: int) -> None:
    dtls = [event for event in on.engine.take_events() if event[0] == "dtls"]
    assert all(event[1] == on.hostile.peer for event in dtls)
    assert len(dtls) <= min(handshake, DTLS_AT_ONCE)


def seeds() -> Iterator[bytes]:
    request = struct.pack("!HHI", 1, 0, 0x2112A442) + bytes(12)
    record = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x01x"
    sound = rtp(OPUS, 1, 1, VOICE, b"sound")
    report = struct.pack("!BBHI", 0x80, 201, 1, 1)
    for source in (b"\x00", b"\x01"):
        yield join_steps([source + each for each in (request, record, sound, report, b"", b"\x40\x00", b"\xff")])
        yield join_steps([source + first + bytes(11) for first in (b"\x04", b"\x13", b"\x14", b"\x3f", b"\x7f")])
    yield join_steps([b"\x00\x80" + bytes([kind]) + bytes(10) for kind in (191, 192, 223, 224)])


TARGET = Target("demultiplexing", run, seeds, shape=STEPS)
