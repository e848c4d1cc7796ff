"""Links on a simulated clock: how long a packet takes, or that it is dropped. Pure and seeded; times are microseconds,
rates bits a second, probabilities 0 to 1.

    Capacity     what a link carries at any time: a constant, steps, a recorded trace
    Bottleneck   a queue with a limit before a link of some capacity, random loss, delay, jitter
    Policer      drops what is more than its rate, and queues nothing

Not here: who sends over them (`flow.py`, `call.py`).
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

SECOND = 1_000_000


class Path(Protocol):
    """One direction between two ends."""

    def send(self, size: int, now: int) -> int | None:
        """When a packet of `size` bytes that is sent now arrives; None if it never does. In the order of time."""


class Capacity:
    """`steps`: (from when on, bits a second), in order; the first one also holds before. With `repeat_us` the whole
    begins again after so long."""

    def __init__(self, steps: Sequence[tuple[int, float]], repeat_us: int = 0) -> None:
        if not steps or any(later[0] <= earlier[0] for earlier, later in pairwise(steps)):
            raise ValueError("steps are in the order of time")
        self._starts = [0, *(start for start, _ in steps[1:])]
        self._rates = [float(rate) for _, rate in steps]
        self._repeat = repeat_us
        self._carried = [0.0]
        """Bits that could be carried before each step."""
        for at in range(1, len(steps)):
            self._carried.append(
                self._carried[-1] + self._rates[at - 1] * (self._starts[at] - self._starts[at - 1]) / SECOND
            )
        self._round = self._inside(repeat_us) if repeat_us else 0.0

    @classmethod
    def constant(cls, rate: float) -> Capacity:
        return cls([(0, rate)])

    @classmethod
    def of_trace(cls, rates: Sequence[float], step_us: int = SECOND) -> Capacity:
        """One rate each `step_us`, again and again."""
        return cls([(at * step_us, rate) for at, rate in enumerate(rates)], len(rates) * step_us)

    def at(self, now: int) -> float:
        if self._repeat:
            now %= self._repeat
        return self._rates[bisect_right(self._starts, now) - 1]

    def mean(self, since: int, until: int) -> float:
        return (self.carried(until) - self.carried(since)) * SECOND / (until - since)

    def carried(self, now: int) -> float:
        """Bits that could be carried from 0 until now."""
        if not self._repeat:
            return self._inside(now)
        rounds, inside = divmod(now, self._repeat)
        return rounds * self._round + self._inside(inside)

    def when(self, bits: float) -> int | None:
        """When `carried` reaches so many; None if never."""
        rounds = 0
        if self._repeat:
            if self._round <= 0:
                return None
            rounds = int(bits // self._round)
            bits -= rounds * self._round
        at = bisect_right(self._carried, bits) - 1
        while self._rates[at] <= 0:
            at += 1
            if at == len(self._rates):
                return None
        since = max(bits - self._carried[at], 0.0)
        return rounds * self._repeat + self._starts[at] + int(since * SECOND / self._rates[at])

    def _inside(self, now: int) -> float:
        at = bisect_right(self._starts, now) - 1
        return self._carried[at] + self._rates[at] * (now - self._starts[at]) / SECOND


class Bottleneck:
    """A queue that drops what doesn't fit any more, before a link.

    `queue_us`: how long the last packet in it may wait, at the capacity of the moment; or `queue_bytes`, if given.
    `loss`: random, after the queue; `burst`: packets that are lost in a row, on average. `jitter_us`: up to so much is
    added to each packet's way; without `reorders` none overtakes another. `down`: (from, until) in which all is lost.
    """

    def __init__(
        self,
        capacity: Capacity | float,
        *,
        delay_us: int = 20_000,
        queue_us: int = 300_000,
        queue_bytes: int = 0,
        loss: float = 0.0,
        burst: float = 1.0,
        jitter_us: int = 0,
        reorders: bool = False,
        down: Sequence[tuple[int, int]] = (),
        seed: int = 1,
    ) -> None:
        self.capacity = capacity if isinstance(capacity, Capacity) else Capacity.constant(capacity)
        self.delay_us = delay_us
        self.queue_us = queue_us
        self.queue_bytes = queue_bytes
        self.loss = loss
        self.burst = burst
        self.jitter_us = jitter_us
        self.reorders = reorders
        self.down = down
        self.delivered = self.delivered_bytes = self.overflowed = self.lost = 0
        """Packets and bytes that got through; packets that found the queue full; that chance took."""
        self._random = random.Random(seed)
        self._queued_until = 0.0
        """Bits carried, since 0, when the queue is empty."""
        self._latest = 0
        self._losing = False

    def queueing_us(self, now: int) -> int:
        """How long a packet would wait that came now."""
        waiting = self._queued_until - self.capacity.carried(now)
        free = self.capacity.when(self._queued_until) if waiting > 0 else now
        return 60 * SECOND if free is None else max(free - now, 0)

    def send(self, size: int, now: int) -> int | None:
        carried = self.capacity.carried(now)
        waiting = max(self._queued_until - carried, 0.0)
        most = 8.0 * self.queue_bytes or self.capacity.at(now) * self.queue_us / SECOND
        # an empty queue takes one packet, whatever its limit
        if waiting > 0 and waiting + 8 * size > max(most, 8 * size):
            self.overflowed += 1
            return None
        finished = self.capacity.when(carried + waiting + 8 * size)
        if finished is None or any(since <= now < until for since, until in self.down):
            self.overflowed += 1
            return None
        self._queued_until = carried + waiting + 8 * size
        if self._loses():
            self.lost += 1
            return None
        arrival = finished + self.delay_us + (self._random.randrange(self.jitter_us + 1) if self.jitter_us else 0)
        if not self.reorders:
            arrival = max(arrival, self._latest)
        self._latest = max(arrival, self._latest)
        self.delivered += 1
        self.delivered_bytes += size
        return arrival

    def _loses(self) -> bool:
        """As a chain of two states, in one of which everything is lost (Gilbert)."""
        if self.loss <= 0:
            return False
        if self.burst <= 1:
            return self._random.random() < self.loss
        ends = 1 / self.burst
        begins = ends * self.loss / (1 - self.loss)
        self._losing = self._random.random() < ((1 - ends) if self._losing else begins)
        return self._losing


class Policer:
    """A bucket that fills at `rate` and holds `bucket_bytes`: what finds too little in it is dropped."""

    def __init__(self, rate: float, bucket_bytes: int = 20_000, delay_us: int = 20_000) -> None:
        self.rate = rate
        self.bucket_bytes = bucket_bytes
        self.delay_us = delay_us
        self.delivered = self.delivered_bytes = self.overflowed = 0
        self._left = float(bucket_bytes)
        self._looked_at = 0

    def queueing_us(self, now: int) -> int:
        return 0

    def send(self, size: int, now: int) -> int | None:
        self._left = min(self._left + self.rate / 8 * (now - self._looked_at) / SECOND, self.bucket_bytes)
        self._looked_at = now
        if self._left < size:
            self.overflowed += 1
            return None
        self._left -= size
        self.delivered += 1
        self.delivered_bytes += size
        return now + self.delay_us
