"""Others' downloads on the same line: a TCP sender with CUBIC (RFC 9438) and selective acknowledgements. Pure.

As much of it as competes with a call: slow start, the cubic window, one reduction for each round trip with loss, a
retransmission timeout. What was lost is sent again at once. Every segment is acknowledged. Not here: delayed
acknowledgements, HyStart, the receiver's window, set-up of the connection.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.network.rate import SECOND

SEGMENT = 1_500
"""Bytes with all headers."""

FIRST_WINDOW = 10.0
BETA = 0.7
CUBIC_C = 0.4
REORDERED = 3
LEAST_TIMEOUT_US = 200_000

Send = Callable[[int, int], None]
"""A segment's number and the time: puts it on the line."""


class Download:
    """`total`: segments to send, None for without end. It runs from `start` on; `acknowledge` and `tick` drive it."""

    def __init__(self, send: Send, total: int | None = None) -> None:
        self._send = send
        self._total = total
        self.window = FIRST_WINDOW
        self.done_at: int | None = None
        self.losses = 0
        self._threshold = float("inf")
        self._before = 0.0
        self._epoch: int | None = None
        self._flight: dict[int, int] = {}
        self._again: list[int] = []
        self._next = 0
        self._delivered = 0
        self._highest = -1
        self._recover = -1
        self._round_trip = 0.1 * SECOND
        self._heard = 0

    def start(self, now: int) -> None:
        self._heard = now
        self._fill(now)

    def acknowledge(self, number: int, now: int) -> None:
        self._heard = now
        sent = self._flight.pop(number, None)
        if sent is None:
            return
        self._delivered += 1
        self._round_trip += (now - sent - self._round_trip) / 8
        self._highest = max(self._highest, number)
        self._grow(now)
        lost = [each for each, at in self._flight.items() if each + REORDERED <= self._highest and at < sent]
        if lost:
            self._lose(lost, now)
        if self._total is not None and self._delivered >= self._total:
            self.done_at = self.done_at or now
            return
        self._fill(now)

    def tick(self, now: int) -> None:
        """Every some milliseconds: the timeout."""
        if self._flight and now - self._heard > max(3 * self._round_trip, LEAST_TIMEOUT_US):
            self._heard = now
            self._threshold = max(self.window * BETA, 2.0)
            self._before, self._epoch = self.window, None
            self._again = sorted({*self._again, *self._flight})
            self._flight.clear()
            self.window = 1.0
            self._recover = self._next
            self.losses += 1
            self._fill(now)

    def _grow(self, now: int) -> None:
        if self.window < self._threshold:
            self.window += 1.0
            return
        if self._epoch is None:
            self._epoch = now
            self._before = max(self._before, self.window)
        k = ((self._before * (1 - BETA)) / CUBIC_C) ** (1 / 3)
        since = (now - self._epoch) / SECOND + self._round_trip / SECOND
        target = CUBIC_C * (since - k) ** 3 + self._before
        # never slower than Reno would be (RFC 9438, section 4.3)
        reno = self._before * BETA + 3 * (1 - BETA) / (1 + BETA) * (now - self._epoch) / self._round_trip
        target = min(max(target, reno), 1.5 * self.window)
        self.window += max(target - self.window, 0.01) / self.window

    def _lose(self, lost: list[int], now: int) -> None:
        for each in lost:
            del self._flight[each]
        self._again += lost
        if max(lost) >= self._recover:
            self.losses += 1
            self._before, self._epoch = self.window, None
            self.window = max(self.window * BETA, 2.0)
            self._threshold = self.window
            self._recover = self._next
        self._fill(now)

    def _fill(self, now: int) -> None:
        while len(self._flight) < self.window:
            if self._again:
                number = self._again.pop(0)
            elif self._total is None or self._next < self._total:
                number = self._next
                self._next += 1
            else:
                return
            self._flight[number] = now
            self._send(number, now)
