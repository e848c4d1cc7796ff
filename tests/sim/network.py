"""A seeded network on a simulated clock: loss, delay, jitter (and so reordering) and duplicates, without sockets."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.sim.link import Path

Deliver = Callable[[bytes, int], None]


@dataclass
class Link:
    """One direction of a path. Times in microseconds, probabilities 0 to 1. `path`: what it leads through, before all
    the rest; it brings delays of its own."""

    delay: int = 10_000
    jitter: int = 0
    loss: float = 0.0
    duplicates: float = 0.0
    down: bool = False
    path: Path | None = None
    delivered: int = 0
    lost: int = 0


class Network:
    """Delivers what was sent when its time has come. The same seed gives the same run."""

    def __init__(self, seed: int) -> None:
        self.now = 1_000_000
        self._random = random.Random(seed)
        self._flight: list[tuple[int, int, bytes, Deliver]] = []
        self._count = 0

    def send(self, link: Link, data: bytes, deliver: Deliver) -> None:
        copies = 2 if self._random.random() < link.duplicates else 1
        for _ in range(copies):
            if link.down or self._random.random() < link.loss:
                link.lost += 1
                continue
            through = self.now if link.path is None else link.path.send(len(data), self.now)
            if through is None:
                link.lost += 1
                continue
            link.delivered += 1
            self._count += 1
            arrival = through + link.delay + self._random.randrange(link.jitter + 1)
            heapq.heappush(self._flight, (arrival, self._count, data, deliver))

    def advance(self, until: int) -> None:
        """Delivers everything due up to `until`, in order of arrival."""
        while self._flight and self._flight[0][0] <= until:
            arrival, _, data, deliver = heapq.heappop(self._flight)
            self.now = max(self.now, arrival)
            deliver(data, self.now)
        self.now = until
