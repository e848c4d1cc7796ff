"""An engine that forwards nothing and remembers what it was asked."""

from __future__ import annotations

import itertools
from typing import Any

from pylibsrtp import Session

from sfu.core import Engine
from sfu.engine import EngineCodec
from sfu.events import Kind

CLIENT = Engine.udp_address("192.0.2.7", 40_000)
ELSEWHERE = Engine.udp_address("198.51.100.9", 41_000)


class Recorder:
    def __init__(self, room: int = 8) -> None:
        self.room = room
        self.handles = itertools.count(1)
        self.peers: dict[int, dict[str, Any]] = {}
        self.tracks: dict[int, dict[str, Any]] = {}
        self.slots: dict[int, dict[str, Any]] = {}
        self.sent: list[tuple[bytes, bytes]] = []
        self.sent_to_peer: list[tuple[int, bytes]] = []
        self.now_heard: dict[int, int] = {}
        self.stats: dict[int, dict[str, Any]] = {}

    def add_peer(self) -> int:
        if len(self.peers) >= self.room:
            raise MemoryError
        handle = next(self.handles)
        self.peers[handle] = {"accepted": [], "selected": None, "keys": None, "extensions": None}
        return handle

    def remove_peer(self, peer: int) -> None:
        del self.peers[peer]
        self.tracks = {handle: track for handle, track in self.tracks.items() if track["peer"] != peer}
        self.slots = {handle: slot for handle, slot in self.slots.items() if slot["peer"] != peer}

    def set_keys(self, peer: int, rx: Session, tx: Session) -> None:
        self.peers[peer]["keys"] = (rx, tx)

    def accept_address(self, peer: int, address: bytes) -> None:
        if address not in self.peers[peer]["accepted"]:
            self.peers[peer]["accepted"].append(address)

    def select_address(self, peer: int, address: bytes) -> None:
        assert address in self.peers[peer]["accepted"]
        self.peers[peer]["selected"] = address

    def set_extensions(
        self,
        peer: int,
        *,
        mid: int = 0,
        rid: int = 0,
        repaired_rid: int = 0,
        transport_cc: int = 0,
        audio_level: int = 0,
    ) -> None:
        self.peers[peer]["extensions"] = (mid, rid, repaired_rid, transport_cc, audio_level)

    def add_track(self, peer: int, mid: str, kind: Kind, codecs: list[EngineCodec]) -> int:
        handle = next(self.handles)
        self.tracks[handle] = {"peer": peer, "mid": mid, "kind": kind, "codecs": codecs, "ssrcs": [], "paused": False}
        return handle

    def add_ssrc(self, track: int, ssrc: int, rtx_ssrc: int = 0) -> None:
        if len(self.tracks[track]["ssrcs"]) == 3:
            raise ValueError
        self.tracks[track]["ssrcs"].append((ssrc, rtx_ssrc))

    def remove_track(self, track: int) -> None:
        del self.tracks[track]

    def pause_track(self, track: int, paused: bool) -> None:
        self.tracks[track]["paused"] = paused

    def add_slot(self, peer: int, ssrc: int, rtx_ssrc: int, codecs: list[EngineCodec]) -> int:
        handle = next(self.handles)
        self.slots[handle] = {"peer": peer, "ssrc": ssrc, "rtx_ssrc": rtx_ssrc, "codecs": codecs, "track": None}
        return handle

    def remove_slot(self, slot: int) -> None:
        del self.slots[slot]

    def connect(self, slot: int, track: int) -> None:
        assert track in self.tracks
        self.slots[slot]["track"] = track

    def disconnect(self, slot: int) -> None:
        self.slots[slot]["track"] = None

    def send(self, address: bytes, data: bytes) -> None:
        self.sent.append((address, data))

    def send_to_peer(self, peer: int, data: bytes) -> None:
        if self.peers[peer]["selected"] is not None:
            self.sent_to_peer.append((peer, data))

    def levels(self) -> dict[int, int]:
        return self.now_heard

    def peer_stats(self, peer: int) -> dict[str, Any]:
        return self.stats.get(peer, NO_STATS)

    def counters(self) -> dict[str, int]:
        return {"packets_in": 0}

    def take_sent_to_peer(self) -> list[bytes]:
        taken, self.sent_to_peer = self.sent_to_peer, []
        return [data for _, data in taken]


NO_STATS: dict[str, Any] = {
    "bytes_in": 0,
    "bytes_out": 0,
    "packets_in": 0,
    "packets_out": 0,
    "loss_in": 0.0,
    "loss_out": 0.0,
    "round_trip_us": 0,
    "transport": "udp",
}
