"""Measures what end-to-end encryption costs: `python -m bench.e2ee`, options with --help.

    cost       processor time of who publishes 720p30, and of the server that forwards it
    join       how long joining takes
    recorder   what it takes to open what is recorded

The first two with real browsers, encrypted and not, in turns. Exit status 1 if something is not as wanted. The method
is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from bench import stage
from bench.e2ee import cost, figures, joins, recorder, report
from bench.e2ee.calls import KINDS, Kind, People
from bench.e2ee.figures import Join, Run
from bench.errors import Failed, NotAvailable
from bench.processes import Cores

_T = TypeVar("_T")
Found = dict[str, Any]

PARTS = ("cost", "join", "recorder")
TABLES: dict[str, Callable[[Found], list[str]]] = {
    "cost": report.cost,
    "join": report.joining,
    "recorder": report.recording,
}
JOINED: tuple[Kind, ...] = ("clear", "encrypted")
ROUNDS = 7


@dataclass(frozen=True)
class Plan:
    """What to measure. Written to the results, so that it can be repeated."""

    parts: tuple[str, ...]
    repeats: int
    seconds: float
    joins: int
    rounds: int
    both_ways: bool


class Bench:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.versions: dict[str, str] = {}
        self._address, reason = stage.enter(Cores.shared())
        if reason:
            stage.say(f"on loopback: {reason}")

    def measure(self, part: str, so_far: Callable[[Found], None]) -> Found:
        """Raises Failed, NotAvailable."""
        if part == "recorder":
            found = figures.recording(*recorder.measure(self.plan.rounds))
            stage.say(f"recorder: {recorder.about(found)}")
            return found
        size = cost.SIZE if part == "cost" else joins.SIZE
        stage.say("starting the server and two browsers")
        people = People(self._address, size)
        self.versions["chromium"] = people.version
        try:
            return self._cost(people, so_far) if part == "cost" else self._join(people, so_far)
        finally:
            people.close()

    def _cost(self, people: People, so_far: Callable[[Found], None]) -> Found:
        runs: list[Run] = []
        failures: list[str] = []
        for repeat in range(self.plan.repeats):
            for kind in _turned(KINDS, repeat):
                stage.say(f"cost, repeat {repeat + 1} of {self.plan.repeats}: {kind}")
                try:
                    runs.append(cost.measure(people, kind, repeat, self.plan.seconds, self.plan.both_ways))
                    stage.say(_words(runs[-1]))
                except Failed as reason:
                    failures.append(f"cost, repeat {repeat + 1}: {reason}")
                    stage.say(failures[-1])
            so_far(figures.cost(runs, failures))
        return figures.cost(runs, failures)

    def _join(self, people: People, so_far: Callable[[Found], None]) -> Found:
        found: list[Join] = []
        failures: list[str] = []
        # what is only slow the first time is not what people wait for each time: the first is thrown away
        for number in range(-1, self.plan.joins):
            for kind in _turned(JOINED, number):
                try:
                    join = joins.measure(people, kind, number)
                except Failed as reason:
                    failures.append(f"join {number + 1}: {reason}")
                    stage.say(failures[-1])
                    continue
                said = ", ".join(f"{name} {value:.0f} ms" for name, value in join.times_ms.items())
                stage.say(f"join {number + 1} of {self.plan.joins}, {kind}: {said}")
                if number >= 0:
                    found.append(join)
            so_far(figures.joining(found, failures))
        return figures.joining(found, failures)


def _turned(each: Sequence[_T], by: int) -> Iterable[_T]:
    """Another one first each time: whoever comes first finds the machine in another state."""
    by %= len(each)
    return [*each[by:], *each[:by]]


def _words(run: Run) -> str:
    said = {name: run.values[name] for name in ("main_ms", "worker_ms", "page_ms", "browser_ms", "server_us")}
    told = ", ".join(f"{name} {value:.1f}" for name, value in said.items())
    return "; ".join([f"    {told}, {run.values['pictures_per_s']:.1f} pictures/s", *run.remarks])


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.e2ee", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work here?")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--repeats", type=int, default=5, help="of the cost, of each kind of call")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured in each")
    parser.add_argument("--joins", type=int, default=10, help="of each kind of call")
    parser.add_argument("--both-ways", action="store_true", help="for the cost: the other one sends a picture too")
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="a folder, or a file ending in .json")
    return parser.parse_args(given)


def _plan(given: argparse.Namespace) -> Plan:
    quick = given.quick
    return Plan(
        parts=tuple(part for part in PARTS if part in (given.part or PARTS)),
        repeats=1 if quick else given.repeats,
        seconds=5.0 if quick else given.seconds,
        joins=2 if quick else given.joins,
        rounds=2 if quick else ROUNDS,
        both_ways=given.both_ways,
    )


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    output: Path = arguments.output
    folder, name = (output.parent, output.stem) if output.suffix == ".json" else (output, "e2ee")
    bench = Bench(_plan(arguments))
    found: dict[str, Found] = {}
    unavailable: dict[str, str] = {}

    def result() -> dict[str, object]:
        about = {"plan": asdict(bench.plan), "versions": bench.versions, "unavailable": unavailable}
        return stage.result("e2ee", {**about, **found})

    def keep(part: str, told: Found) -> None:
        found[part] = told
        stage.write(folder, name, result())

    for part in bench.plan.parts:
        try:
            keep(part, bench.measure(part, partial(keep, part)))
        except NotAvailable as reason:
            unavailable[part] = str(reason)
        except subprocess.CalledProcessError as error:
            stage.say(f"{' '.join(error.cmd)}: {str(error.stdout).strip()[-600:]}")
            return 1
        except Failed as reason:
            stage.say(f"{part}: {reason}")
            return 1
    failed = [reason for told in found.values() for reason in told["failed"]]
    if arguments.json:
        print(json.dumps(result(), indent=1))
    else:
        print("\n".join(line for part, told in found.items() for line in [*TABLES[part](told), ""]))
        print("\n".join(failed) or "everything as it should be")
    for part, why in unavailable.items():
        stage.say(f"not measured: {part}: {why}")
    return 1 if failed or unavailable else 0


if __name__ == "__main__":
    sys.exit(main())
