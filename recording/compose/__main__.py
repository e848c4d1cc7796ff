"""The composing process: `python -m recording.compose`. An order on standard input, lines about it on standard output.

It has the lowest priority, and limits of its own, so that neither a long recording nor a hostile file takes from the
calls. Exit code 0 if there is a film, or a mix. Not here: the film (`compose.py`), who starts this (`job.py`).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable

import av
from pydantic import ValidationError

from recording import core_dumps
from recording.age import AgeError
from recording.compose.compose import CannotCompose, compose
from recording.compose.order import LARGEST_ORDER, Order, Said

NICE = 19
SAY_EVERY = 0.5
"""Seconds between two lines about progress."""

PR_SET_PDEATHSIG = 1
"""Linux' number of what `prctl` is asked for."""


def main() -> int:
    core_dumps.forbid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is the server's to act on
    # a server that was killed takes it along: the next one must be alone with the film's draft
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # nothing but lines may go to where lines go, whatever a library prints
    lines = os.dup(1)
    os.dup2(2, 1)

    def say(said: Said) -> None:
        line = said.line()
        while line:
            line = line[os.write(lines, line) :]

    said_at = float("-inf")

    def progress(part: float) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_EVERY:
            said_at = time.monotonic()
            say(Said(progress=part))

    try:
        said = _compose(sys.stdin.buffer.readline(LARGEST_ORDER), progress)
        say(said)
    except BrokenPipeError:
        return 1  # whoever wanted it is gone
    return 0 if said.done is not None else 1


def _compose(line: bytes, progress: Callable[[float], None]) -> Said:
    try:
        order = Order.model_validate_json(line)
    except ValidationError:
        return Said(failed="The order cannot be understood.")
    _limit(order)
    try:
        return Said(done=compose(order, os.urandom, progress))
    except (CannotCompose, AgeError) as error:
        return Said(failed=str(error))
    except MemoryError:
        return Said(failed="It needs more memory than it may have.")
    except BrokenPipeError:
        raise
    except OSError as error:
        return Said(failed=f"A file could not be written: {error.strerror or type(error).__name__}.")
    except av.FFmpegError as error:
        return Said(failed=f"The film could not be encoded: {error.strerror}.")


def _limit(order: Order) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    _lower(resource.RLIMIT_AS, order.memory_bytes)
    _lower(resource.RLIMIT_CPU, order.cpu_seconds)


def _lower(limit: int, value: int) -> None:
    """Never raises one: that is not allowed."""
    _, hard = resource.getrlimit(limit)
    lowered = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (lowered, lowered))


if __name__ == "__main__":
    sys.exit(main())
