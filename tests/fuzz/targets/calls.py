"""The engine's methods in any order, packets in between: what is removed is forgotten everywhere.

No parser, but where dangling pointers would be. Input: a script. The operation names a method; its data are the
arguments, each a byte that chooses among what there is (numbers that are gone included).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache
from typing import TypeVar

from sfu.core import Engine
from tests.fuzz.models import read_rtp
from tests.fuzz.plain import SESSION
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import (
    AUDIO_CODECS,
    MAX_PEERS,
    OPUS,
    PASSWORD,
    PAUSES_US,
    RID_ID,
    VIDEO_CODECS,
    VP8,
    VP8_RTX,
    World,
    is_rtcp,
    world,
)
from tests.sfu.client import check
from tests.sim.browser import MID_ID, TRANSPORT_CC_ID, rtp, vp8_descriptor
from tests.sim.heard import packets_in

T = TypeVar("T")

MOST = 200
"""Calls of one input."""

ADDRESSES = [Engine.udp_address("198.51.100.7", port) for port in range(1, 13)]
SSRCS = [0x6000 + number for number in range(8)]
NAMES = 6
MIDS = ["0", "1", "a", "0123456789abcdef"]


@cache
def _check(name: int, nominate: bool, transaction: int) -> bytes:
    return check(f"name{name}:page", PASSWORD, nominate=nominate, transaction=bytes([transaction]) * 12)


class _Arguments:
    def __init__(self, data: bytes) -> None:
        self._data = iter(data)

    def number(self) -> int:
        return next(self._data, 0)

    def of(self, choices: Sequence[T]) -> T:
        return choices[self.number() % len(choices)]


class _Caller:
    """Every method is one operation. Handles that were handed out stay in the lists when they are void."""

    def __init__(self, on: World) -> None:
        self.on = on
        self.engine = on.engine
        self.peers: list[int] = [0]
        self.tracks: list[int] = [0]
        self.slots: list[int] = [0]
        self.living: set[int] = set()
        self.sent: dict[int, int] = {}
        """SSRC -> number of the last packet that was sent with it: to be asked for again."""
        self.calls: list[Callable[[_Arguments], None]] = [
            self.add_peer,
            self.remove_peer,
            self.set_credentials,
            self.check,
            self.set_keys,
            self.set_extensions,
            self.add_track,
            self.add_ssrc,
            self.remove_track,
            self.pause_track,
            self.add_slot,
            self.remove_slot,
            self.connect,
            self.disconnect,
            self.send_to_peer,
            self.ask,
            self.wait,
            self.sound,
            self.picture,
            self.report,
            self.add_listener,
            self.take_packets,
            self.ask_for_picture,
        ]

    def take(self) -> None:
        for out, _ in self.engine.drain():
            if out[0] >= 128 and not is_rtcp(out):
                packet = read_rtp(out)
                assert packet is not None
                self.sent[packet.ssrc] = packet.seq

    def add_peer(self, _: _Arguments) -> None:
        self.peers.append(self.engine.add_peer())
        self.living.add(self.peers[-1])
        assert len(self.living) <= MAX_PEERS - 4

    def add_listener(self, _: _Arguments) -> None:
        self.peers.append(self.engine.add_listener())
        self.living.add(self.peers[-1])

    def take_packets(self, given: _Arguments) -> None:
        packets, missed = self.engine.take_packets(given.of(self.peers))
        for at, packet in packets_in(packets):
            assert at <= self.on.now
            assert is_rtcp(packet) or read_rtp(packet) is not None
        assert missed == 0, "what one input sends has room"

    def ask_for_picture(self, given: _Arguments) -> None:
        self.engine.ask_for_picture(given.of(self.slots))

    def remove_peer(self, given: _Arguments) -> None:
        peer = given.of(self.peers)
        self.engine.remove_peer(peer)
        self.living.discard(peer)
        assert all(event[1] != peer for event in self.engine.take_events())

    def set_credentials(self, given: _Arguments) -> None:
        self.engine.set_credentials(given.of(self.peers), f"name{given.number() % NAMES}", "page", PASSWORD)

    def check(self, given: _Arguments) -> None:
        """With a right name and password or not, from any address, nominating it or not."""
        name, address, transaction = given.number() % NAMES, given.of(ADDRESSES), given.number()
        data = _check(name, bool(given.number() & 1), transaction)
        self.engine.process([(data, address)], self.on.now)

    def set_keys(self, given: _Arguments) -> None:
        self.engine.set_keys(given.of(self.peers), SESSION, SESSION)

    def set_extensions(self, given: _Arguments) -> None:
        peer, mid, rid, transport = given.of(self.peers), given.number(), given.number(), given.number()
        self.engine.set_extensions(peer, mid=mid, rid=rid, transport_cc=transport)

    def add_track(self, given: _Arguments) -> None:
        peer, mid = given.of(self.peers), given.of(MIDS)
        kind, codecs = given.of([("audio", AUDIO_CODECS), ("video", VIDEO_CODECS)])
        self.tracks.append(self.engine.add_track(peer, mid, kind, codecs))

    def add_ssrc(self, given: _Arguments) -> None:
        self.engine.add_ssrc(given.of(self.tracks), given.of(SSRCS), given.of([0, *SSRCS]))

    def remove_track(self, given: _Arguments) -> None:
        self.engine.remove_track(given.of(self.tracks))

    def pause_track(self, given: _Arguments) -> None:
        self.engine.pause_track(given.of(self.tracks), bool(given.number() & 1))

    def add_slot(self, given: _Arguments) -> None:
        peer, codecs = given.of(self.peers), given.of([AUDIO_CODECS, VIDEO_CODECS])
        self.slots.append(self.engine.add_slot(peer, given.of(SSRCS), given.of([0, *SSRCS]), codecs))

    def remove_slot(self, given: _Arguments) -> None:
        self.engine.remove_slot(given.of(self.slots))

    def connect(self, given: _Arguments) -> None:
        self.engine.connect(given.of(self.slots), given.of(self.tracks))

    def disconnect(self, given: _Arguments) -> None:
        self.engine.disconnect(given.of(self.slots))

    def send_to_peer(self, given: _Arguments) -> None:
        self.engine.send_to_peer(given.of(self.peers), b"\x16" * 8 * given.number())

    def ask(self, given: _Arguments) -> None:
        assert all(0 <= level <= 127 for level in self.engine.levels().values())
        peer = given.of(self.peers)
        assert 0 <= self.engine.heard_at(peer) <= self.on.now
        self.engine.peer_stats(peer)

    def wait(self, given: _Arguments) -> None:
        self.on.now += given.of(PAUSES_US)
        self.engine.tick(self.on.now)

    def sound(self, given: _Arguments) -> None:
        address, ssrc, seq = given.of(ADDRESSES), given.of(SSRCS), given.number()
        self.engine.process([(rtp(OPUS, seq, 960 * seq, ssrc, b"sound"), address)], self.on.now)

    def picture(self, given: _Arguments) -> None:
        address, ssrc, seq, pt = given.of(ADDRESSES), given.of(SSRCS), given.number() << 3, given.of([VP8, VP8_RTX])
        elements = struct.pack("!BH", TRANSPORT_CC_ID << 4 | 1, seq)
        if given.number() & 1:
            elements += bytes([MID_ID << 4]) + given.of(MIDS)[:1].encode() + bytes([RID_ID << 4, given.number()])
        repeated = struct.pack("!H", seq - 8 & 0xFFFF) if pt == VP8_RTX else b""
        payload = repeated + vp8_descriptor(seq, seq, True) + bytes([given.number() & 1])
        self.engine.process([(rtp(pt, seq, 0, ssrc, payload, True, elements), address)], self.on.now)

    def report(self, given: _Arguments) -> None:
        address, ssrc = given.of(ADDRESSES), given.of(SSRCS)
        first = self.sent.get(ssrc, 0) - given.number() & 0xFFFF
        packet = given.of(
            [
                struct.pack("!BBHIIHH", 0x81, 205, 3, 1, ssrc, first, 0xFFFF),
                struct.pack("!BBHII", 0x81, 206, 2, 1, ssrc),
                struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, 0x83AA7E80, 0, 1, 1, 1),
            ]
        )
        self.engine.process([(packet, address)], self.on.now)


def run(data: bytes) -> Hashable:
    refused = set()
    with world() as on:
        caller = _Caller(on)
        for step in split_steps(data)[:MOST]:
            call = caller.calls[step[0] % len(caller.calls)]
            try:
                call(_Arguments(step[1:]))
            except (KeyError, ValueError, MemoryError) as error:
                refused.add((call.__name__, type(error)))
            caller.take()
        for peer in caller.peers[1:]:
            if peer in caller.living:
                on.engine.remove_peer(peer)
    return frozenset(refused)


def seeds() -> Iterator[bytes]:
    names = [call.__name__ for call in _names()]

    def script(*steps: str) -> bytes:
        words = [step.split() for step in steps]
        return join_steps(bytes([names.index(name), *map(int, rest)]) for name, *rest in words)

    two = ["add_peer", "set_credentials 1 1", "check 1 0", "set_keys 1"]
    two += ["add_peer", "set_credentials 2 2", "check 2 1", "set_keys 2", "set_extensions 1 4 10 3"]
    shown = ["add_track 1 0 1", "add_ssrc 1 0 2", "add_slot 2 1 1 3", "connect 1 1", "wait 3"]
    going = ["picture 0 0 1", "picture 0 0 2 0 0 1", "picture 0 0 4 0 0 1", "wait 4", "picture 0 1 1 1"]
    yield script(*two, *shown, *going, "report 1 1 0", "report 1 1 0 1", "report 0 0 0 2", "wait 6", "ask 1")
    yield script(*two, *shown, *going, "remove_track 1", "wait 4", "report 1 1 0", "add_track 1 0 1", "connect 1 2")
    yield script(*two, *shown, *going, "pause_track 1 1", "wait 4", "report 1 1 0", "pause_track 1 0", *going[:1])
    yield script(*two, *shown, *going, "add_track 1 1 1", "connect 1 2", "remove_peer 1", *going, "remove_peer 2")
    heard = ["add_track 1 0 0", "add_ssrc 1 0 0", "add_slot 2 0 1", "connect 1 1", "sound 0 0 1", "pause_track 1 1"]
    yield script(*two, *heard, "sound 0 0 2", "pause_track 1 0", "sound 0 0 3", "remove_slot 1", "sound 0 0 4", "ask 1")
    listening = ["add_listener", "add_slot 3 1 1 0", "connect 1 1", "take_packets 3", *going, "wait 5"]
    yield script(*two, *shown[:2], *listening, "take_packets 3", "ask_for_picture 1", "remove_peer 3", *going)
    yield script(*two, "add_track 1 1 1", "add_slot 1 1 1 3", "connect 1 1", "picture 0 5 1 0 1 1 104", "wait 5")
    yield script(*two, *[f"check 1 {port} {port}" for port in range(12)], "check 1 5 40 1", "send_to_peer 1 3")
    moved = ["set_credentials 1 3", "check 1 4", "check 3 5 9 1", "check 1 4", "wait 7", "wait 7", "check 2 5 8 1"]
    yield script(*two, *shown, *moved, *going, "remove_peer 1", "check 3 5", "remove_peer 2")


def _names() -> list[Callable[[_Arguments], None]]:
    with world() as on:
        return _Caller(on).calls


TARGET = Target("calls", run, seeds, shape=STEPS, longest=2048)
