"""What every benchmark begins and ends with: its own network, cores, a word of progress, the machine's name, results.

Not here: what is measured (`forward.py`, `hostile.py`, `scale.py`, `soak.py`).
"""

from __future__ import annotations

import json
import os
import platform
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.errors import NotAvailable
from bench.place import LOOPBACK, enter_namespace
from bench.processes import Cores, allow_many_files

RESULTS = Path(__file__).parent / "results"
FIRST_PRIORITY = 10


def say(text: str) -> None:
    """Progress, and what is no result, goes to standard error."""
    print(text, file=sys.stderr, flush=True)


def enter(cores: Cores) -> tuple[str, str]:
    """Moves this process to a network of its own and to the traffic's cores. Returns the address to use there, and why
    it is only loopback where it is."""
    # so that what was started is stopped too
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    address, reason = LOOPBACK, ""
    try:
        address = enter_namespace()
    except NotAvailable as error:
        reason = str(error)
    allow_many_files()
    os.sched_setaffinity(0, cores.traffic)
    return address, reason


@contextmanager
def first(wanted: bool) -> Iterator[None]:
    """This thread before all others of its core, if it may."""
    if not wanted or not hasattr(os, "SCHED_FIFO") or os.geteuid() != 0:
        yield
        return
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIRST_PRIORITY))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def machine() -> dict[str, object]:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
    }


def result(benchmark: str, found: Mapping[str, object]) -> dict[str, object]:
    """The one object that a benchmark writes."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return {"benchmark": benchmark, "at": at, "machine": machine(), **found}


def write(folder: Path, name: str, found: Mapping[str, object], drawing: str = "") -> None:
    """As NAME.json, and NAME.svg where there is a drawing."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    if drawing:
        (folder / f"{name}.svg").write_text(drawing)
