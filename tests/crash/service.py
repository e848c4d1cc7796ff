"""The recording side of the service, in a process of its own that will be killed: real database, key, captures and
writer; the media server alone is a stand-in.

Not here: what happens when (`plan.py`), the room's part (`room.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import structlog

from clinic import Consents, Database, Recordings, Retention, open_database, sqlite_url
from recording.keys import ClinicKey, KeyProvider, SealedKey
from sfu import MediaServer
from signaling import keys
from signaling.capture_books import Books
from signaling.captures import Captures
from signaling.clock import Clock
from signaling.receipts import Receipts
from signaling.recording_rules import ConsentPolicy
from signaling.recovery import recover
from signaling.vault import Vault
from tests.crash import media
from tests.crash.plan import Plan
from tests.crash.room import RECORDING, SESSION, Room
from tests.crash.said import Began, HasRecovered, Ready, Recovers, Revived
from tests.crash.stand_in import StandIn, now_us

__all__ = ["RECORDING", "SESSION", "books", "clinics_key", "database", "recordings", "run", "start_again", "vault"]

ABANDONED = 60.0
"""Seconds after which it ends by itself: whoever was to kill it is gone."""


def database(data: Path) -> Database:
    return open_database(sqlite_url(data / "clinic.db"))


def clinics_key(data: Path) -> ClinicKey:
    """The same for all services; it lies outside of their data folders, as of a sealed one it must."""
    return ClinicKey.from_file(data.parent / "clinics-key", os.urandom)


def server_key(data: Path, sealed: bool) -> KeyProvider:
    """What the server has of it."""
    key = clinics_key(data)
    return SealedKey(key.recipient, os.urandom) if sealed else key


def books(data: Path, store: Database, sealed: bool = False) -> Books:
    receipts = Receipts(keys.receipt_key(data))
    return Books(Recordings(store), Consents(store), server_key(data, sealed), receipts, os.urandom, None)


def vault(data: Path, store: Database) -> Vault:
    """Of whoever has the clinic's key."""
    return Vault(Recordings(store), Retention(store), clinics_key(data), recordings(data), os.urandom)


def recordings(data: Path) -> Path:
    return data / "recordings"


def run(pipe: Connection, data: Path, plan: Plan, clips: Path) -> None:
    """Until it is killed. A group of processes of its own, so that one signal reaches the writer too."""
    _begin()
    asyncio.run(_serve(pipe, data, plan, clips))


def start_again(pipe: Connection, data: Path, sealed: bool) -> None:
    """What the next start of the service does before it takes anybody, until that too is killed."""
    _begin()
    asyncio.run(_start_again(pipe, data, sealed))


def _begin() -> None:
    os.setsid()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.ERROR)  # that a writer died is no news here


async def _serve(pipe: Connection, data: Path, plan: Plan, clips: Path) -> None:
    stand_in = StandIn(media.load(clips), pipe.send)
    captures = Captures(
        media=cast(MediaServer, stand_in),
        books=books(data, database(data), plan.sealed),
        policy=ConsentPolicy(),
        folder=recordings(data),
        clock=Clock(),
        entropy=os.urandom,
        new_id=stand_in.new_id,
    )
    room = Room(captures, pipe.send, loses_writer=plan.victim == "writer")
    captures.told = room
    await captures.start()
    first = await _writer(captures)
    pipe.send(Ready(first))
    watching = asyncio.get_running_loop().create_task(_see_writers(captures, first, pipe))
    room.start()
    began = await room.begun
    pipe.send(Began(began))
    for step in plan.steps:
        await asyncio.sleep(max(0.0, step.at - (now_us() - began) / 1e6))
        room.take(step)
    await asyncio.sleep(ABANDONED)
    watching.cancel()


async def _start_again(pipe: Connection, data: Path, sealed: bool) -> None:
    store = database(data)
    opened = books(data, store, sealed)
    pipe.send(Recovers(now_us()))
    await recover(opened, recordings(data), time.time())
    pipe.send(HasRecovered())
    await asyncio.sleep(ABANDONED)


async def _writer(captures: Captures) -> int:
    """Its process, once it has come up: a service that has just started records nobody yet."""
    writer = captures._writer
    writer.heard(0, b"")
    while writer.behind or writer.pid is None:  # noqa: ASYNC110 - its facts go to the captures
        await asyncio.sleep(0.01)
    return writer.pid


async def _see_writers(captures: Captures, known: int, pipe: Connection) -> None:
    """Says which process writes after each death of one, once it has come up."""
    while True:
        pid = captures._writer.pid
        if pid is not None and pid != known and not captures._writer.behind:
            known = pid
            pipe.send(Revived(pid, now_us()))
        await asyncio.sleep(0.01)
