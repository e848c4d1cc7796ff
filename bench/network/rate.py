"""How many bits a second a link carries, over time. Pure.

Not here: what waits for it (`link.py`), where such a course comes from (`cases.py`, `traces.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

SECOND = 1_000_000
UNLIMITED = 1e9


@dataclass(frozen=True)
class Rate:
    """Bits a second, in steps: each (from when on, in microseconds; how much). The first begins at 0."""

    steps: tuple[tuple[int, float], ...]

    @classmethod
    def constant(cls, bits_per_s: float) -> Rate:
        return cls(((0, bits_per_s),))

    @classmethod
    def of_seconds(cls, steps: Iterable[tuple[float, float]]) -> Rate:
        """From (seconds, kbit/s)."""
        return cls(tuple((round(at * SECOND), kbit * 1000) for at, kbit in steps))

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0][0] != 0:
            raise ValueError("a rate begins at 0")
        if any(one[0] >= other[0] for one, other in zip(self.steps, self.steps[1:], strict=False)):
            raise ValueError("a rate's steps follow each other in time")

    def at(self, time: int) -> float:
        return self.steps[self._step(time)][1]

    def finish(self, start: int, bits: float) -> int:
        """When `bits` that begin to be sent at `start` have been sent. Raises ValueError if that is never."""
        number = self._step(start)
        now = float(start)
        while True:
            rate = self.steps[number][1]
            until = self.steps[number + 1][0] if number + 1 < len(self.steps) else None
            if until is None or (rate > 0 and now + bits / rate * SECOND <= until):
                if rate <= 0:
                    raise ValueError("this link ends without carrying what it has taken")
                return round(now + bits / rate * SECOND)
            bits -= rate * (until - now) / SECOND
            now = float(until)
            number += 1

    def mean(self, begin: int, end: int) -> float:
        """Bits a second between two times."""
        if end <= begin:
            return self.at(begin)
        total = 0.0
        number = self._step(begin)
        now = begin
        while now < end:
            until = self.steps[number + 1][0] if number + 1 < len(self.steps) else end
            until = min(until, end)
            total += self.steps[number][1] * (until - now)
            now = until
            number += 1
        return total / (end - begin)

    def changes(self) -> list[int]:
        """Times of the steps but for the first."""
        return [at for at, _ in self.steps[1:]]

    def _step(self, time: int) -> int:
        return max(bisect_right(self.steps, time, key=lambda step: step[0]) - 1, 0)
