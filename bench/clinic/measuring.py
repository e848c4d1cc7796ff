"""How long queries take: each many times, about something else each time, the wall's clock and our own processor time.

Not here: which queries (`asked.py`).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.clinic.asked import Query

LIMIT_MS = 50.0
"""What a page may wait for a query, in 99 of 100 cases."""

ENOUGH = 4.0
"""Seconds after which a slow query is asked no more, once it was asked `FEWEST` times: it has been seen to be slow."""
FEWEST = 20

QUIET = 0.5
"""Load average above which somebody else works on this machine."""


@dataclass(frozen=True)
class Measured:
    database: str
    page: str
    what: str
    times: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    cpu_ms: float
    """Of this process, for one: the median. A database server's own time is not in it."""

    @property
    def late(self) -> bool:
        return self.p99_ms > LIMIT_MS


async def measure(database: str, query: Query, times: int) -> Measured:
    """The first one is not counted: it fills caches of statements, as whoever asked before has."""
    await query.run()
    walls, cpus = list[float](), list[float]()
    while len(walls) < times and (len(walls) < FEWEST or sum(walls) < ENOUGH * 1000):
        cpu, wall = time.process_time(), time.perf_counter()
        await query.run()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    return Measured(
        database,
        query.page,
        query.what,
        len(walls),
        round(percentile(walls, 0.5), 2),
        round(percentile(walls, 0.99), 2),
        round(max(walls), 2),
        round(percentile(cpus, 0.5), 2),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest that so many are not above."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def load() -> float:
    return round(os.getloadavg()[0], 2)


HEAD = f"{'':<4} {'database':<11}{'page':<28}{'what':<44}{'p50':>9}{'p99':>9}{'longest':>9}{'processor':>10}"


def line(each: Measured) -> str:
    """Of a table: what is late is marked."""
    return (
        f"{'LATE' if each.late else '':<4} {each.database:<11}{each.page:<28}{each.what:<44}"
        f"{each.p50_ms:>9.2f}{each.p99_ms:>9.2f}{each.longest_ms:>9.2f}{each.cpu_ms:>10.2f}"
    )


def facts(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    return [asdict(each) | {"late": each.late} for each in measured]
