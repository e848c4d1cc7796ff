"""A spread: how a measure was distributed over time, in a fixed amount of memory.

Values are sorted into bands that grow by a tenth each, weighted by the seconds for which they held. So percentiles are
good to about a twentieth of their value, averages and the largest value are exact, and a call of ten hours takes as
much memory as one of ten minutes. Not here: what is measured (`quality.py`).
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

GROWTH = math.log(1.1)


@dataclass(frozen=True)
class Summary:
    """What is told of a spread, in the unit of what was measured."""

    average: float
    p50: float
    p95: float
    most: float


class Spread:
    """`least` and `most` bound the bands: what is below `least` (above all zero) shares one band."""

    __slots__ = ("_bands", "_highest", "_least", "_lowest", "_most", "_sum", "seconds")

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most
        self._bands: array[float] | None = None  # when there is something to count
        self._sum = 0.0
        self._lowest = math.inf
        self._highest = 0.0
        self.seconds = 0.0
        """For how long it was measured."""

    def add(self, value: float, seconds: float) -> None:
        """`value` held for `seconds`. Not finite, negative, or for no time: nothing is counted."""
        if not (math.isfinite(value) and math.isfinite(seconds) and value >= 0.0 and seconds > 0.0):
            return
        value = min(value, self._most)
        if self._bands is None:
            self._bands = array("d", bytes(8 * (self._band(self._most) + 1)))
        self._bands[self._band(value)] += seconds
        self._sum += value * seconds
        self._lowest = min(self._lowest, value)
        self._highest = max(self._highest, value)
        self.seconds += seconds

    def summary(self) -> Summary | None:
        """None where nothing was counted."""
        if self._bands is None:
            return None
        return Summary(self._sum / self.seconds, self._percentile(0.50), self._percentile(0.95), self._highest)

    def _band(self, value: float) -> int:
        return 0 if value < self._least else 1 + int(math.log(value / self._least) / GROWTH)

    def _percentile(self, share: float) -> float:
        """The value that was not exceeded for `share` of the time."""
        bands = self._bands or ()
        left = share * self.seconds
        for band, seconds in enumerate(bands):
            left -= seconds
            if left <= 1e-9 * self.seconds:
                middle = 0.0 if band == 0 else self._least * math.exp(GROWTH * (band - 0.5))
                return min(max(middle, self._lowest), self._highest)
        return self._highest
