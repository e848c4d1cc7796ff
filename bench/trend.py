"""Whether something grows: a line through measurements, and how sure that is. Pure.

Measurements one after the other resemble each other, so the usual error of a line is too small. It is widened by how
much neighbours' distances from the line are alike (an autoregressive process of first order).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean

SURE = 1.96
"""Standard errors to each side: 95%."""

MOST_ALIKE = 0.95


@dataclass(frozen=True)
class Trend:
    slope: float
    """Of the values, for each unit of time."""
    low: float
    high: float
    """The slope is between these with 95%."""

    @property
    def words(self) -> str:
        return f"{self.slope:+.3g} [{self.low:+.3g}, {self.high:+.3g}]"


def of(times: Sequence[float], values: Sequence[float]) -> Trend:
    """Least squares. Raises ValueError with fewer than three measurements."""
    if len(times) != len(values) or len(times) < 3:
        raise ValueError("a trend needs three measurements")
    middle, mean = fmean(times), fmean(values)
    spread = sum((time - middle) ** 2 for time in times)
    slope = sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / spread
    rest = [value - mean - slope * (time - middle) for time, value in zip(times, values, strict=True)]
    squares = sum(each**2 for each in rest)
    alike = sum(a * b for a, b in pairwise(rest)) / squares if squares else 0.0
    alike = min(max(alike, 0.0), MOST_ALIKE)
    error = sqrt(squares / (len(times) - 2) / spread) * sqrt((1 + alike) / (1 - alike))
    return Trend(slope, slope - SURE * error, slope + SURE * error)


def grows(trend: Trend, over: float, tolerance: float) -> bool:
    """Whether it is certain that the values rise, and by more than `tolerance` within `over` units of time."""
    return trend.low > 0 and trend.slope * over > tolerance
