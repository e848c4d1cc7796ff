"""Lets the media server work for half an hour at half of what it can, while people come and go: `python -m bench.soak`,
options with --help.

A row each ten seconds: memory, descriptors, threads, people, packets, loss, latency. At the end: does anything grow,
was a call lost? The method is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import graph, harm, stage, trend
from bench.errors import Failed
from bench.graph import Panel
from bench.processes import Cores, Holdings, holdings, machine_seconds, undelivered
from bench.session import Session, connect_all
from bench.systems.ours import Ours, start
from bench.traffic import Figures, Setting, Traffic
from bench.visits import FIRST_EXTRA, Visits

ROW_SECONDS = 10.0
HALF = 0.5
"""Of a core: what the server is made to use, all its threads together."""

TRIAL_SECONDS = 2.0
TRIALS = 8
FIRST_TRIAL = 5_000
MOST_BUSY = 0.7
"""Of the generator's core: beyond, the visitors have too little of it."""

WARM_SHARE = 0.2
"""Of the soak, before which nothing is compared: histories, caches and allocators fill."""

LEAST_MINUTES = 5.0
"""After warming up, below which a trend says nothing."""

GROWTH = 0.01
"""Of the memory after warming up, over the whole soak: less is an allocator's unrest."""

MOST_LOST = 0.0005
SILENCE_SECONDS = 20.0
"""Until those who left without a word have been noticed."""

SEED = 20


@dataclass(frozen=True)
class Plan:
    minutes: float
    packets_per_s: int
    """Of all calls that stay; 0: as many as take the server half a core."""
    sessions: int
    visitors: int
    seed: int


class Soak:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: list[dict[str, Any]] = []
        self.rate = plan.packets_per_s
        address, _ = stage.enter(Cores.apart())
        self._system: Ours = start(address, Cores.apart())
        self._traffic = Traffic()
        self.before = holdings(self._system.pid)
        sessions = [Session(self._system, number, slots=number < plan.visitors) for number in range(plan.sessions)]
        connect_all(sessions)
        for session in sessions:
            session.add_to(self._traffic)
        hosts = sessions[: plan.visitors]
        for host in hosts:
            self._traffic.add_subscriber(host.people[0].receiving(FIRST_EXTRA), None)
        self._sessions = sessions
        self._port = sessions[0].people[0].remote.candidates[0][1]
        self._counters = self._system.counters()
        self._undelivered = 0
        self.visits = Visits(self._system, hosts, plan.seed)
        self.after: Holdings | None = None

    def find_rate(self) -> None:
        """Packets a second that take the server half a core, or else the most of which none was lost: a generator on
        one core cannot always send and check more."""
        trial, most, carried = FIRST_TRIAL, 0, 0
        for _ in range(TRIALS):
            self.rate = trial
            with stage.first(True):
                seen = self._run(TRIAL_SECONDS)
            stage.say(
                f"{trial} packets/s take {seen.server_load:.2f} cores, the generator {seen.own_load:.2f}, "
                f"{seen.counts['lost']} lost"
            )
            if seen.loss > MOST_LOST:
                most, trial = trial, trial // 2
                continue
            carried = max(carried, trial)
            if abs(seen.server_load - HALF) < HALF / 10 or seen.own_load > MOST_BUSY or trial * 1.2 > most > 0:
                return
            trial = int(trial * min(max(HALF / max(seen.server_load, 0.01), 0.5), 2.0))
            trial = min(trial, int(most * 0.8)) if most else trial
        self.rate = carried or self.rate
        stage.say(f"half load was not found; {self.rate} packets/s it is, which were carried without loss")

    def measure(self) -> None:
        """All rows, then everybody leaves."""
        self._undelivered = undelivered(self._port)
        self.visits.start()
        began = time.monotonic()
        with stage.first(True):
            while time.monotonic() - began < self.plan.minutes * 60:
                used, own = machine_seconds(), time.process_time()
                seen = self._run(ROW_SECONDS)
                others = machine_seconds() - used - (time.process_time() - own) - seen.counts["server_cpu_ns"] / 1e9
                row = self._row(seen, time.monotonic() - began)
                self.rows.append({**row, "others_cores": round(others / ROW_SECONDS, 2)})
                stage.say(row_line(self.rows[-1]))
        self.visits.stop()
        for session in self._sessions:
            for person in session.people:
                self._system.leave(person)
        until = time.monotonic() + SILENCE_SECONDS
        while self._system.counters()["peers"] and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(1.0)
        self.after = holdings(self._system.pid)

    def close(self) -> None:
        self._traffic.close()
        self._system.close()

    def _run(self, seconds: float) -> Figures:
        return self._traffic.run(Setting(self.rate, seconds, spin=False, pid=self._system.pid))

    def _row(self, seen: Figures, at: float) -> dict[str, Any]:
        counters, before = self._system.counters(), self._counters
        self._counters = counters
        found = harm.of(seen.calls)
        return {
            "minutes": round(at / 60, 3),
            **asdict(holdings(self._system.pid)),
            "peers": counters["peers"],
            "packets": seen.counts["received"],
            "lost": seen.counts["lost"],
            "expected": seen.counts["expected"],
            "p50_us": seen.percentile(0.5),
            "p99_us": seen.percentile(0.99),
            "max_us": seen.counts["worst_ns"] / 1000,
            "server_cores": round(seen.server_load, 4),
            "generator_busy": round(seen.own_load, 4),
            "generator_stalls": seen.counts["stalls"],
            "calls": found.calls,
            "harmed": found.harmed,
            "lost_calls": sum(call.expected > 0 and call.received == 0 for call in seen.calls),
            "longest_gap_ms": found.longest_gap_ms,
            "wrong": sum(call.wrong for call in seen.calls),
            "visits": self.visits.counts,
            "defects": counters["lost_fault"] + counters["lost_dtls_failed"],
            "undelivered_by_kernel": undelivered(self._port) - self._undelivered,
            "dropped": {
                name: by for name, by in harm.grown(before, counters, {}).items() if name.startswith("dropped_")
            },
        }


def row_line(row: Mapping[str, Any]) -> str:
    return (
        f"{row['minutes']:>6.1f} min: {row['proportional_kb'] / 1024:>7.1f} MB, {row['descriptors']} descriptors, "
        f"{row['peers']} people, {row['server_cores']:.2f} cores, p99 {row['p99_us']:,.0f} us, lost {row['lost']} of "
        f"{row['expected']:,}; visits {row['visits']['visits']}, failed {row['visits']['failed']}"
    )


def judge(rows: Sequence[Mapping[str, Any]], before: Holdings, after: Holdings | None) -> tuple[list[str], list[str]]:
    """In words what was found, and what is not as it should be."""
    if not rows:
        return ["nothing was measured"], ["nothing was measured"]
    said, failed = [], []
    last = rows[-1]
    settled = [row for row in rows if row["minutes"] >= WARM_SHARE * last["minutes"]]
    span = settled[-1]["minutes"] - settled[0]["minutes"]
    if span >= LEAST_MINUTES:
        times = [row["minutes"] for row in settled]
        for what, unit, least in (("proportional_kb", "kB", GROWTH), ("descriptors", "descriptors", 0.2)):
            line = trend.of(times, [row[what] for row in settled])
            said.append(f"after warming up, {unit} a minute: {line.words}")
            if trend.grows(line, span, least * settled[0][what]):
                failed.append(f"{unit} grow: {line.words} a minute")
    else:
        said.append(f"{span:.1f} minutes after warming up are too few to say whether anything grows")
    lost, expected = (sum(row[name] for row in rows) for name in ("lost", "expected"))
    calls = sum(row["lost_calls"] for row in rows) + last["visits"]["failed"] + last["defects"]
    said.append(
        f"{lost} of {expected:,} packets lost; calls lost: {calls}; {last['visits']['visits']} visits with "
        f"{last['visits']['joins']} joins, {last['visits']['failed']} failed, {last['visits']['harmed']} with losses; "
        f"longest silence {max(row['longest_gap_ms'] for row in rows):.0f} ms"
    )
    others = sum(row["others_cores"] for row in rows) / len(rows)
    unheard = last["undelivered_by_kernel"]
    said.append(f"others used {others:.2f} cores; the kernel threw {unheard:,} datagrams away, its buffer was full")
    if calls:
        failed.append(f"{calls} calls were lost")
    if lost > MOST_LOST * expected:
        failed.append(f"{lost} of {expected:,} packets were lost")
    if sum(row["wrong"] for row in rows):
        failed.append("packets came back wrong")
    if after is not None:
        said.append(f"descriptors before anybody came {before.descriptors}, after everybody left {after.descriptors}")
        if after.descriptors > before.descriptors or after.threads > before.threads:
            failed.append(f"left behind: {after} after {before}")
    return said, failed


def drawing(rows: Sequence[Mapping[str, Any]]) -> str:
    def column(name: str, by: float = 1.0) -> list[float]:
        return [row[name] / by for row in rows]

    panels = [
        Panel("memory, MB", {"proportional": column("proportional_kb", 1024), "resident": column("resident_kb", 1024)}),
        Panel("latency, us", {"p99": column("p99_us"), "p50": column("p50_us")}),
        Panel("cores", {"server": column("server_cores"), "generator": column("generator_busy")}),
        Panel("people", {"connected": column("peers")}),
        Panel("descriptors and threads", {"descriptors": column("descriptors"), "threads": column("threads")}),
        Panel("packets lost in each row", {"lost": column("lost")}),
    ]
    return graph.draw("The media server at half load, people coming and going", column("minutes"), panels)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--packets", type=int, default=0, help="a second, of all calls that stay; 0 finds half load")
    parser.add_argument("--sessions", type=int, default=40, help="of two people, that stay")
    parser.add_argument("--visitors", type=int, default=8, help="how many visits there are at the same time")
    parser.add_argument("--seed", type=int, default=SEED, help="of how long visits take")
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="folder for soak.json and soak.svg")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    visitors = min(arguments.visitors, arguments.sessions)
    plan = Plan(arguments.minutes, arguments.packets, arguments.sessions, visitors, arguments.seed)
    soak = Soak(plan)

    def found() -> dict[str, object]:
        said, failed = judge(soak.rows, soak.before, soak.after)
        told = {"plan": asdict(plan), "packets_per_s": soak.rate, "rows": soak.rows, "said": said, "failed": failed}
        told["failed_visits"] = soak.visits.reasons[:20]
        return stage.result("soak", told)

    try:
        if not plan.packets_per_s:
            soak.find_rate()
        soak.measure()
    except Failed as reason:
        stage.say(str(reason))
        return 1
    finally:
        stage.write(arguments.output, "soak", found(), drawing(soak.rows))
        soak.close()
    said, failed = judge(soak.rows, soak.before, soak.after)
    if arguments.json:
        print(json.dumps(found(), indent=1))
    else:
        print("\n".join([f"{soak.rate} packets/s for {plan.minutes:g} minutes", *said]))
        print("\n".join(failed) or "nothing grew, no call was lost")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
