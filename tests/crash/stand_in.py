"""Stands in for the media server in a simulated session: a listener hears a clip in each slot, from its beginning, in
real time and by the engine's clock.

Says what plays and for how long, so that it is known what must have been kept. Nothing is lost on the way and every
slot begins with a key frame, as the engine begins one. Not here: publishers, of whom there are none.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from sfu import KIND_OF_SOURCE, Heard, Kind, PeerId, Source
from signaling.ids import new_id
from tests.crash.media import Clip, Clips
from tests.crash.said import Ends, Plays, Said
from tests.recording.media.packetize import sender_report

LISTENER = PeerId("listener")


@dataclass
class _Slot:
    track: str
    clip: Clip
    began_us: int | None = None
    ended_us: int | None = None
    heard: int = 0
    """Frames."""


class StandIn:
    """The methods that a recording uses of `sfu.MediaServer`, with the same names and meanings."""

    def __init__(self, clips: Clips, say: Callable[[Said], None]) -> None:
        self._clips = clips
        self._say = say
        self._slots: dict[str, _Slot] = {}
        self._opened = 0
        self._named = ""

    def new_id(self) -> str:
        """For the capture: it names each track right before it opens the slot for it."""
        self._named = new_id()
        return self._named

    def open_listener(self, room: str) -> PeerId:
        return LISTENER

    def open_slot(self, listener: PeerId, kind: Kind) -> str:
        self._opened += 1
        self._slots[str(self._opened)] = _Slot(self._named, self._clips[kind])
        return str(self._opened)

    def connect(self, publisher: PeerId, source: Source, subscriber: PeerId, slot: str) -> None:
        each = self._slots[slot]
        each.began_us = now_us()
        self._say(Plays(slot, each.track, publisher, source, KIND_OF_SOURCE[source], each.began_us))

    def disconnect(self, subscriber: PeerId, slot: str) -> None:
        self._slots[slot].ended_us = at_us = now_us()
        self._say(Ends(slot, at_us))

    def close_slot(self, listener: PeerId, slot: str) -> None:
        del self._slots[slot]

    def close_peer(self, peer: PeerId) -> None:
        self._slots.clear()

    def ask_for_picture(self, listener: PeerId, slot: str) -> None:
        raise RuntimeError("nothing was lost, and a picture was asked for")

    def take(self, listener: PeerId) -> Heard:
        now = now_us()
        heard: list[tuple[int, bytes]] = []
        for name, slot in self._slots.items():
            heard += _next(int(name), slot, now)
        heard.sort(key=lambda each: each[0])
        return Heard(b"".join(struct.pack("=qi", at, len(packet)) + packet for at, packet in heard), 0)


def _next(ssrc: int, slot: _Slot, now: int) -> list[tuple[int, bytes]]:
    if slot.began_us is None:
        return []
    clip, began = slot.clip, slot.began_us
    until = clip.arrived((now if slot.ended_us is None else slot.ended_us) - began)
    heard = []
    for frame in range(slot.heard, until):
        at = began + clip.due_us(frame)
        if frame % clip.rate == 0:
            heard.append((at, sender_report(ssrc, at, clip.ticks * frame)))
        heard += [(at, packet) for packet in clip.packets_of(frame, ssrc)]
    slot.heard = max(slot.heard, until)
    return heard


def now_us() -> int:
    """The engine's clock, which all processes of a machine share."""
    return time.monotonic_ns() // 1000
