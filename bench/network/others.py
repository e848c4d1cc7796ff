"""Others' downloads through a bottleneck, on a simulated clock. Not here: how TCP sends (`tcp.py`)."""

from __future__ import annotations

import random
from functools import partial

from bench.network.cases import Downloads
from bench.network.clock import START, Clock
from bench.network.link import Path
from bench.network.rate import SECOND
from bench.network.tcp import SEGMENT, Download

TICK_US = 10_000
BIN_US = 100_000


class Other:
    """One who downloads: once without end, or now and then a little."""

    def __init__(self, clock: Clock, chance: random.Random, path: Path, downloads: Downloads) -> None:
        self.carried: dict[int, int] = {}
        """Bytes that arrived, in each `BIN_US` from the beginning of the case."""
        self._clock, self._chance, self._path, self._downloads = clock, chance, path, downloads
        wait = self._pause() if downloads.every else 0.0
        clock.at(START + round((downloads.begins + wait) * SECOND), self._begin)

    def _begin(self, now: int) -> None:
        segments = self._downloads.segments
        total = None if segments is None else self._chance.randint(*segments)
        download = Download(lambda number, now: self._send(download, number, now), total)
        download.start(now)
        self._watch(download, now)

    def _send(self, download: Download, number: int, now: int) -> None:
        arrives = self._path.send(now, SEGMENT)
        if arrives is not None:
            place = (arrives - START) // BIN_US
            self.carried[place] = self.carried.get(place, 0) + SEGMENT
            self._clock.at(arrives + self._path.line.delay_us, partial(download.acknowledge, number))

    def _watch(self, download: Download, now: int) -> None:
        if download.done_at is None:
            download.tick(now)
            self._clock.at(now + TICK_US, partial(self._watch, download))
        else:
            self._clock.at(now + round(self._pause() * SECOND), self._begin)

    def _pause(self) -> float:
        return self._chance.expovariate(1 / self._downloads.every)
