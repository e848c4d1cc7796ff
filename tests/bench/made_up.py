"""Figures of runs that never were."""

from __future__ import annotations

from bench.traffic import COUNTS, GROUPS, OCTAVES, STEPS, Call, Figures


def figures(latencies_ns: dict[int, int] | None = None, group: int = 0, **counts: int) -> Figures:
    """`latencies_ns`: nanoseconds below 64, or octave starts above -> packets."""
    histograms = [[0] * (OCTAVES * STEPS) for _ in range(GROUPS)]
    for ns, packets in (latencies_ns or {}).items():
        histograms[group][bucket(ns)] += packets
    worst = {"worst_ns": max(latencies_ns, default=0)} if latencies_ns else {}
    return Figures({**dict.fromkeys(COUNTS, 0), **worst, **counts}, histograms)


def bucket(ns: int) -> int:
    """As in native/checking.h."""
    octave = 0 if ns < STEPS else (ns // STEPS).bit_length()
    step = ns if octave == 0 else (ns >> (octave - 1)) - STEPS
    return octave * STEPS + step


def call(expected: int = 100, received: int = 100, wrong: int = 0, gap_ms: float = 20.0, group: int = 0) -> Call:
    return Call(expected, received, wrong, int(gap_ms * 1e6), 1_000_000, group)
