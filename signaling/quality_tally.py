"""Tallies: what one person's browser says of one source that it sends or receives, or of one other person, summed up.

Not here: whose word counts for what (`quality.py`), and what is told of it (`quality_figures.py`).
"""

from __future__ import annotations

from signaling.message import Source
from signaling.quality_figures import Other, Received, Sent, measure
from signaling.quality_spread import Spread
from signaling.stats import ReceivedStats, SentStats

LINES = (90, 120, 180, 240, 270, 360, 480, 540, 720, 1080)
"""Heights that pictures are counted under: the nearest of these."""


def bits() -> Spread:
    return Spread(1_000.0, 1e9)


def shares() -> Spread:
    return Spread(0.001, 1.0)


def times() -> Spread:
    return Spread(1.0, 60_000.0)


def rates() -> Spread:
    return Spread(1.0, 240.0)


class SentTally:
    def __init__(self) -> None:
        self._seconds = 0.0
        self._bitrate, self._loss = bits(), shares()
        self._jitter, self._round_trip = times(), times()
        self._rate = rates()
        self._sizes: dict[str, float] = {}
        self._limited: dict[str, float] = {}

    def add(self, told: SentStats, seconds: float) -> None:
        self._seconds += seconds
        self._bitrate.add(told.bitrate, seconds)
        add(self._loss, told.loss, seconds)
        add(self._jitter, told.jitter_ms, seconds)
        add(self._round_trip, told.round_trip_ms, seconds)
        if told.limited is not None:
            count(self._limited, told.limited, seconds)
        if told.layers:
            largest = max(told.layers, key=lambda layer: layer.height)
            count(self._sizes, lines(largest.height), seconds)
            self._rate.add(largest.frame_rate, seconds)

    def figures(self) -> Sent:
        return Sent(
            seconds=round(self._seconds, 1),
            bitrate=measure(self._bitrate, 0),
            loss=measure(self._loss, 4),
            jitter_ms=measure(self._jitter, 1),
            round_trip_ms=measure(self._round_trip, 1),
            frame_rate=measure(self._rate, 1),
            sizes=rounded(self._sizes),
            limited=rounded(self._limited),
        )


class ReceivedTally:
    def __init__(self) -> None:
        self._seconds = 0.0
        self._bitrate, self._loss = bits(), shares()
        self._jitter, self._concealed = times(), shares()
        self._rate = rates()
        self._sizes: dict[str, float] = {}
        self._freezes = 0
        self._frozen_s = 0.0

    def add(self, told: ReceivedStats, seconds: float) -> None:
        self._seconds += seconds
        self._bitrate.add(told.bitrate, seconds)
        add(self._loss, told.loss, seconds)
        add(self._jitter, told.jitter_ms, seconds)
        add(self._concealed, told.concealed, seconds)
        add(self._rate, told.frame_rate, seconds)
        if told.height:
            count(self._sizes, lines(told.height), seconds)
        self._freezes += told.freezes or 0
        self._frozen_s += (told.frozen_ms or 0) / 1000

    def figures(self) -> Received:
        return Received(
            seconds=round(self._seconds, 1),
            bitrate=measure(self._bitrate, 0),
            loss=measure(self._loss, 4),
            jitter_ms=measure(self._jitter, 1),
            concealed=measure(self._concealed, 4),
            frame_rate=measure(self._rate, 1),
            sizes=rounded(self._sizes),
            freezes=self._freezes,
            frozen_s=round(self._frozen_s, 1),
        )


class OtherTally:
    """Sums and averages only: there are many of these."""

    def __init__(self) -> None:
        self._seconds: dict[Source, float] = {}
        self._bits = 0.0
        self._loss = _Average()
        self._concealed = _Average()
        self._freezes = 0
        self._frozen_s = 0.0

    def add(self, told: ReceivedStats, seconds: float) -> None:
        self._seconds[told.source] = self._seconds.get(told.source, 0.0) + seconds
        self._bits += told.bitrate * seconds
        self._loss.add(told.loss, seconds)
        self._concealed.add(told.concealed, seconds)
        self._freezes += told.freezes or 0
        self._frozen_s += (told.frozen_ms or 0) / 1000

    def figures(self) -> Other:
        seconds = max(self._seconds.values(), default=0.0)
        return Other(
            seconds=round(seconds, 1),
            bitrate=round(self._bits / seconds) if seconds else 0.0,
            loss=self._loss.value(4),
            freezes=self._freezes,
            frozen_s=round(self._frozen_s, 1),
            concealed=self._concealed.value(4),
        )


class _Average:
    def __init__(self) -> None:
        self._sum = self._seconds = 0.0

    def add(self, value: float | None, seconds: float) -> None:
        if value is not None:
            self._sum += value * seconds
            self._seconds += seconds

    def value(self, digits: int) -> float | None:
        return round(self._sum / self._seconds, digits) if self._seconds else None


def lines(height: int) -> str:
    return str(min(LINES, key=lambda lines: abs(lines - height)))


def add(spread: Spread, value: float | None, seconds: float) -> None:
    if value is not None:
        spread.add(value, seconds)


def count(seconds_by: dict[str, float], word: str, seconds: float) -> None:
    seconds_by[word] = seconds_by.get(word, 0.0) + seconds


def rounded(seconds_by: dict[str, float]) -> dict[str, float]:
    return {word: round(seconds, 1) for word, seconds in seconds_by.items()}
