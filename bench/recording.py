"""Measures what recording costs: `python -m bench.recording`, options with --help.

    cost      the processor time of a call of two, unrecorded and recorded, here and in Janus
    many      recorded calls at once: is anything dropped?
    compose   how many times as fast as real time one core makes a film
    memory    of capture, in hours that pass faster

The method is told in docs/recording-performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import native, recording_films, recording_report, stage
from bench.errors import Failed, NotAvailable
from bench.processes import Cores, run
from bench.recording_cost import OURS, SYSTEMS, Window, find_most, measure_cost, measure_many
from bench.recording_films import Cast
from bench.recording_memory import measure as measure_memory
from bench.recording_report import Judged, why_not
from bench.recording_service import FOLDER
from bench.systems import janus

PARTS = ("cost", "many", "compose", "memory")
CALLS = (1, 10)
AT_ONCE = 50
FEWER = 10
"""Where those are too many: how many fewer are tried next."""

HOURS = 4.0
SPEED = 15.0
"""Times real time. The disk is still asked every 0.4 s, and what waits for it is so many times as much: at 30 times a
camera's share comes near to what may wait (`recording/sealed`)."""

FILM_SECONDS = 60


@dataclass(frozen=True)
class Plan:
    """What to measure. Written to the results, so that it can be repeated."""

    parts: tuple[str, ...]
    systems: tuple[str, ...]
    calls: tuple[int, ...]
    repeats: int
    seconds: float
    at_once: int
    many_seconds: float
    film_seconds: int
    hours: float
    speed: float


class Bench:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.cast: list[Cast] = []
        self.versions = {OURS: "this version"}
        self.unavailable: dict[str, str] = {}
        self._cores = Cores.apart()
        self._address = ""

    def prepare(self) -> None:
        """Builds and installs what is missing and makes the films, then leaves the network."""
        native.build("films")
        if any(name != OURS for name in self.plan.systems) and "cost" in self.plan.parts:
            try:
                version = janus.ENTRIES[0].prepare()
                self.versions |= {name: version for name in self.plan.systems if name != OURS}
            except NotAvailable as reason:
                self.unavailable["janus"] = str(reason)
        stage.say("making films")
        self.cast = recording_films.make()
        self._address, why_loopback = stage.enter(self._cores)
        if why_loopback:
            self.versions = {OURS: self.versions[OURS]}
            self.unavailable["janus"] = why_loopback

    def cost(self, so_far: Callable[[Judged], None]) -> Judged:
        windows: list[Window] = []
        failures: list[str] = []
        names = [name for name in self.plan.systems if name in self.versions]
        for repeat in range(self.plan.repeats):
            turned = names[repeat % len(names) :] + names[: repeat % len(names)]
            for calls in self.plan.calls:
                for name in turned:
                    stage.say(f"cost, repeat {repeat + 1} of {self.plan.repeats}, {calls} calls: {name}")
                    try:
                        windows += measure_cost(
                            name, calls, repeat, self.plan.seconds, self._address, self._cores, self.cast
                        )
                        stage.say(_words(windows[-2:]))
                    except (Failed, NotAvailable) as reason:
                        failures.append(f"{name}, {calls} calls, repeat {repeat + 1}: {reason}")
                        stage.say(failures[-1])
            so_far(recording_report.cost(windows, failures))
        return recording_report.cost(windows, failures)

    def many(self) -> Judged:
        cores = self._everywhere()
        tried = find_most(
            self.plan.at_once,
            lambda calls: measure_many(calls, self.plan.many_seconds, self._address, cores, self.cast),
            lambda many: not why_not(many),
            FEWER,
        )
        return recording_report.many(tried, self.plan.at_once)

    def compose(self) -> Judged:
        self._everywhere()
        seconds = str(self.plan.film_seconds)
        told = run([sys.executable, "-m", "bench.compose", "--seconds", seconds, "--json"])
        films: list[dict[str, Any]] = json.loads(told.strip().splitlines()[-1])
        return recording_report.composing(films)

    def memory(self) -> Judged:
        self._everywhere()
        folder = FOLDER / "memory"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            return recording_report.memory(measure_memory(self.plan.hours, self.plan.speed, self.cast, folder))
        finally:
            shutil.rmtree(folder)

    def films(self) -> list[dict[str, Any]]:
        """What was sent."""
        return [
            {
                "kind": film.kind,
                "kbit_per_s": round(film.bits_per_s / 1000, 1),
                "packets_per_s": round(film.packets_per_s, 1),
                "frames_per_s": film.rate,
            }
            for person in self.cast
            for film in person.films
        ]

    def _everywhere(self) -> Cores:
        """The scheduler decides: there is work for more than one core."""
        cores = Cores(self._cores.server | self._cores.traffic, self._cores.server | self._cores.traffic)
        os.sched_setaffinity(0, cores.traffic)
        return cores


def _words(windows: Sequence[Window]) -> str:
    said = [
        f"{'recorded' if each.recorded else 'unrecorded'} {each.cpu_ms_per_call:.1f} ms/s"
        f" ({', '.join(f'{name} {value:.1f}' for name, value in each.cpu_ms.items())}), lost {each.seen.counts['lost']}"
        for each in windows
    ]
    return "    " + "; ".join(said)


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.recording", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--quick", action="store_true", help="little of everything: whether it works")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be repeated")
    parser.add_argument("--system", action="append", choices=SYSTEMS, help="for the cost; may be repeated")
    parser.add_argument("--calls", type=int, action="append", help=f"for the cost; may be repeated; else {CALLS}")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each window of the cost")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="recorded calls, where there are many")
    parser.add_argument("--many-seconds", type=float, default=20.0, help="of each window with many calls")
    parser.add_argument("--film-seconds", type=int, default=FILM_SECONDS, help="of the shorter film")
    parser.add_argument("--hours", type=float, default=HOURS, help="for the memory of capture")
    parser.add_argument("--speed", type=float, default=SPEED, help="times real time at which these hours pass")
    parser.add_argument(
        "--output", type=Path, default=stage.RESULTS / "recording.json", help="the file to write, or its folder"
    )
    return parser.parse_args(given)


def _plan(given: argparse.Namespace) -> Plan:
    quick = given.quick
    return Plan(
        parts=tuple(part for part in PARTS if part in (given.part or PARTS)),
        systems=tuple(given.system or SYSTEMS),
        calls=tuple(given.calls or (CALLS[:1] if quick else CALLS)),
        repeats=1 if quick else given.repeats,
        seconds=4.0 if quick else given.seconds,
        at_once=min(given.at_once, 5) if quick else given.at_once,
        many_seconds=4.0 if quick else given.many_seconds,
        film_seconds=min(given.film_seconds, 10) if quick else given.film_seconds,
        hours=min(given.hours, 0.2) if quick else given.hours,
        speed=given.speed,
    )


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    output: Path = arguments.output
    folder, name = (output.parent, output.stem) if output.suffix == ".json" else (output, "recording")
    bench = Bench(_plan(arguments))
    parts: dict[str, Judged] = {}

    def found() -> dict[str, object]:
        told = {name: {**part.facts, "failed": part.failed} for name, part in parts.items()}
        about = {"plan": bench.plan.__dict__, "systems": bench.versions, "unavailable": bench.unavailable}
        return stage.result("recording", {**about, "films": bench.films(), **told})

    def keep(part: str, judged: Judged) -> None:
        parts[part] = judged
        stage.write(folder, name, found())

    try:
        bench.prepare()
        for part in bench.plan.parts:
            match part:
                case "cost":
                    keep(part, bench.cost(lambda judged: keep("cost", judged)))
                case "many":
                    keep(part, bench.many())
                case "compose":
                    keep(part, bench.compose())
                case "memory":
                    keep(part, bench.memory())
    except subprocess.CalledProcessError as error:
        stage.say(f"{' '.join(error.cmd)}: {str(error.stdout).strip()[-600:]}")
        return 1
    except (Failed, NotAvailable) as reason:
        stage.say(str(reason))
        return 1
    failed = [reason for part in parts.values() for reason in part.failed]
    if arguments.json:
        print(json.dumps(found(), indent=1))
    else:
        print("\n".join(line for part in parts.values() for line in [*part.lines, ""]))
        print("\n".join(failed) or "everything as it should be")
    for system, why in bench.unavailable.items():
        stage.say(f"not measured: {system}: {why}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
