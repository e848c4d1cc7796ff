"""`make sanitize`: the tests of the packet path with an engine that watches itself. Any report fails.

    address   AddressSanitizer and UndefinedBehaviorSanitizer, and what the engine has not freed at the end
    thread    ThreadSanitizer: what two threads touch without the lock

Python, libsrtp and OpenSSL are as they are everywhere; of them only what they allocate is watched.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests import engine_build
from tests.sources import ROOT

TESTS = {
    "address": ("tests/fuzz", "tests/scenarios", "tests/sfu"),
    "thread": ("tests/sfu/test_engine_races.py", "tests/sfu/test_engine_thread.py", "tests/sfu/test_server.py"),
}

_OURS = re.compile(r"#1 .*(sfu/core/|/_engine\.)")
"""In a report of a leak, the function that called malloc: one of the engine's."""


def main() -> int:
    failed = [build for build in sys.argv[1:] or TESTS if not _is_clean(build)]
    print(f"Not clean: {', '.join(failed)}." if failed else "Clean.")
    return 1 if failed else 0


def _is_clean(build: str) -> bool:
    reports = ROOT / "build" / build / "reports"
    reports.mkdir(parents=True, exist_ok=True)
    for old in reports.glob("*"):
        old.unlink()
    environment = engine_build.environment(build)
    for name in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
        if name in environment:
            environment[name] += f":log_path={reports / 'report'}"
    print(f"{build}:", flush=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=900", *TESTS[build]]
    ended = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    found = [report for file in sorted(reports.glob("*")) for report in _reports(file)]
    for report in found:
        print(report)
    return ended == 0 and not found


def _reports(file: Path) -> list[str]:
    """All but leaks of Python and of other modules, which end with the process."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if "LeakSanitizer" not in text:
        return [text]
    return [each for each in text.split("\n\n") if "leak of" in each and _OURS.search(each)]


if __name__ == "__main__":
    sys.exit(main())
