"""One target's fuzzing, in a process of its own that may crash: `python -m tests.fuzz.worker TARGET UNTIL SEED`.

UNTIL is a time of the monotonic clock, which all processes share.
"""

from __future__ import annotations

import faulthandler
import sys
import time
from pathlib import Path

from tests import engine_build

MOST_MEMORY = 2_000_000_000
"""Bytes. A fuzzing build needs about 400 MB, with what the sanitizer holds back."""


def fuzz(name: str, until: float, seed: int) -> None:
    # the engine is chosen before anything imports it
    from tests.fuzz import store
    from tests.fuzz.coverage import Coverage
    from tests.fuzz.driver import Fuzzer
    from tests.fuzz.registry import TARGETS

    target = TARGETS[name]
    progress = store.Progress(name)

    def keep(data: bytes) -> None:
        store.save(store.FOUND / name, data)

    def fail(data: bytes, report: str) -> None:
        print(f"{name}: {store.save_failure(target, data, report)}", file=sys.stderr)

    fuzzer = Fuzzer(
        target,
        Coverage(target, engine_build.file_of("fuzz")),
        seed,
        before=progress.note,
        keep=keep,
        fail=fail,
    )
    fuzzer.load([*store.corpus(target), *store.load(store.FOUND / name)])
    fuzzer.run(lambda: time.monotonic() < until and not _is_too_large())
    progress.note(fuzzer.counted(), b"")


def _is_too_large() -> bool:
    resident = int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096
    if resident > MOST_MEMORY:
        raise MemoryError(f"{resident >> 20} MB are in use")
    return False


if __name__ == "__main__":
    faulthandler.enable()
    engine_build.choose()
    fuzz(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
