"""`make fuzz`: each target for its share of the time, in a process that may crash, and a table of what came of it.

python -m tests.fuzz [TARGET ...] [--seconds N] [--seed N]
python -m tests.fuzz --repeat build/fuzz/failures/TARGET/FILE
python -m tests.fuzz --keep         puts the best of what was found into tests/fuzz/corpus
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests import engine_build

engine_build.choose()

from tests.fuzz import keep, store  # noqa: E402 - the engine is chosen before anything imports it
from tests.fuzz.registry import TARGETS  # noqa: E402
from tests.fuzz.target import Target  # noqa: E402

HANGS = 30.0
"""Seconds without a next input, after which a target hangs."""

MOST_CRASHES = 10
"""Of one target, after which it is given up."""

ROW = "{:<16}{:>12}{:>9}{:>9}{:>10}{:>10}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=600, help="for all targets together")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed makes the same inputs")
    parser.add_argument(
        "--repeat", type=Path, metavar="FILE", help="runs one input, from a folder with its target's name"
    )
    parser.add_argument("--keep", action="store_true", help="puts the best of what was found into the tree")
    given = parser.parse_args()
    if set(given.targets) - set(TARGETS):
        parser.error("there are: " + ", ".join(TARGETS))
    chosen = [TARGETS[name] for name in given.targets or TARGETS]
    if given.repeat:
        TARGETS[given.repeat.parent.name].run(given.repeat.read_bytes())
        print("It holds.")
        return 0
    if given.keep:
        keep.keep(chosen)
        return 0
    print(f"seed {given.seed}, {given.seconds:.0f} s")
    print(ROW.format("target", "executions", "per s", "corpus", "coverage", "failures"), flush=True)
    failures = sum(_fuzz(target, given.seconds / len(chosen), given.seed) for target in chosen)
    return 1 if failures else 0


def _fuzz(target: Target, seconds: float, seed: int) -> int:
    """Returns how many failures there were."""
    progress = store.Progress(target.name)
    executions = failures = crashes = 0
    began = time.monotonic()
    counted = store.Counted()
    while crashes < MOST_CRASHES and time.monotonic() < began + seconds:
        progress.note(store.Counted(), b"")
        crash = _run(target, began + seconds, seed + crashes, progress)
        counted, data = progress.read()
        executions += counted.executions
        failures += counted.failures
        if crash is None:
            break
        crashes += 1
        print(f"{target.name}: {store.save_failure(target, data, crash)}", flush=True)
    rate = executions / max(time.monotonic() - began, 0.001)
    print(
        ROW.format(target.name, executions, f"{rate:.0f}", counted.kept, counted.places, failures + crashes), flush=True
    )
    return failures + crashes


def _run(target: Target, until: float, seed: int, progress: store.Progress) -> str | None:
    """How the worker ended, if it did not end well."""
    command = [sys.executable, "-m", "tests.fuzz.worker", target.name, str(until), str(seed)]
    notes = store.PROGRESS / f"{target.name}.log"
    with notes.open("w+", encoding="utf-8", errors="replace") as log:
        worker = subprocess.Popen(command, stderr=log, env=os.environ)
        last, last_at = progress.read()[0].executions, time.monotonic()
        while True:
            try:
                ended = worker.wait(1)
                break
            except subprocess.TimeoutExpired:
                executions = progress.read()[0].executions
                if executions != last:
                    last, last_at = executions, time.monotonic()
                elif time.monotonic() - last_at > HANGS:
                    _end(worker)
                    return f"It hangs.\n{notes.read_text(encoding='utf-8', errors='replace')}"
        log.seek(0)
        said = log.read()
    if ended == 0:
        print(said, end="", flush=True)
        return None
    return f"It ended with {ended}.\n{said}"


def _end(worker: subprocess.Popen[bytes]) -> None:
    """So that it says where it was, if it still can (`faulthandler`)."""
    worker.send_signal(signal.SIGABRT)
    try:
        worker.wait(5)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


if __name__ == "__main__":
    sys.exit(main())
