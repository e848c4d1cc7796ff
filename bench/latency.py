"""Ten million packets, and how late the latest of them was.

The generator shares its core with whatever else the machine does. When its own loop has stood still for 5 ms or more,
what it finds afterwards looks late and may not have been: such packets are told apart.

Not here: what a packet costs (`forward.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bench.loads import Load
from bench.processes import Cores
from bench.systems import Entry
from bench.traffic import Figures, Setting, Traffic

WARM_SECONDS = 1.0
WINDOW_SECONDS = 10.0
SHARES = {"p50_us": 0.5, "p99_us": 0.99, "p999_us": 0.999, "p9999_us": 0.9999, "p99999_us": 0.99999}


def measure(
    entry: Entry, address: str, cores: Cores, load: Load, packets: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Window after window, until so many packets have arrived. Raises Failed, NotAvailable."""
    traffic = Traffic()
    system = entry.start(address, cores)
    seen: list[Figures] = []
    arrived = 0
    try:
        system.open_rooms(*load.shape, traffic)
        traffic.run(Setting(load.packets_per_s, WARM_SECONDS, measured=False))
        while arrived < packets:
            seen.append(traffic.run(Setting(load.packets_per_s, WINDOW_SECONDS, pid=system.pid)))
            arrived += seen[-1].counts["received"]
            worst = max(figures.counts["worst_ns"] for figures in seen) / 1000
            say(f"{entry.name}: {arrived:,} packets, the latest {worst:,.0f} us")
            if not seen[-1].counts["received"]:
                break
    finally:
        traffic.close()
        system.close()
    return {"system": entry.name, "load": str(load), **facts(Figures.merged(seen))}


def facts(figures: Figures) -> dict[str, Any]:
    counts = figures.counts
    return {
        "packets": counts["received"],
        "lost": counts["lost"],
        **{name: figures.percentile(share) for name, share in SHARES.items()},
        "max_us": counts["worst_ns"] / 1000,
        "later_than_20_ms": counts["above_20_ms"],
        "of_these_by_the_generator": counts["excused_20_ms"],
        "max_us_but_for_the_generator": counts["worst_own_ns"] / 1000,
        "generator_stalls": counts["stalls"],
        "generator_longest_stall_us": counts["worst_turn_ns"] / 1000,
    }


def line(found: Mapping[str, Any]) -> str:
    """For people."""
    late, own = found["later_than_20_ms"], found["of_these_by_the_generator"]
    return (
        f"{found['system']}, {found['load']}: {found['packets']:,} packets, {found['lost']} lost; p50 "
        f"{found['p50_us']:,.0f} us, p99 {found['p99_us']:,.0f}, p99.99 {found['p9999_us']:,.0f}, latest "
        f"{found['max_us']:,.0f}; later than 20 ms {late}, {own} of these while the generator itself stood still "
        f"(without those the latest {found['max_us_but_for_the_generator']:,.0f})"
    )
