"""Simulated time: what is to be done when. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from bench.network.rate import SECOND

START = SECOND
"""The engine's clock is never 0."""


class Clock:
    """What is to be done when."""

    def __init__(self) -> None:
        self.now = START
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0

    def at(self, when: int, what: Callable[[int], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (max(when, self.now), self._count, what))

    def every(self, span: int, what: Callable[[int], None], first: int) -> None:
        def again(now: int) -> None:
            what(now)
            self.at(now + span, again)

        self.at(first, again)

    def run(self, until: int, after: Callable[[], None]) -> None:
        """`after`: called after each thing done."""
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what = heapq.heappop(self._heap)
            what(self.now)
            after()
        self.now = until
