"""Measures what growing costs: `python -m bench.scale`, options with --help.

    cpu       a forwarded packet's price, the same packets spread over 10 to 500 rooms
    memory    of a connected person who does nothing, and of a session of two
    rounds    sessions set up and torn down, again and again: does everything come back?

The method is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench import forward, report, stage, trend
from bench.errors import Failed
from bench.loads import Condition, Load
from bench.processes import Cores, Holdings, holdings
from bench.session import Leaving, open_sessions
from bench.systems.ours import Ours, start
from bench.traffic import Setting, Traffic

PARTS = ("cpu", "memory", "rounds")
ROOMS = (10, 50, 100, 250, 500)
PACKETS_PER_S = 20_000
DEARER = 1.15
"""Times the price with few rooms that a packet may cost with many."""

IDLE_KB = 256
SESSION_KB = 2048
PATIENT = {"silence_limit": 3600.0, "handshake_limit": 600.0}
"""People here say nothing while others are being connected; that is not what is measured."""

WARMING_PEOPLE = 50
FILLING_PACKETS_PER_S = 500
"""Of each camera: 4.4 Mbit/s, which is what fills a history."""

FILLING_SECONDS = 4.0
AT_ONCE = 10
"""Sessions that are filled at the same time."""

WARM_ROUNDS = 3
"""Before the base line: allocators and caches have their size then."""

TCP_EVERY = 10
GLIMPSE_PACKETS_PER_S = 10
"""Of each camera, for a second of each round: all that a running stream has is made."""

GONE_SECONDS = 30.0
TOLERANCE_KB = 2048
ABOVE_BASE_LINE = 1.05
"""An allocator's own unrest: what it has not given back."""

LEAK_KB = 256
LEAK_BLOCKS = 2000
"""What is in use has no such unrest. 256 kB of 34,000 people are 8 bytes for each."""


@dataclass
class Judged:
    """Facts and whether they are as they should be."""

    facts: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


# CPU ------------------------------------------------------------------------------------------------------------------


def measure_cpu(bench: forward.Bench, write: Callable[[], None]) -> Judged:
    bench.measure(write)
    found = report.results(bench.runs)
    judged = Judged({"results": found, "failures": bench.failures, "growth": growth(bench.runs)})
    judged.lines = [report.table(found), "", *growth_lines(judged.facts["growth"])]
    judged.failed = list(bench.failures)
    for row in judged.facts["growth"]:
        if row["system"].startswith("ours") and row["times"] > DEARER:
            judged.failed.append(
                f"{row['system']}: a packet costs {row['times']:.2f} times as much with {row['rooms']} rooms"
            )
    return judged


def growth(runs: Sequence[report.Run]) -> list[dict[str, Any]]:
    """For each system and number of rooms: times the price with the fewest rooms, taken within each repeat, and the
    same with the floor's growth divided out."""
    least = min((run.load.rooms for run in runs), default=0)
    prices = {(run.system, run.load.rooms, run.repeat): run.figures.cpu_us_per_packet for run in runs}
    rows: dict[tuple[str, int], list[float]] = {}
    for (system, rooms, repeat), price in prices.items():
        base = prices.get((system, least, repeat))
        if base and rooms != least:
            rows.setdefault((system, rooms), []).append(price / base)
    times = {key: median(values) for key, values in rows.items()}
    kinds = {run.system: run.kind for run in runs}
    found = []
    for (system, rooms), value in sorted(times.items()):
        floor = times.get((report.FLOORS[kinds[system]], rooms))
        beyond = round(value / floor, 3) if floor else None
        found.append({"system": system, "rooms": rooms, "times": round(value, 3), "beyond_the_floor": beyond})
    return found


def growth_lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    lines = [f"{'times the price with the fewest rooms':<44} {'rooms':>6} {'times':>7} {'beyond the floor':>17}"]
    for row in rows:
        beyond = "-" if row["beyond_the_floor"] is None else f"{row['beyond_the_floor']:.2f}"
        lines.append(f"{row['system']:<44} {row['rooms']:>6} {row['times']:>7.2f} {beyond:>17}")
    return lines


# Memory ---------------------------------------------------------------------------------------------------------------


def measure_memory(address: str, cores: Cores, people: int, sessions: int) -> Judged:
    """The growth by the second half of them: the first half fills what an allocator had in store."""
    judged = Judged()
    for name, count, limit, measure in (
        ("idle person", people, IDLE_KB, _idle_people),
        ("session of two", sessions, SESSION_KB, _full_sessions),
    ):
        stage.say(f"memory: {count} of: {name}")
        system = start(address, cores, **PATIENT)
        try:
            _warm(system)
            kept = measure(system, 0, count)
            before = holdings(system.pid)
            kept += measure(system, count, count)
            after = holdings(system.pid)
            del kept
        finally:
            system.close()
        each = {
            "count": count,
            "resident_kb": round((after.resident_kb - before.resident_kb) / count, 1),
            "proportional_kb": round((after.proportional_kb - before.proportional_kb) / count, 1),
            "limit_kb": limit,
        }
        judged.facts[name] = each
        judged.lines.append(
            f"{name:<16} {each['resident_kb']:>9.1f} kB resident, {each['proportional_kb']:>9.1f} kB proportional, "
            f"limit {limit} kB, of {count}"
        )
        if max(each["resident_kb"], each["proportional_kb"]) > limit:
            judged.failed.append(f"memory: {name} takes more than {limit} kB")
    return judged


def _warm(system: Ours) -> None:
    """So that what the first ones make for all is not the first ones' price."""
    traffic = Traffic()
    sessions = open_sessions(system, range(WARMING_PEOPLE // 2))
    for session in sessions:
        session.add_to(traffic)
    traffic.run(Setting(GLIMPSE_PACKETS_PER_S * WARMING_PEOPLE, 1.0, measured=False))
    for session in sessions:
        session.leave(Leaving.ASKED)
    traffic.close()
    _wait_for_nobody(system)


def _idle_people(system: Ours, first: int, count: int) -> list[object]:
    """Returns what keeps their sockets open: a server has other things to do with somebody who is gone."""
    return [*open_sessions(system, range(1000 + first, 1000 + first + count // 2))]


def _full_sessions(system: Ours, first: int, count: int) -> list[object]:
    """As above."""
    kept: list[object] = []
    for at in range(0, count, AT_ONCE):
        traffic = Traffic()
        kept.append(traffic)
        some = range(1000 + first + at, 1000 + first + min(at + AT_ONCE, count))
        for session in open_sessions(system, some):
            session.add_to(traffic)
        people = 2 * len(some)
        traffic.run(Setting(FILLING_PACKETS_PER_S * people, FILLING_SECONDS, measured=False))
    return kept


# Rounds ---------------------------------------------------------------------------------------------------------------


def measure_rounds(address: str, cores: Cores, sessions: int, rounds: int) -> Judged:
    system = start(address, cores, **PATIENT)
    rows: list[dict[str, Any]] = []
    tidied: list[dict[str, Any]] = [_tidied(system, 0)]
    try:
        for number in range(rounds):
            rows.append({"round": number + 1, **_round(system, sessions, number)})
            stage.say(round_line(rows[-1]))
            if number + 1 in (WARM_ROUNDS, rounds):
                tidied.append(_tidied(system, number + 1))
    finally:
        system.close()
    return judge_rounds(rows, tidied)


def _tidied(system: Ours, after: int) -> dict[str, Any]:
    """What is left when the allocator has been made to give back what nobody uses: what the server itself holds."""
    used = system.ask({"do": "tidy"})
    return {"round": after, **used, **asdict(holdings(system.pid))}


def _round(system: Ours, sessions: int, number: int) -> dict[str, Any]:
    began = time.monotonic()
    opened = open_sessions(system, range(number * sessions, (number + 1) * sessions), TCP_EVERY)
    connected = time.monotonic()
    traffic = Traffic()
    moving = [session for at, session in enumerate(opened) if (number * sessions + at) % TCP_EVERY]
    for session in moving:
        session.add_to(traffic)
    seen = traffic.run(Setting(2 * GLIMPSE_PACKETS_PER_S * len(moving), 1.0))
    full = holdings(system.pid)
    for at, session in enumerate(opened):
        session.leave(Leaving.GOODBYE if at % 2 else Leaving.ASKED)
    traffic.close()
    for session in opened:
        session.close()
    _wait_for_nobody(system)
    return {
        "seconds": round(time.monotonic() - began, 1),
        "sessions_per_s": round(sessions / (connected - began), 1),
        "loss": seen.loss,
        "full": asdict(full),
        "empty": asdict(holdings(system.pid)),
    }


def _wait_for_nobody(system: Ours) -> None:
    until = time.monotonic() + GONE_SECONDS
    while system.counters()["peers"]:
        if time.monotonic() > until:
            raise Failed(f"{system.counters()['peers']} people are still there {GONE_SECONDS:.0f} s after they left")
        time.sleep(0.1)
    time.sleep(1.0)  # TCP connections are closed after their peers


def round_line(row: dict[str, Any]) -> str:
    full, empty = Holdings(**row["full"]), Holdings(**row["empty"])
    return (
        f"round {row['round']:>3}: {row['sessions_per_s']:>6.1f} sessions/s set up; full {full.proportional_kb:>8,} kB,"
        f" {full.descriptors} descriptors; empty {empty.proportional_kb:>8,} kB (resident {empty.resident_kb:,}), "
        f"{empty.descriptors} descriptors, {empty.threads} threads"
    )


def judge_rounds(rows: Sequence[dict[str, Any]], tidied: Sequence[dict[str, Any]]) -> Judged:
    """Against the base line, which is what was left after the first rounds: what is in use, to the byte, and what the
    system has given. An allocator comes closer and closer to its size, a leak doesn't: whether that grows is asked of
    the second half."""
    judged = Judged({"rounds": list(rows), "tidied": list(tidied)}, [round_line(row) for row in rows])
    for row in tidied:
        judged.lines.append(
            f"tidied up after {row['round']} rounds: {row['proportional_kb']:,} kB, of which malloc has given out "
            f"{row['malloc_kb']:,} kB; {row['python_blocks']:,} blocks of Python's"
        )
    if len(rows) < WARM_ROUNDS + 3 or len(tidied) < 3:
        judged.lines.append("too few rounds to say more")
        return judged
    base, last = (Holdings(**rows[at]["empty"]) for at in (WARM_ROUNDS - 1, -1))
    half = rows[max(len(rows) // 2, WARM_ROUNDS) - 1 :]
    line = trend.of([row["round"] for row in half], [row["empty"]["proportional_kb"] for row in half])
    judged.facts["kb_per_round"] = asdict(line)
    judged.lines.append(
        f"base line {base.proportional_kb:,} kB, at the end {last.proportional_kb:,} kB, in the second half "
        f"{line.words} kB a round; descriptors {base.descriptors} and {last.descriptors}"
    )
    if trend.grows(line, len(half), TOLERANCE_KB):
        judged.failed.append(f"rounds: memory grows by {line.words} kB a round")
    most = max(row["empty"]["proportional_kb"] for row in rows[: len(rows) // 2])
    if last.proportional_kb > most * ABOVE_BASE_LINE + TOLERANCE_KB:
        judged.failed.append(f"rounds: {last.proportional_kb:,} kB at the end, {most:,} kB at most in the first half")
    for what, unit, most in (("malloc_kb", "kB of malloc's", LEAK_KB), ("python_blocks", "Python blocks", LEAK_BLOCKS)):
        grown = tidied[-1][what] - tidied[-2][what]
        if grown > most:
            judged.failed.append(f"rounds: {grown:,} {unit} are in use that were not after the first rounds")
    for what in ("descriptors", "threads"):
        if getattr(last, what) != getattr(base, what):
            judged.failed.append(f"rounds: {getattr(last, what)} {what}, {getattr(base, what)} before")
    return judged


# All of it ------------------------------------------------------------------------------------------------------------


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--quick", action="store_true", help="little of everything: whether it works")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--rooms", type=int, action="append", help=f"for the CPU; may be repeated; else {ROOMS}")
    parser.add_argument("--packets", type=int, default=PACKETS_PER_S, help="a second, of all rooms together")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="measured in each run")
    parser.add_argument("--people", type=int, default=500, help="who do nothing, for the memory of one")
    parser.add_argument("--full-sessions", type=int, default=100, help="for the memory of one session")
    parser.add_argument("--sessions", type=int, default=1000, help="of each round")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="folder for scale.json")
    return parser.parse_args(given)


def _cpu_plan(given: argparse.Namespace) -> forward.Plan:
    rooms = given.rooms or ((10, 50) if given.quick else ROOMS)
    return forward.Plan(
        systems=("ours", "ours, gathering", "floor", "floor, gathering"),
        loads=tuple(Load(number, 1, 5000 if given.quick else given.packets) for number in rooms),
        conditions=(Condition.QUIET,),
        repeats=1 if given.quick else given.repeats,
        seconds=1.0 if given.quick else given.seconds,
        patience=0 if given.quick else 3,
    )


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)

    def few(quick: int, count: int) -> int:
        return quick if arguments.quick else count

    parts: dict[str, Judged] = {}
    cores = Cores.apart()
    chosen = arguments.part or PARTS

    def write() -> None:
        found = {name: {**part.facts, "failed": part.failed} for name, part in parts.items()}
        stage.write(arguments.output, "scale", stage.result("scale", found))

    bench = forward.Bench(_cpu_plan(arguments))
    bench.prepare()
    if "cpu" in chosen:
        parts["cpu"] = measure_cpu(bench, write)
        write()
    if "memory" in chosen:
        people, sessions = few(50, arguments.people), few(10, arguments.full_sessions)
        parts["memory"] = measure_memory(bench.address, cores, people, sessions)
        write()
    if "rounds" in chosen:
        parts["rounds"] = measure_rounds(
            bench.address, cores, few(20, arguments.sessions), few(WARM_ROUNDS + 3, arguments.rounds)
        )
        write()
    failed = [reason for part in parts.values() for reason in part.failed]
    if arguments.json:
        print((arguments.output / "scale.json").read_text())
    else:
        print("\n".join(line for part in parts.values() for line in [*part.lines, ""]))
        print("\n".join(failed) or "everything as it should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
