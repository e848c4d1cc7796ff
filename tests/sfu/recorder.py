"""The real engine without sockets, which also remembers what the plane asked of it."""

from __future__ import annotations

from typing import Any

from pylibsrtp import Session

from sfu.core import Engine
from sfu.engine import EngineCodec

CLIENT = Engine.udp_address("192.0.2.7", 40_000)
ELSEWHERE = Engine.udp_address("198.51.100.9", 41_000)


class Recorder(Engine):
    def __init__(self, max_peers: int) -> None:
        self.peers: dict[int, dict[str, Any]] = {}
        self.tracks: dict[int, dict[str, Any]] = {}
        self.slots: dict[int, dict[str, Any]] = {}
        self.now_heard: dict[int, int] = {}
        self.stats: dict[int, dict[str, float | str]] = {}
        self._answers: list[tuple[bytes, bytes]] = []
        self._flights: list[tuple[bytes, bytes]] = []

    def add_peer(self) -> int:
        handle = super().add_peer()
        self.peers[handle] = {"credentials": [], "keys": None, "extensions": None}
        return handle

    def remove_peer(self, peer: int) -> None:
        super().remove_peer(peer)
        del self.peers[peer]
        self.tracks = {handle: track for handle, track in self.tracks.items() if track["peer"] != peer}
        self.slots = {handle: slot for handle, slot in self.slots.items() if slot["peer"] != peer}

    def set_credentials(self, peer: int, ufrag: str, remote_ufrag: str, password: str) -> None:
        super().set_credentials(peer, ufrag, remote_ufrag, password)
        self.peers[peer]["credentials"].append((ufrag, remote_ufrag, password))

    def set_keys(self, peer: int, rx: Session, tx: Session) -> None:
        super().set_keys(peer, rx, tx)
        self.peers[peer]["keys"] = (rx, tx)

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
        super().set_extensions(
            peer, mid=mid, rid=rid, repaired_rid=repaired_rid, transport_cc=transport_cc, audio_level=audio_level
        )
        self.peers[peer]["extensions"] = (mid, rid, repaired_rid, transport_cc, audio_level)

    def add_track(self, peer: int, mid: str, kind: str, codecs: list[EngineCodec]) -> int:
        handle = super().add_track(peer, mid, kind, codecs)
        self.tracks[handle] = {"peer": peer, "mid": mid, "kind": kind, "codecs": codecs, "ssrcs": [], "paused": False}
        return handle

    def add_ssrc(self, track: int, ssrc: int, rtx_ssrc: int = 0) -> None:
        super().add_ssrc(track, ssrc, rtx_ssrc)
        self.tracks[track]["ssrcs"].append((ssrc, rtx_ssrc))

    def remove_track(self, track: int) -> None:
        super().remove_track(track)
        del self.tracks[track]

    def pause_track(self, track: int, paused: bool) -> None:
        super().pause_track(track, paused)
        self.tracks[track]["paused"] = paused

    def add_slot(self, peer: int, ssrc: int, rtx_ssrc: int, codecs: list[EngineCodec], transport_cc: int = 0) -> int:
        handle = super().add_slot(peer, ssrc, rtx_ssrc, codecs, transport_cc)
        self.slots[handle] = {"peer": peer, "ssrc": ssrc, "rtx_ssrc": rtx_ssrc, "codecs": codecs, "track": None}
        self.slots[handle]["transport_cc"] = transport_cc
        return handle

    def remove_slot(self, slot: int) -> None:
        super().remove_slot(slot)
        del self.slots[slot]

    def connect(self, slot: int, track: int) -> None:
        super().connect(slot, track)
        self.slots[slot]["track"] = track

    def disconnect(self, slot: int) -> None:
        super().disconnect(slot)
        self.slots[slot]["track"] = None

    def levels(self) -> dict[int, int]:
        return self.now_heard

    def peer_stats(self, peer: int) -> dict[str, float | str]:
        return self.stats.get(peer) or super().peer_stats(peer)

    def take_answers(self) -> list[tuple[bytes, bytes]]:
        """(answer to a check, address) of all since the last call."""
        self._sort()
        taken, self._answers = self._answers, []
        return taken

    def take_flights(self) -> list[tuple[bytes, bytes]]:
        """(DTLS datagram, address), likewise."""
        self._sort()
        taken, self._flights = self._flights, []
        return taken

    def _sort(self) -> None:
        for data, address in self.drain():
            if data[0] < 4:
                self._answers.append((data, address))
            elif 20 <= data[0] <= 63:
                self._flights.append((data, address))
