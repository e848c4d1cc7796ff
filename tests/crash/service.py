"""The recording side of the service, in a process of its own that will be killed: real database, key, captures and
writer; the media server alone is a stand-in.

Plays the part of the room too: its orders, in its order. Not here: what happens when (`plan.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import structlog

from clinic import Consents, Database, Recordings, Retention, open_database, sqlite_url
from recording.keys import ClinicKey
from sfu import MediaServer, PeerId, Source
from signaling import keys
from signaling import orders as o
from signaling.capture_books import Books
from signaling.captures import Captures
from signaling.clock import Clock
from signaling.receipts import Receipts
from signaling.recording_rules import WORDS, ConsentPolicy
from signaling.seat import Entry, Phase, Seat
from signaling.vault import Vault
from tests.crash import media
from tests.crash.plan import INTERPRETER, PATIENT, ROLES, SWITCHES, THERAPIST, Plan, Step
from tests.crash.said import Began, Complains, Ready, Said
from tests.crash.stand_in import StandIn, now_us

SESSION, RECORDING = "session", "recording"
ABANDONED = 60.0
"""Seconds after which it ends by itself: whoever was to kill it is gone."""

SWITCHED: dict[str, tuple[Source, bool]] = {
    what: (source, what == on) for source, (off, on) in SWITCHES.items() for what in (off, on)
}


def database(data: Path) -> Database:
    return open_database(sqlite_url(data / "clinic.db"))


def books(data: Path, store: Database) -> Books:
    key = ClinicKey.from_file(data / "recordings-key", os.urandom)
    receipts = Receipts(keys.receipt_key(data))
    return Books(Recordings(store), Consents(store), key, receipts, os.urandom, None)


def vault(data: Path, store: Database) -> Vault:
    key = ClinicKey.from_file(data / "recordings-key", os.urandom)
    return Vault(Recordings(store), Retention(store), key, recordings(data), os.urandom)


def recordings(data: Path) -> Path:
    return data / "recordings"


def run(pipe: Connection, data: Path, plan: Plan, clips: Path) -> None:
    """Until it is killed. A group of processes of its own, so that one signal reaches the writer too."""
    os.setsid()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    asyncio.run(_serve(pipe, data, plan, clips))


async def _serve(pipe: Connection, data: Path, plan: Plan, clips: Path) -> None:
    stand_in = StandIn(media.load(clips), pipe.send)
    captures = Captures(
        media=cast(MediaServer, stand_in),
        books=books(data, database(data)),
        policy=ConsentPolicy(),
        folder=recordings(data),
        clock=Clock(),
        entropy=os.urandom,
        new_id=stand_in.new_id,
    )
    room = _Room(captures, pipe.send)
    captures.told = room
    await captures.start()
    pipe.send(Ready(await _writer(captures)))
    room.start()
    began = await room.begun
    pipe.send(Began(began))
    for step in plan.steps:
        await asyncio.sleep(max(0.0, step.at - (now_us() - began) / 1e6))
        room.take(step)
    await asyncio.sleep(ABANDONED)


async def _writer(captures: Captures) -> int:
    """Its process, once it has come up: a service that has just started records nobody yet."""
    writer = captures._writer
    writer.heard(0, b"")
    while writer.behind or writer.pid is None:  # noqa: ASYNC110 - its facts go to the captures
        await asyncio.sleep(0.01)
    return writer.pid


class _Room:
    """Two people who have agreed to be recorded, and what they do."""

    def __init__(self, captures: Captures, say: Callable[[Said], None]) -> None:
        self.begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """When, by the engine's clock."""
        self._captures = captures
        self._say = say
        self._seats = {person: _seat(person) for person in ROLES}
        self._sends: dict[str, set[Source]] = {each: {"microphone", "camera"} for each in (THERAPIST, PATIENT)}
        self._captured: set[tuple[str, Source]] = set()
        self._running = False

    def start(self) -> None:
        for person in (THERAPIST, PATIENT):
            self._agree(person)
        self._order(o.BeginCapture(RECORDING))

    def take(self, step: Step) -> None:
        match step.what:
            case "pause":
                self._turn(False, o.HoldCapture(RECORDING))
            case "newcomer":
                # somebody who has not agreed is there
                self._turn(False, o.HoldCapture(RECORDING))
            case "resume":
                self._turn(True, o.GoOnCapture(RECORDING))
            case "agrees":
                self._sends[INTERPRETER] = {"microphone", "camera"}
                self._agree(INTERPRETER)
                self._turn(True, o.GoOnCapture(RECORDING))
            case "stop":
                self._turn(False, o.EndCapture(RECORDING, "stopped"))
            case switch:
                source, on = SWITCHED[switch]
                self._sends[step.person] ^= {source}
                assert (source in self._sends[step.person]) is on
                self._turn(self._running)

    # What the recording tells its room

    def capture_began(self, session: str, recording: str) -> None:
        if not self.begun.done():
            self.begun.set_result(now_us())
            self._turn(True)

    def capture_stalled(self, session: str, recording: str, problem: str) -> None:
        self._say(Complains(problem))

    def capture_warned(self, session: str, recording: str, problem: str | None) -> None:
        if problem is not None:
            self._say(Complains(problem))

    def capture_failed(self, session: str, recording: str, problem: str) -> None:
        self._say(Complains(problem))

    # Inside

    def _agree(self, person: str) -> None:
        consent = o.KeepConsent(
            recording=RECORDING,
            person=person,
            role=ROLES[person],
            kind="agree",
            text_version=WORDS.version,
            rule="all",
            place=None,
            signed_as=None,
            at=time.time(),
        )
        self._order(consent, person)

    def _turn(self, running: bool, order: o.RecordingOrder | None = None) -> None:
        """As a room does: those who are no longer to be heard first, those who are last."""
        self._running = running
        wanted = {(person, source) for person, sends in self._sends.items() for source in sends} if running else set()
        gone, new = self._captured - wanted, wanted - self._captured
        self._captured = wanted
        for person, source in sorted(gone):
            self._order(o.Release(RECORDING, person, source), person)
        if order is not None:
            self._order(order)
        for person, source in sorted(new):
            self._order(o.Capture(RECORDING, person, source, PeerId(person)), person)

    def _order(self, order: o.RecordingOrder, person: str | None = None) -> None:
        self._captures.carry_out(order, SESSION, "all", self._seats[person] if person is not None else None)


def _seat(person: str) -> Seat:
    entry = Entry(identity=person, role=ROLES[person], name=person, token=person, token_expires=0.0)
    return Seat(
        id=person, entry=entry, phase=Phase.PRESENT, since=0.0, name=person, connection=None, resume_ids=(person,)
    )
