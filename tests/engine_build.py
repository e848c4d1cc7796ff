"""Which build of the engine the tests run: the one in the tree, or one that was made to be watched (`setup.py`).

    python -m tests.engine_build BUILD MODULE [ARGUMENT ...]

runs a module with the build `address`, `thread` or `fuzz` from build/, in the environment that it needs.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from tests.sources import ROOT

MODULE = "sfu.core._engine"
REPORTED = 66
"""The exit code of a process in which a sanitizer has found something."""

_RUNTIMES = {"address": "libasan.so", "fuzz": "libasan.so", "thread": "libtsan.so"}
_OPTIONS = {
    # what is not needed at the end is reported to a file; all that is Python's stands there too (`sanitize.py`)
    "address": {
        "PYTHONMALLOC": "malloc",
        "ASAN_OPTIONS": f"exitcode={REPORTED}",
        "LSAN_OPTIONS": "exitcode=0:print_suppressions=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    },
    # an input's memory is held back for a while after it was freed, not more than fits in the processor's cache
    "fuzz": {
        "ASAN_OPTIONS": f"exitcode={REPORTED}:detect_leaks=0:quarantine_size_mb=32",
        "UBSAN_OPTIONS": "print_stacktrace=1",
    },
    "thread": {"TSAN_OPTIONS": f"exitcode={REPORTED}:history_size=4"},
}


def file_of(build: str) -> Path:
    (module,) = (ROOT / "build" / build / "sfu" / "core").glob("_engine.*.so")
    return module


def choose(build: str = os.environ.get("ENGINE_BUILD", "")) -> None:
    """Before anything imports `sfu.core`."""
    if not build or MODULE in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(MODULE, file_of(build))
    assert spec is not None
    assert spec.loader is not None
    sys.modules[MODULE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[MODULE])


def environment(build: str) -> dict[str, str]:
    """The sanitizer's runtime has to be there before anything else, and Python knows nothing of it."""
    named = subprocess.run(
        ["gcc", f"-print-file-name={_RUNTIMES[build]}"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert os.path.isabs(named), f"gcc has no {_RUNTIMES[build]}"
    return {**os.environ, "ENGINE_BUILD": build, "LD_PRELOAD": named, **_OPTIONS[build]}


if __name__ == "__main__":
    os.execve(sys.executable, [sys.executable, "-m", *sys.argv[2:]], environment(sys.argv[1]))
