"""A listener: a peer inside this process, which gets in its slots what any other peer would, in clear.

It needs no offer and no handshake, and nobody loses it. What it does with what it hears is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sfu.engine import EngineCodec, MediaEngine
from sfu.events import Heard, Kind, PeerId

CODECS: dict[Kind, list[EngineCodec]] = {
    "audio": [(111, "opus", -1)],
    "video": [(96, "VP8", -1), (98, "VP9", -1), (102, "H264", -1)],
}
"""The payload types under which a listener gets each codec."""


@dataclass(frozen=True)
class ListenerSlot:
    handle: int
    kind: Kind


class Listener:
    """Raises MemoryError when the engine is full."""

    def __init__(self, peer_id: PeerId, engine: MediaEngine) -> None:
        self.id = peer_id
        self.handle = engine.add_listener()
        self.slots: dict[str, ListenerSlot] = {}
        """By name. A name is the SSRC under which the slot's packets come, and is never used twice."""
        self._engine = engine
        self._opened = 0

    def open_slot(self, kind: Kind) -> str:
        self._opened += 1
        handle = self._engine.add_slot(self.handle, self._opened, 0, CODECS[kind])
        self.slots[str(self._opened)] = ListenerSlot(handle, kind)
        return str(self._opened)

    def close_slot(self, slot: str) -> None:
        self._engine.remove_slot(self.slots.pop(slot).handle)

    def take(self) -> Heard:
        packets, missed = self._engine.take_packets(self.handle)
        return Heard(packets, missed)
