"""Starts the composing process and watches it: progress while it works, the film or a sentence in the end.

It can be started again at any time: what an earlier one has left is a draft, which nobody can open, and which is
replaced. Not here: which recording is next, and trying again (`clinic/jobs.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from recording.compose.order import Done, Order, Said
from recording.sealed import files_of

LONGEST = 8 * 3600.0
"""Seconds that one film may take, at the lowest priority beside other work."""

LONGEST_LINE = 1 << 20
"""Bytes of what it says: some thousand clips with troubles."""

ROOT = str(Path(__file__).resolve().parents[2])
COMMAND = (sys.executable, "-m", "recording.compose")


class ComposeFailed(Exception):
    """There is no film. `str()` says why, without names, so it can be logged and shown."""


async def run(
    order: Order,
    on_progress: Callable[[float], None],
    seconds: float = LONGEST,
    command: Sequence[str] = COMMAND,
) -> Done:
    """Makes the film. `on_progress` is told how much is done, from 0 to 1. Cancelling ends the process at once.

    Raises ComposeFailed, OSError if there can be no process, and ValueError for a name that is not an id.
    """
    draft = files_of(Path(order.folder), order.name).draft
    # of the server's own variables, which hold secrets, it needs none
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE, env={**kept, "PYTHONPATH": ROOT}
    )
    try:
        async with asyncio.timeout(seconds):
            await _tell(process, order)
            return await _listen(process, on_progress)
    except TimeoutError:
        raise ComposeFailed("It took longer than it may.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        _remove(draft)


async def _tell(process: Process, order: Order) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # why it ended is told below
        process.stdin.write(order.line())
        await process.stdin.drain()
    process.stdin.close()


async def _listen(process: Process, on_progress: Callable[[float], None]) -> Done:
    said = Said()
    while process.stdout is not None:
        try:
            line = await process.stdout.readline()
            if not line:
                break
            said = Said.model_validate_json(line)
        except (ValidationError, ValueError):
            raise ComposeFailed("The composing process said what makes no sense.") from None
        if said.progress is not None:
            on_progress(said.progress)
    code = await process.wait()
    if said.done is not None and code == 0:
        return said.done
    raise ComposeFailed(said.failed or _why(code))


def _why(code: int) -> str:
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "It needed more computing time or memory than it may have, or was ended."
    return f"The composing process ended with code {code}."


def _remove(draft: Path) -> None:
    with contextlib.suppress(OSError):
        draft.unlink(missing_ok=True)
