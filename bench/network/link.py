"""One direction of a path: a queue that a bottleneck empties, and behind it a line with delay, jitter and loss. Pure:
time and chance are arguments. The simulation and the wire between real browsers (`wire.py`) have the same one.

When a packet leaves a queue is known as soon as it is put in: first in, first out, and the rate's course is given.
A queue may be shared by many flows; each has its own line behind it.

Not here: who sends, and how late it is by the clock.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

from bench.network.rate import SECOND, Rate

Outage = tuple[int, int]
"""From, until, in microseconds."""


@dataclass
class Queue:
    """Drop tail. It holds `limit_us` of what the rate carries at the moment, and always three packets."""

    rate: Rate
    limit_us: int = 300_000
    least_bytes: int = 4_500
    dropped: int = 0
    waited: list[tuple[int, int]] = field(default_factory=list)
    """(when it came, how long it waited before it began to be sent) of each packet."""
    _leaving: deque[tuple[int, int]] = field(default_factory=deque)
    _bytes: int = 0
    _free_at: int = 0

    def put(self, now: int, size: int) -> int | None:
        """When the last bit of a packet of `size` bytes has left. None: there was no room."""
        while self._leaving and self._leaving[0][0] <= now:
            self._bytes -= self._leaving.popleft()[1]
        room = max(self.rate.at(now) * self.limit_us / SECOND / 8, self.least_bytes)
        if self._bytes + size > room:
            self.dropped += 1
            return None
        begins = max(now, self._free_at)
        self._free_at = self.rate.finish(begins, size * 8)
        self._leaving.append((self._free_at, size))
        self._bytes += size
        self.waited.append((now, begins - now))
        return self._free_at


@dataclass(frozen=True)
class Line:
    """What happens behind the queue. Jitter is that of radio links: a packet is held back, those behind it with it, so
    that none overtakes another (RFC 8868, section 4.5: NR-RBPDV); a third of the jitter is its standard deviation."""

    delay_us: int = 25_000
    jitter_us: int = 0
    loss: float = 0.0
    outages: tuple[Outage, ...] = ()

    def is_down(self, now: int) -> bool:
        return any(begin <= now < end for begin, end in self.outages)


class Path:
    """One flow's way."""

    def __init__(self, queue: Queue | None, line: Line, seed: int) -> None:
        self.queue = queue
        self.line = line
        self.lost = 0
        self._chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
        self._last = 0

    def send(self, now: int, size: int) -> int | None:
        """When a packet of `size` bytes arrives, or None. Calls come in the order of time."""
        line = self.line
        if line.is_down(now):
            self.lost += 1
            return None
        left = now if self.queue is None else self.queue.put(now, size)
        if left is None:
            return None
        if line.loss and self._chance.random() < line.loss:
            self.lost += 1
            return None
        held = 0
        if line.jitter_us:
            held = min(round(abs(self._chance.gauss(0.0, line.jitter_us / 3))), line.jitter_us)
        self._last = max(self._last, left + line.delay_us + held)
        return self._last
