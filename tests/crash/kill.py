"""One kill point: a service is started, killed at its moment, started again and perhaps killed again, and what is left
is recovered and looked through.

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from clinic import open_database, sqlite_url
from tests.crash import media, service
from tests.crash.check import Found, check
from tests.crash.heard import Heard
from tests.crash.media import Clips
from tests.crash.plan import Plan
from tests.crash.said import Began, HasRecovered, Ready, Recovers, Revived, Said
from tests.crash.stand_in import now_us

STARTS = 60.0
"""Seconds for a service to begin recording, on a busy machine."""

LAST_WORDS = 20.0
"""Seconds for a writer to end whose service was killed."""


_Said = TypeVar("_Said", Ready, Began, Revived, Recovers)


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
        service.clinics_key(folder / "data")
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
    with _started(service.run, data, plan, stage.clips_file) as (receive, group):
        writer = _wait_until(receive, heard, Ready).writer
        began = _wait_until(receive, heard, Began)
        _listen_until(receive, heard, began.at_us + int(plan.kill_at * 1e6))
        if plan.victim == "writer":
            heard.writer_killed_us = now_us()
            os.kill(writer, signal.SIGKILL)
            revived = _wait_until(receive, heard, Revived)
            writer = revived.writer
            _listen_until(receive, heard, revived.at_us + int(plan.goes_on * 1e6))
        _kill_all(receive, heard, group, writer, alone=plan.victim == "service")
    for at in plan.again:
        _kill_recovery(data, plan, heard, at)
    found = asyncio.run(check(data, stage.clips, heard, plan.sealed))
    if not found.problems:
        shutil.rmtree(data)
    return found


def _kill_all(receive: Connection, heard: Heard, group: int, writer: int, *, alone: bool) -> None:
    """`alone`: the service without its writer, which finishes what it has and ends."""
    gone = os.pidfd_open(writer)
    try:
        heard.killed_us = now_us()
        if alone:
            os.kill(group, signal.SIGKILL)
        else:
            os.killpg(group, signal.SIGKILL)
        if not select.select([gone], [], [], LAST_WORDS)[0]:
            raise NotKilled("the writer has not ended")
    finally:
        os.close(gone)
    with contextlib.suppress(EOFError):
        while True:
            heard.take(receive.recv())


def _kill_recovery(data: Path, plan: Plan, heard: Heard, at: float) -> None:
    with _started(service.start_again, data, plan.sealed) as (receive, group):
        began = _wait_until(receive, heard, Recovers)
        through = False
        while (left := began.at_us + int(at * 1e6) - now_us()) > 0 and not through:
            through = receive.poll(left / 1e6) and isinstance(_receive(receive), HasRecovered)
        os.killpg(group, signal.SIGKILL)
        heard.recoveries_killed += not through


@contextlib.contextmanager
def _started(run: Callable[..., None], *given: Any) -> Iterator[tuple[Connection, int]]:
    """A process, which leads a group of its own: what it says, and its id. Whatever happens, nothing of it is left."""
    # forked from a process that has imported everything: a second is saved each time
    starting = get_context("forkserver")
    starting.set_forkserver_preload(["tests.crash.service"])
    receive, send = starting.Pipe(duplex=False)
    process = starting.Process(target=run, args=(send, *given), daemon=True)
    process.start()
    send.close()
    assert process.pid is not None
    with receive:
        try:
            yield receive, process.pid
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.join()


def _wait_until(receive: Connection, heard: Heard, kind: type[_Said]) -> _Said:
    until = time.monotonic() + STARTS
    while receive.poll(max(0.0, until - time.monotonic())):
        said = _receive(receive)
        heard.take(said)
        if isinstance(said, kind):
            return said
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
