"""One kill point: a service is started, killed at its moment, and what is left is recovered and looked through.

Not here: what a service does until then (`service.py`), what must be left (`check.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from clinic import open_database, sqlite_url
from tests.crash import media, service
from tests.crash.check import Found, Heard, check
from tests.crash.media import Clips
from tests.crash.plan import Plan
from tests.crash.said import Began, Ready, Said
from tests.crash.stand_in import now_us

STARTS = 60.0
"""Seconds for a service to begin recording, on a busy machine."""

LAST_WORDS = 20.0
"""Seconds for a writer to end whose service was killed."""


_Said = TypeVar("_Said", Ready, Began)


class NotKilled(Exception):
    """The service has not come to the moment at which it was to be killed."""


@dataclass(frozen=True)
class Stage:
    """Made once, used by every kill point."""

    folder: Path
    clips: Clips
    clips_file: Path
    database: Path
    """Up to date, and empty."""

    @classmethod
    def make(cls, folder: Path) -> Stage:
        folder.mkdir(parents=True, exist_ok=True)
        clips = media.make()
        media.save(clips, folder / "clips")
        database = folder / "clinic.db"
        database.unlink(missing_ok=True)
        asyncio.run(_upgrade(database))
        return cls(folder, clips, folder / "clips", database)


def kill(stage: Stage, plan: Plan) -> Found:
    """Its folder stays if anything is wrong with what was found. Raises NotKilled."""
    data = stage.folder / str(plan.seed)
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    shutil.copy(stage.database, data / "clinic.db")
    heard = Heard()
    # forked from a process that has imported everything: a second is saved each time
    starting = get_context("forkserver")
    starting.set_forkserver_preload(["tests.crash.service"])
    receive, send = starting.Pipe(duplex=False)
    process = starting.Process(target=service.run, args=(send, data, plan, stage.clips_file), daemon=True)
    process.start()
    send.close()
    assert process.pid is not None
    with receive, _ended(process.pid):
        writer = _wait_until(receive, heard, Ready)
        gone = os.pidfd_open(writer.writer)
        try:
            began = _wait_until(receive, heard, Began)
            _listen_until(receive, heard, began.at_us + int(plan.kill_at * 1e6))
            heard.killed_us = now_us()
            if plan.alone:
                os.kill(process.pid, signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.join()
            if not select.select([gone], [], [], LAST_WORDS)[0]:
                raise NotKilled("the writer has not ended")
        finally:
            os.close(gone)
        with contextlib.suppress(EOFError):
            while True:
                heard.take(receive.recv())
    found = asyncio.run(check(data, stage.clips, heard))
    if not found.problems:
        shutil.rmtree(data)
    return found


@contextlib.contextmanager
def _ended(group: int) -> Iterator[None]:
    """Whatever happens, nothing is left running."""
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def _wait_until(receive: Connection, heard: Heard, kind: type[_Said]) -> _Said:
    until = time.monotonic() + STARTS
    while receive.poll(max(0.0, until - time.monotonic())):
        said = _receive(receive)
        if isinstance(said, kind):
            return said
        heard.take(said)
    raise NotKilled(f"the service has not said {kind.__name__} in time")


def _listen_until(receive: Connection, heard: Heard, at_us: int) -> None:
    while (left := at_us - now_us()) > 0:
        if receive.poll(left / 1e6):
            heard.take(_receive(receive))


def _receive(receive: Connection) -> Said:
    try:
        said: Said = receive.recv()
    except EOFError:
        raise NotKilled("the service ended by itself") from None
    return said


async def _upgrade(file: Path) -> None:
    database = open_database(sqlite_url(file))
    await database.upgrade()
    await database.close()
