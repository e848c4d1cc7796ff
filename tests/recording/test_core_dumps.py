"""What is in memory in clear gets into no core dump: each process that holds any is made to crash."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sources import ROOT

WITHIN = 20.0
LIMIT = re.compile(r"^Max core file size +(\S+)", re.MULTILINE)

CRASHES = "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"
FORBIDS = f"from recording import core_dumps; core_dumps.forbid(); {CRASHES}"


def allow() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def started(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """A process that may leave a core dump in `folder`, as far as it is for us to say."""
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=allow,
    )


def has_dumped(process: subprocess.Popen[bytes]) -> bool:
    """Whether the kernel has put its memory anywhere as it ended."""
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    assert process.returncode == -signal.SIGABRT
    assert process.stdin is not None
    process.stdin.close()
    return os.WCOREDUMP(status)


@pytest.fixture(autouse=True)
def _dumps() -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        pytest.skip("here no process may leave a core dump anyway, so it cannot be tried")


def test_a_process_that_forbids_it_leaves_no_core_dump(tmp_path: Path) -> None:
    assert not has_dumped(started([sys.executable, "-c", FORBIDS], tmp_path))
    assert not list(tmp_path.iterdir())


def test_a_process_that_does_not_would_leave_one(tmp_path: Path) -> None:
    """Or else the others show nothing."""
    assert has_dumped(started([sys.executable, "-c", CRASHES], tmp_path))


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "therabook", "serve", "--port", "0", "--media-port", "0", "--data-dir", "data"),
        ("-m", "recording.writing"),
        ("-m", "recording.compose"),
    ],
    ids=("the service", "the writer", "composing"),
)
def test_whoever_holds_keys_and_frames_leaves_no_core_dump(command: tuple[str, ...], tmp_path: Path) -> None:
    process = started([sys.executable, *command], tmp_path)
    until = time.monotonic() + WITHIN
    while not forbidden(process.pid):
        assert process.poll() is None, "it ended by itself"
        assert time.monotonic() < until, "it never forbids it"
        time.sleep(0.02)
    process.send_signal(signal.SIGABRT)
    assert not has_dumped(process)
    assert not list(tmp_path.glob("core*"))


def forbidden(pid: int) -> bool:
    found = LIMIT.search(Path(f"/proc/{pid}/limits").read_text(encoding="ascii"))
    return found is not None and found[1] == "0"
