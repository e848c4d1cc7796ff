"""Who was harmed: what each call got, judged. Pure, so that it can be shown to be right (`tests/bench`, `selftest.py`).

A call is harmed if it lost a packet, stood still for more than half a second, or got a packet that nobody sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.traffic import Call, Figures

GAP_NS = 500_000_000
"""Silence that people notice: sound and picture stand still, and a browser says so."""

SLOWER = 2.0
"""Times the quiet p99 that a packet may take under attack."""

FEW = 20
"""Of a server's counter: growth that says nothing."""


@dataclass(frozen=True)
class Harm:
    """Of how many calls."""

    calls: int
    harmed: int
    lossy: int
    still: int
    wrong: int
    packets_lost: int
    longest_gap_ms: float

    @property
    def words(self) -> str:
        kinds = (("lost packets", self.lossy), ("stood still", self.still), ("got wrong packets", self.wrong))
        return ", ".join(f"{count} {what}" for what, count in kinds if count) or "none"


def of(calls: Iterable[Call]) -> Harm:
    found = list(calls)
    lossy = [call.received < call.expected for call in found]
    still = [call.longest_gap_ns > GAP_NS for call in found]
    wrong = [call.wrong > 0 for call in found]
    return Harm(
        calls=len(found),
        harmed=sum(any(each) for each in zip(lossy, still, wrong, strict=True)),
        lossy=sum(lossy),
        still=sum(still),
        wrong=sum(wrong),
        packets_lost=sum(max(call.expected - call.received, 0) for call in found),
        longest_gap_ms=max((call.longest_gap_ns for call in found), default=0) / 1e6,
    )


def slower(quiet: Figures, attacked: Figures, group: int | None = None) -> float | None:
    """How many times its quiet p99 the one under attack is."""
    before = quiet.percentile(0.99, group)
    return attacked.percentile(0.99, group) / before if before else None


def grown(before: Mapping[str, int], after: Mapping[str, int], expected: Mapping[str, float]) -> dict[str, int]:
    """Counters that grew by more than they do in quiet (`expected`), the largest growth first. Of peers that were lost
    each one counts."""
    growth = {name: after[name] - before.get(name, 0) for name in after}
    few = {name: 0.0 if name.startswith("lost_") else FEW + 2 * expected.get(name, 0.0) for name in after}
    found = {name: by for name, by in growth.items() if by > few[name]}
    return dict(sorted(found.items(), key=lambda item: -item[1]))
