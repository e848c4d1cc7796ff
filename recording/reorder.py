"""One stream's packets in order: what is late is waited for, what does not come is a gap.

Sequence numbers of a slot go on whatever plays in it, so a number that is missing is a packet that was lost. Not here:
what a gap means for a picture (`frames/`), asking for packets again, which is the engine's business.
"""

from __future__ import annotations

from typing import NamedTuple

from recording.rtp import Packet

PATIENCE_US = 500_000
"""How long a missing packet is waited for: two or three of the engine's requests on a slow line. Longer mends more; but
what waits here is lost if the service is killed, and only a second may be."""

MOST_HELD = 1024
"""Packets that wait for an earlier one: more than a second of 1080p. Beyond it the wait is over."""

RESTART_JUMP = 3000
"""A larger step in the numbers is a new start, not loss."""


class Gap(NamedTuple):
    """Packets that will not come."""

    missing: int
    """0 where the numbers started anew."""


class Reorder:
    """Packets go in as they arrive; packets and gaps come out as they were sent."""

    def __init__(self, patience_us: int = PATIENCE_US) -> None:
        self._patience = patience_us
        self._started = False
        self._next = 0
        """The number that is due, counted on beyond 16 bits."""
        self._held: dict[int, Packet] = {}
        """Keeps the order of arrival: the first one has waited longest."""
        self._odd: Packet | None = None
        """A packet from far off: if its successor comes too, the numbers have started anew."""
        self.lost = 0
        self.useless = 0
        """Doubled, or later than was waited for."""

    def passes(self, sequence: int, count: int = 1) -> bool:
        """Whether `count` packets from that number on are the ones that are due, and nothing is held back: then they
        count as pushed, and are all that comes out."""
        if self._held or not self._started or sequence != self._next & 0xFFFF:
            return False
        self._next += count
        return True

    def push(self, packet: Packet) -> list[Packet | Gap]:
        if self.passes(packet.sequence):
            return [packet]
        due = self._next
        if not self._started:
            self._started = True
            self._next = 0x10000 + packet.sequence + 1
            return [packet]
        step = ((packet.sequence - due + 0x8000) & 0xFFFF) - 0x8000
        if not -RESTART_JUMP <= step <= RESTART_JUMP:
            return self._jumped(packet)
        if step < 0 or due + step in self._held:
            self.useless += 1
            return []
        self._held[due + step] = packet
        return self._release(packet.arrived_us)

    def expire(self, now_us: int) -> list[Packet | Gap]:
        """What is no longer held back at `now_us`: for times when nothing arrives."""
        return self._release(now_us) if self._held else []

    def flush(self) -> list[Packet | Gap]:
        """All that is held, with the gaps in it."""
        out: list[Packet | Gap] = []
        while self._held:
            self._give_up(out)
            self._take_due(out)
        return out

    def _release(self, now_us: int) -> list[Packet | Gap]:
        out: list[Packet | Gap] = []
        self._take_due(out)
        while self._held:
            longest = next(iter(self._held.values()))
            if now_us - longest.arrived_us < self._patience and len(self._held) <= MOST_HELD:
                break
            self._give_up(out)
            self._take_due(out)
        return out

    def _take_due(self, out: list[Packet | Gap]) -> None:
        while (packet := self._held.pop(self._next, None)) is not None:
            out.append(packet)
            self._next += 1

    def _give_up(self, out: list[Packet | Gap]) -> None:
        """The numbers before the first that is held will not come."""
        first = min(self._held)
        out.append(Gap(first - self._next))
        self.lost += first - self._next
        self._next = first

    def _jumped(self, packet: Packet) -> list[Packet | Gap]:
        odd, self._odd = self._odd, packet
        if odd is None or packet.sequence != (odd.sequence + 1) & 0xFFFF:
            self.useless += 1
            return []
        self._odd = None
        self.useless -= 1
        out = self.flush()
        self._next = 0x10000 + packet.sequence + 1
        return [*out, Gap(0), odd, packet]
