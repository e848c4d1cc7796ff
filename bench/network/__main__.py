"""Measures what a call is worth on bad networks: `python -m bench.network`, options with --help.

    simulated   every case of `cases.py`, around the real engine, on a simulated clock
    browsers    two Chromium through our server and directly, over the same shaped links, in turns

Exit status 1 if something is not as wanted. The method is told in docs/network-performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import stage
from bench.errors import Failed, NotAvailable
from bench.network import cases, compared, plot, ratios, real, report, score
from bench.network.cases import Case
from bench.network.plot import Panel
from bench.network.score import BINS
from bench.network.simulation import Simulation

PARTS = ("simulated", "browsers")
SEED = 8867
QUICK_CASES = ("rfc8867-5.1", "mobile-1", "loss-5", "64k")
QUICK_SECONDS = 12.0
LEGEND = (
    "grey: what could be carried · green: what was, each call's share thin · brown: others' downloads · "
    "violet: what waited in the queue"
)


@dataclass(frozen=True)
class Plan:
    """What to measure. Written to the results, so that it can be repeated."""

    parts: tuple[str, ...]
    cases: tuple[str, ...]
    seed: int
    repeats: int
    seconds: float
    """Of a measurement with real browsers, at the least; 0: as long as each case says."""


def simulate(case: Case, seed: int) -> dict[str, Any]:
    measured = Simulation(case, seed).run()
    found = score.course(measured)
    told = score.figures(measured)
    told["course"] = {
        "could": _seconds(found.could),
        "useful": _seconds(found.useful),
        "each": [_seconds(each) for each in found.each] if len(found.each) > 1 else [],
        "downloaded": _seconds(found.downloaded),
        "estimates": [_seconds(each) for each in found.estimates],
        "waited_ms": report.joined(
            max(found.waited[at : at + BINS]) / 1000 for at in range(0, len(found.waited), BINS)
        ),
    }
    return told


def _seconds(values: Sequence[float]) -> str:
    """kbit/s, a number for each second."""
    return report.joined(sum(values[at : at + BINS]) / BINS / 1000 for at in range(0, len(values), BINS))


def simulated(chosen: Sequence[Case], seed: int) -> list[dict[str, Any]]:
    """All at once as far as there are cores: on a simulated clock nobody is in another's way."""
    found = []
    with ProcessPoolExecutor(max_workers=min(len(os.sched_getaffinity(0)), len(chosen))) as pool:
        for told in pool.map(simulate, chosen, [seed] * len(chosen)):
            stage.say(f"{told['title']}: {'; '.join(told['missed']) or 'as wanted'}")
            found.append(told)
    return found


def panels(found: Iterable[dict[str, Any]]) -> list[Panel]:
    made = []
    for told in found:
        course = told["course"]
        steady = "" if told["used_steady"] is None else f", {told['used_steady']:.2f} steady"
        note = f"used {told['used']:.2f}{steady} · queue p95 {told['queue_p95_ms']:.0f} ms"
        note += f" · frozen {told['frozen_s_per_minute']:.1f} s/min · sound made up {told['concealed']:.1%}"
        lines = [report.apart(each) for each in (course["useful"], *course["each"])]
        others, waited = report.apart(course["downloaded"]), report.apart(course["waited_ms"])
        could = report.apart(course["could"])
        made.append(Panel(told["title"], note, bool(told["missed"]), 1.0, could, lines, others, waited))
    return made


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.network", description=__doc__.split("\n")[0])
    names = [case.key for case in cases.every()] + [case.key for case in real.CASES]
    parser.add_argument("--part", action="append", choices=PARTS, help="may be repeated; all without it")
    parser.add_argument("--case", action="append", choices=names, help="may be repeated; all without it")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--repeats", type=int, default=3, help="of each case with real browsers")
    parser.add_argument("--add", action="store_true", help="keep what the file has of other cases")
    parser.add_argument("--quick", action="store_true", help="little of everything: does it work here?")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="a folder, or a file ending in .json")
    return parser.parse_args(given)


def _plan(arguments: argparse.Namespace) -> Plan:
    chosen = arguments.case or ((*QUICK_CASES, "narrow") if arguments.quick else ())
    return Plan(
        parts=tuple(arguments.part or PARTS),
        cases=tuple(chosen),
        seed=arguments.seed,
        repeats=1 if arguments.quick else arguments.repeats,
        seconds=QUICK_SECONDS if arguments.quick else 0.0,
    )


def _before(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _together(part: str, before: Mapping[str, Any], found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was found now, and of other cases what there was, in the order of cases."""
    known = {told["case"]: told for each in (before, found) for told in each.get(part, ())}
    names = [case.key for case in (cases.every() if part == "simulated" else real.CASES)]
    return [known[name] for name in names if name in known]


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    plan = _plan(arguments)
    output: Path = arguments.output
    folder, name = (output.parent, output.stem) if output.suffix == ".json" else (output, "network")
    found: dict[str, Any] = {"plan": plan.__dict__}
    before = _before(folder / f"{name}.json") if arguments.add else {}
    unavailable: dict[str, str] = {}

    def keep() -> dict[str, object]:
        every = {part: _together(part, before, found) for part in PARTS if part in before or part in found}
        result = stage.result("network", {**found, **every, "unavailable": unavailable})
        stage.write(folder, name, result)
        drawn = panels(every.get("simulated", ())) + ratios.panels(every.get("browsers", ()))
        if drawn:
            plot.draw(folder / f"{name}.png", "Calls on bad networks", LEGEND, drawn)
        return result

    wanted = [case for case in cases.every() if not plan.cases or case.key in plan.cases]
    chosen = [case for case in real.CASES if not plan.cases or case.key in plan.cases]
    if "simulated" in plan.parts and wanted:
        found["simulated"] = simulated(wanted, plan.seed)
        keep()
    if "browsers" in plan.parts and chosen:
        try:
            with compared.Compared(chosen, plan.repeats, plan.seconds) as comparison:
                for so_far in comparison.run():
                    found["browsers"] = so_far
                    keep()
        except NotAvailable as reason:
            unavailable["browsers"] = str(reason)
        except subprocess.CalledProcessError as error:
            stage.say(f"{' '.join(error.cmd)}: {str(error.stdout).strip()[-600:]}")
            return 1
        except Failed as reason:
            stage.say(str(reason))
            return 1
    result = keep()
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        lines = report.simulated(found["simulated"]) if "simulated" in found else []
        lines += ["", *report.browsers(found["browsers"])] if "browsers" in found else []
        print("\n".join(lines))
    for part, why in unavailable.items():
        stage.say(f"not measured: {part}: {why}")
    missed = [told for part in PARTS for told in found.get(part, ()) if told["missed"]]
    return 1 if missed or unavailable else 0


if __name__ == "__main__":
    sys.exit(main())
