"""Shows that a forwarded packet makes no allocation and touches no Python: what the media thread does while packets go
through it.

    allocations   native/allocations.c stands before malloc and counts for each thread
    Python        a profile function counts calls and returns of Python code in each thread
    GIL           another thread keeps it nearly all the time; whoever needed it for a packet would be late by that

Not here: what a packet costs (`forward.py`). While all this is counted it costs more.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from bench import native
from bench.loads import Load
from bench.processes import BUILD, Cores
from bench.systems import Kind
from bench.systems.ours import Ours, forwarding
from bench.traffic import Setting, Traffic

THREADS = 256
"""As in native/allocations.c."""

_ENTRY = struct.Struct("=qQQQ")
_USED = struct.Struct("=Q")

WARM_SECONDS = 3.0
"""Histories have grown to their size then."""

HOLD_SECONDS = 3.0


class Tally:
    """A file that the counted process writes to. Made before it starts."""

    def __init__(self) -> None:
        self._file = BUILD / "allocations"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(bytes(_USED.size + THREADS * _ENTRY.size))
        with self._file.open("r+b") as opened:
            self._mapped = mmap.mmap(opened.fileno(), 0)

    @property
    def environment(self) -> Mapping[str, str]:
        """For the process that is to be counted."""
        return {"LD_PRELOAD": str(native.build("allocations")), "BENCH_ALLOCATIONS": str(self._file)}

    def of(self, threads: Sequence[int]) -> dict[str, int]:
        """Of these threads together, so far."""
        return total(bytes(self._mapped), threads)


def total(table: bytes, threads: Sequence[int]) -> dict[str, int]:
    """Reads a `struct table`."""
    used = min(_USED.unpack_from(table)[0], THREADS)
    found = [_ENTRY.unpack_from(table, _USED.size + at * _ENTRY.size) for at in range(used)]
    chosen = [entry for entry in found if entry[0] in threads]
    names = ("allocations", "frees", "bytes")
    return {name: sum(entry[1 + at] for entry in chosen) for at, name in enumerate(names)}


def measure(address: str, cores: Cores, kind: Kind, load: Load, seconds: float) -> dict[str, Any]:
    """Raises Failed, NotAvailable."""
    tally, traffic = Tally(), Traffic()
    system = Ours(address, cores, forwarding(kind), tally.environment, profiled=True)
    try:
        system.open_rooms(load.rooms, load.subscribers, traffic)
        traffic.run(Setting(load.packets_per_s, WARM_SECONDS, measured=False))
        threads = system.ask({"do": "threads"})
        before = tally.of(threads["media"])
        seen = traffic.run(Setting(load.packets_per_s, seconds, pid=system.pid))
        after = tally.of(threads["media"])
        python = system.ask({"do": "threads"})["python"] - threads["python"]
        system.ask({"do": "hold", "seconds": HOLD_SECONDS})
        held = traffic.run(Setting(load.packets_per_s, HOLD_SECONDS, pid=system.pid))
        holds = system.ask({"do": "held"})["holds"]
    finally:
        traffic.close()
        system.close()
    packets = max(seen.counts["received"], 1)
    counted = {name: after[name] - before[name] for name in after}
    return {
        "load": str(load),
        "kind": kind,
        "packets": seen.counts["received"],
        "loss": seen.loss,
        "media_threads": len(threads["media"]),
        "allocations_while_warming_up": before["allocations"],
        **counted,
        "allocations_per_packet": counted["allocations"] / packets,
        "frees_per_packet": counted["frees"] / packets,
        "python_calls_and_returns": python,
        "gil_held": {
            "times": holds,
            "seconds": HOLD_SECONDS,
            "packets": held.counts["received"],
            "loss": held.loss,
            "p99_us": held.percentile(0.99),
            "max_us": held.counts["worst_ns"] / 1000,
            "later_than_20_ms": held.counts["above_20_ms"],
            "of_these_by_the_generator": held.counts["excused_20_ms"],
        },
    }


def lines(found: Mapping[str, Any]) -> list[str]:
    """For people."""
    held = found["gil_held"]
    return [
        f"{found['load']}, {found['kind']}: {found['packets']:,} packets, by the media thread",
        f"    {found['allocations_while_warming_up']:,} allocations until then",
        f"    {found['allocations']:,} allocations ({found['allocations_per_packet']:.6f} for each), "
        f"{found['frees']:,} frees; {found['python_calls_and_returns']} calls and returns of Python code",
        f"    with the GIL kept by another thread {held['times']} times for 100 ms: p99 {held['p99_us']:,.0f} us, "
        f"latest {held['max_us']:,.0f} us, {held['later_than_20_ms']} later than 20 ms, "
        f"{held['of_these_by_the_generator']} of them by the generator",
    ]
