"""`make test-crash`: the service is killed at a thousand moments of made-up sessions, writes are torn at each byte, and
what is left is looked through. Exit code 1 if anything cannot be read, or more than a second is lost.

python -m tests.crash [--kills N] [--seed N] [--jobs N] [--no-torn]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import structlog

from clinic import ClinicError
from recording.age import AgeError
from recording.keys import KeyRefused
from tests.crash.kill import NotKilled, Stage, kill
from tests.crash.plan import Plan, plan
from tests.crash.report import Done, figures, is_met, table
from tests.crash.torn import cut_tails, tear_writes
from tests.sources import ROOT

FOLDER = ROOT / "build" / "crash"
JOBS = 3
"""Services at once. Each waits most of its time, for its session to be killed."""

SAY_EVERY = 25
"""Kill points between two lines of progress."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--kills", type=int, default=1000, help="each with a seed of its own, counted on from --seed")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same session and the same moment")
    parser.add_argument("--jobs", type=int, default=JOBS, help="services at once")
    parser.add_argument("--no-torn", action="store_true", help="kill points only")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, load_before = time.monotonic(), os.getloadavg()
    print(
        f"{given.kills} kill points from seed {given.seed}, {given.jobs} at once; load {load_before[0]:.1f}", flush=True
    )
    stage = Stage.make(FOLDER / "points")
    done = list(_kill_all(stage, [plan(given.seed + number) for number in range(given.kills)], given.jobs))
    torn = tails = None
    if not given.no_torn:
        torn = tear_writes(FOLDER / "torn")
        tails = asyncio.run(cut_tails(stage))
    numbers = figures(done, torn, tails)
    conditions = {
        "seed": given.seed,
        "jobs": given.jobs,
        "cores": os.cpu_count(),
        "load_before": load_before,
        "load_after": os.getloadavg(),
        "seconds": time.monotonic() - began,
    }
    met = is_met(numbers)
    _keep(numbers, conditions, done, met)
    print(table(numbers))
    print(f"{conditions['seconds']:.0f} s; load {load_before[0]:.1f} before, {os.getloadavg()[0]:.1f} after")
    print("It holds." if met else "It does not hold.")
    return 0 if met else 1


def _kill_all(stage: Stage, plans: list[Plan], jobs: int) -> Iterator[Done]:
    with ThreadPoolExecutor(jobs) as pool:
        for number, done in enumerate(pool.map(lambda each: _kill(stage, each), plans), 1):
            if not done.well:
                print(f"kill point {done.plan.seed}: {'; '.join(done.problems)}")
                print(f"  repeat it: python -m tests.crash --kills 1 --no-torn --seed {done.plan.seed}", flush=True)
            if number % SAY_EVERY == 0:
                print(f"{number} of {len(plans)}", flush=True)
            yield done


def _kill(stage: Stage, plan: Plan) -> Done:
    try:
        found = kill(stage, plan)
    except (NotKilled, ClinicError, AgeError, KeyRefused, OSError) as error:
        return Done(plan, None, (f"{type(error).__name__}: {error}",))
    return Done(plan, found, found.problems)


def _keep(numbers: dict[str, Any], conditions: dict[str, Any], done: list[Done], met: bool) -> None:
    points = [
        asdict(each.plan)
        | {"problems": each.problems}
        | ({"tracks": [asdict(track) for track in each.found.tracks]} if each.found is not None else {})
        for each in done
    ]
    results = {"met": met, "figures": numbers, "conditions": conditions, "points": points}
    (FOLDER / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
