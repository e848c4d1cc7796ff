"""A download fills its line, shares it, and finishes."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from bench.network.link import Line, Path, Queue
from bench.network.rate import SECOND, Rate
from bench.network.tcp import SEGMENT, Download


class Bed:
    """Downloads through one bottleneck."""

    def __init__(self, rate: Rate, loss: float = 0.0, limit_us: int = 300_000) -> None:
        self.queue = Queue(rate, limit_us)
        self._loss = loss
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        self.now = 0

    def at(self, when: int, what: Callable[[int], None]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, what))

    def add(self, total: int | None = None, begins: int = 0) -> tuple[Download, list[int]]:
        path = Path(self.queue, Line(25_000, loss=self._loss), len(self._heap) + 1)
        arrived: list[int] = []

        def send(number: int, now: int) -> None:
            arrives = path.send(now, SEGMENT)
            if arrives is not None:
                arrived.append(arrives)
                self.at(arrives + 25_000, lambda then: download.acknowledge(number, then))

        download = Download(send, total)
        self.at(begins, download.start)
        return download, arrived

    def run(self, seconds: float, *downloads: Download) -> None:
        for tick in range(self.now, self.now + round(seconds * SECOND), 10_000):
            while self._heap and self._heap[0][0] <= tick:
                self.now, _, what = heapq.heappop(self._heap)
                what(self.now)
            for each in downloads:
                each.tick(tick)
            self.now = tick


def test_a_download_fills_its_line() -> None:
    bed = Bed(Rate.constant(2_000_000))
    download, arrived = bed.add()
    bed.run(60, download)
    late = [each for each in arrived if each > 10 * SECOND]
    assert len(late) * SEGMENT * 8 / 50 > 0.9 * 2_000_000
    assert download.losses > 0


def test_two_downloads_share_a_line() -> None:
    bed = Bed(Rate.constant(4_000_000))
    one, first = bed.add()
    other, second = bed.add(begins=5 * SECOND)
    bed.run(120, one, other)
    counts = [sum(each > 40 * SECOND for each in arrived) for arrived in (first, second)]
    assert min(counts) / max(counts) > 0.4


def test_a_short_download_ends_even_if_segments_are_lost() -> None:
    bed = Bed(Rate.constant(2_000_000), loss=0.1)
    download, _ = bed.add(total=30)
    bed.run(20, download)
    assert download.done_at is not None


def test_a_download_outlives_an_outage() -> None:
    bed = Bed(Rate.of_seconds([(0, 2000), (3, 0), (6, 2000)]))
    download, arrived = bed.add()
    bed.run(20, download)
    assert sum(each > 10 * SECOND for each in arrived) * SEGMENT * 8 / 10 > 0.7 * 2_000_000
