"""Measures what a forwarded packet costs: `python -m bench.forward`, options with --help.

Every system in turn, again and again: start it, connect its clients, warm up, measure, stop it. So whatever the machine
does meanwhile it does to all of them. The method is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench import allocations, latency, loads, plot, report, stage
from bench.client import connect
from bench.description import Line
from bench.errors import Failed, NotAvailable
from bench.loads import Condition, Load
from bench.place import LOOPBACK
from bench.processes import Cores, count_syscalls, machine_seconds, resident_kb, thread_times, wakeups
from bench.report import Run
from bench.systems import Entry, System, floor, galene, janus, livekit, ours
from bench.systems.ours import MEDIA_THREAD, Ours
from bench.traffic import Setting, Traffic

_T = TypeVar("_T")

ENTRIES: dict[str, Entry] = {
    entry.name: entry for module in (floor, ours, janus, livekit, galene) for entry in module.ENTRIES
}
WARM_SECONDS = 1.0
PEOPLE = 100
"""Who join at once in `Condition.JOINING`."""

JOIN_AFTER = 0.5
TRACED_SECONDS = 2.0
PATIENCE_SECONDS = 2.0
TEN_MILLION = 10_000_000
TYPICAL = Load.parse("10x1->1@20000")


@dataclass(frozen=True)
class Plan:
    """What to measure. Written to the results, so that it can be repeated."""

    systems: tuple[str, ...]
    loads: tuple[Load, ...]
    conditions: tuple[Condition, ...]
    repeats: int
    seconds: float
    bytes: int = 1100
    burst: int = 1
    nacks: int = 0
    patience: int = 3
    spin: bool = True
    apart: bool = True
    syscalls: bool = False


class Bench:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.runs: list[Run] = []
        self.versions: dict[str, str] = {}
        self.unavailable: dict[str, str] = {}
        self.failures: list[str] = []
        self._cores = Cores.apart() if plan.apart else Cores.shared()
        self.address = LOOPBACK

    def prepare(self) -> None:
        """Builds and installs what is missing, then leaves the network."""
        for name in self.plan.systems:
            try:
                self.versions[name] = ENTRIES[name].prepare()
            except NotAvailable as reason:
                self.unavailable[name] = str(reason)
        self.address, why_loopback = stage.enter(self._cores)
        for name in [each for each in self.versions if why_loopback and each.startswith(("janus", "livekit"))]:
            del self.versions[name]
            self.unavailable[name] = why_loopback

    def measure(self, after_repeat: Callable[[], None]) -> None:
        """All of the plan. `after_repeat`: for writing down what there is, as a whole run takes half an hour."""
        shapes = list(dict.fromkeys(load.shape for load in self.plan.loads))
        names = list(self.versions)
        for repeat in range(self.plan.repeats):
            # another one first each time: whoever comes first finds the machine in another state
            for shape in _turned(shapes, repeat):
                for name in _turned(names, repeat):
                    stage.say(f"repeat {repeat + 1} of {self.plan.repeats}, {shape[0]} rooms 1->{shape[1]}: {name}")
                    try:
                        self._measure_system(ENTRIES[name], shape, repeat)
                    except (Failed, NotAvailable) as reason:
                        self.failures.append(f"{name}, {shape[0]} rooms 1->{shape[1]}, repeat {repeat + 1}: {reason}")
                        stage.say(self.failures[-1])
            after_repeat()

    def _measure_system(self, entry: Entry, shape: tuple[int, int], repeat: int) -> None:
        traffic = Traffic()
        system = entry.start(self.address, self._cores)
        try:
            system.open_rooms(*shape, traffic)
            for load in self.plan.loads:
                if load.shape == shape:
                    for condition in self.plan.conditions:
                        if condition is Condition.QUIET or isinstance(system, Ours):
                            self.runs.append(self._measure_load(entry, system, traffic, load, condition, repeat))
        finally:
            traffic.close()
            system.close()

    def _measure_load(
        self, entry: Entry, system: System, traffic: Traffic, load: Load, condition: Condition, repeat: int
    ) -> Run:
        plan = self.plan
        # those who join need the generator's core too: it sleeps between packets then, and comes first when it wakes
        joining = condition is Condition.JOINING
        spin = plan.spin and not joining
        warm = Setting(load.packets_per_s, WARM_SECONDS, plan.bytes, plan.burst, spin, measured=False)
        setting = Setting(load.packets_per_s, plan.seconds, plan.bytes, plan.burst, spin, plan.nacks, system.pid)
        for attempt in range(1 + plan.patience):
            traffic.run(warm)
            woken, began = wakeups(system.pid), time.monotonic()
            used, own = machine_seconds(), time.process_time()
            media = _media_ns(system)
            with _condition(system, condition), stage.first(joining):
                figures = traffic.run(setting)
            others = machine_seconds() - used - (time.process_time() - own) - figures.counts["server_cpu_ns"] / 1e9
            seconds, media = time.monotonic() - began, _media_ns(system) - media
            per_packet = (wakeups(system.pid) - woken) / max(figures.counts["received"], 1)
            if others / seconds <= report.OTHERS or attempt == plan.patience:
                break
            stage.say(f"    others used {others / seconds:.2f} cores: again")
            time.sleep(PATIENCE_SECONDS)
        traced = self._trace(system, traffic, load, spin) if plan.syscalls and condition is Condition.QUIET else None
        memory = resident_kb(system.pid)
        share = max(others / seconds, 0.0)
        per_media = media / 1000 / max(figures.counts["received"], 1) if isinstance(system, Ours) else None
        return Run(
            entry.name, entry.kind, load, condition, repeat, figures, per_packet, share, memory, traced, per_media
        )

    def _trace(self, system: System, traffic: Traffic, load: Load, spin: bool) -> float | None:
        """System calls for each packet, in a run of its own: being counted costs time."""
        counted: list[int | None] = []
        thread = threading.Thread(target=lambda: counted.append(count_syscalls(system.pid, TRACED_SECONDS)))
        thread.start()
        setting = Setting(load.packets_per_s, TRACED_SECONDS + 1.0, self.plan.bytes, self.plan.burst, spin)
        figures = traffic.run(setting)
        thread.join()
        rate = figures.counts["received"] / (figures.counts["window_ns"] / 1e9)
        return counted[0] / TRACED_SECONDS / rate if counted[0] is not None and rate else None

    def count_allocations(self) -> list[dict[str, Any]]:
        """Of our own server's media thread, for the first load."""
        return [
            allocations.measure(self.address, self._cores, ENTRIES[name].kind, self.plan.loads[0], self.plan.seconds)
            for name in self._ours()
        ]

    def find_the_latest(self, packets: int) -> list[dict[str, Any]]:
        """Of so many packets through our own server, for each load."""
        return [
            latency.measure(ENTRIES[name], self.address, self._cores, load, packets, stage.say)
            for name in self._ours()
            for load in self.plan.loads
        ]

    def _ours(self) -> list[str]:
        return [name for name in self.versions if name.startswith("ours")]

    def report(self) -> dict[str, object]:
        """The one object."""
        found = {
            "plan": {
                **asdict(self.plan),
                "loads": [str(load) for load in self.plan.loads],
                "conditions": [condition.value for condition in self.plan.conditions],
            },
            "systems": self.versions,
            "unavailable": self.unavailable,
            "failures": self.failures,
            "results": report.results(self.runs),
        }
        return stage.result("forward", found)


def _turned(each: list[_T], by: int) -> list[_T]:
    return each[by % len(each) :] + each[: by % len(each)] if each else each


def _media_ns(system: System) -> int:
    """Nanoseconds on a core of our server's media threads so far; 0 of other servers."""
    if not isinstance(system, Ours):
        return 0
    times = thread_times(system.pid)
    return sum(used for name, used in times.items() if name.startswith(MEDIA_THREAD))


@contextmanager
def _condition(system: System, condition: Condition) -> Iterator[None]:
    """What happens besides the packets, while it is entered."""
    if condition is Condition.QUIET or not isinstance(system, Ours):
        yield
    elif condition is Condition.BUSY:
        system.ask({"do": "busy", "on": True})
        yield
        system.ask({"do": "busy", "on": False})
    else:
        failed: list[Failed] = []
        thread = threading.Thread(target=_join_at_once, args=(system, failed))
        thread.start()
        yield
        thread.join()
        if failed:
            raise failed[0]


def _join_at_once(system: Ours, failed: list[Failed]) -> None:
    time.sleep(JOIN_AFTER)
    people = []
    try:
        lines = [Line("sendonly", ssrc=number) if number % 2 else Line("recvonly") for number in range(PEOPLE)]
        people = [system.join([line], f"room of {number // 2}") for number, line in enumerate(lines)]
        connect([(person.client, person.remote) for person in people], at_once=PEOPLE)
    except Failed as error:
        failed.append(error)
    for person in people:
        system.leave(person)
        person.client.close()


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.forward", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="two loads, one short run each: whether everything works")
    parser.add_argument("--system", action="append", choices=list(ENTRIES), help="only this one; may be repeated")
    parser.add_argument("--load", action="append", type=Load.parse, help="e.g. 10x1:4@5000; may be repeated")
    parser.add_argument(
        "--condition", action="append", type=Condition, choices=list(Condition), help="quiet, busy or joining"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="measured in each run")
    parser.add_argument("--bytes", type=int, default=1100, help="of an RTP packet, before it is sealed")
    parser.add_argument("--burst", type=int, default=1, help="packets that a publisher sends back to back")
    parser.add_argument("--nacks", type=int, default=0, help="packets a second that each subscriber asks for again")
    parser.add_argument(
        "--patience", type=int, default=3, help="how often a run is repeated if the machine was not quiet"
    )
    parser.add_argument("--sleep", action="store_true", help="let the generator sleep between packets")
    parser.add_argument("--anywhere", action="store_true", help="leave it to the scheduler which core runs what")
    parser.add_argument("--syscalls", action="store_true", help="count system calls too, with perf")
    parser.add_argument(
        "--allocations", action="store_true", help="instead: what our media thread allocates and what Python it runs"
    )
    parser.add_argument("--latency", action="store_true", help="instead: the latest of --packets through our server")
    parser.add_argument("--packets", type=int, default=TEN_MILLION)
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="folder for forward.json and forward.svg")
    return parser.parse_args(given)


def _plan(given: argparse.Namespace) -> Plan:
    systems = given.system or [name for name in ENTRIES if not (given.quick and name.startswith(("livekit", "galene")))]
    if given.allocations or given.latency:
        systems = [name for name in systems if name.startswith("ours")]
    asked = given.load or ((TYPICAL,) if given.latency or given.allocations else None)
    return Plan(
        systems=tuple(systems),
        loads=tuple(asked or (loads.QUICK if given.quick else loads.FULL)),
        conditions=tuple(given.condition or [Condition.QUIET]),
        repeats=1 if given.quick else given.repeats,
        seconds=1.0 if given.quick else given.seconds,
        bytes=given.bytes,
        burst=given.burst,
        nacks=given.nacks,
        patience=0 if given.quick else given.patience,
        spin=not given.sleep,
        apart=not given.anywhere,
        syscalls=given.syscalls,
    )


def _write(bench: Bench, folder: Path) -> None:
    title = "CPU time for each forwarded packet, all threads, microseconds (median, least to most)"
    stage.write(folder, "forward", bench.report(), plot.draw(report.results(bench.runs), title))


def _instead(bench: Bench, arguments: argparse.Namespace) -> int:
    """What is asked of our own server only."""
    found: dict[str, Any] = {}
    said: list[str] = []
    try:
        if arguments.allocations:
            found["allocations"] = bench.count_allocations()
            said += [line for each in found["allocations"] for line in allocations.lines(each)]
        if arguments.latency:
            found["latency"] = bench.find_the_latest(arguments.packets)
            said += [latency.line(each) for each in found["latency"]]
    except (Failed, NotAvailable) as reason:
        stage.say(str(reason))
        return 1
    for name, value in found.items():
        stage.write(arguments.output, name, stage.result(name, {"results": value}))
    print(json.dumps(found, indent=1) if arguments.json else "\n".join(said))
    return 0


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    bench = Bench(_plan(arguments))
    try:
        bench.prepare()
    except subprocess.CalledProcessError as error:
        stage.say(f"{' '.join(error.cmd)}: {str(error.stdout).strip()[-600:]}")
        return 1
    if arguments.allocations or arguments.latency:
        return _instead(bench, arguments)
    bench.measure(lambda: _write(bench, arguments.output))
    found = bench.report()
    print(json.dumps(found, indent=1) if arguments.json else report.table(report.results(bench.runs)))
    for name, reason in bench.unavailable.items():
        stage.say(f"not measured: {name}: {reason}")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
