"""Plays the part of a room towards the captures: two people who have agreed to be recorded, later a third, and what
they do. Its orders are a room's, in a room's order.

Not here: the rules that a real room follows (`signaling/session_recording.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sfu import PeerId, Source
from signaling import orders as o
from signaling.capture_parts import PROBLEMS
from signaling.captures import Captures
from signaling.recording_rules import WORDS
from signaling.seat import Entry, Phase, Seat
from tests.crash.plan import INTERPRETER, PATIENT, ROLES, SWITCHES, THERAPIST, Step
from tests.crash.said import Complains, Resumed, Said, Stalled
from tests.crash.stand_in import now_us

SESSION, RECORDING = "session", "recording"

SWITCHED: dict[str, tuple[Source, bool]] = {
    what: (source, what == on) for source, (off, on) in SWITCHES.items() for what in (off, on)
}


class Room:
    def __init__(self, captures: Captures, say: Callable[[Said], None], *, loses_writer: bool) -> None:
        """`loses_writer`: that its writer dies is no reason to complain."""
        self.begun: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """When, by the engine's clock."""
        self._captures = captures
        self._say = say
        self._loses_writer = loses_writer
        self._seats = {person: _seat(person) for person in ROLES}
        self._sends: dict[str, set[Source]] = {each: {"microphone", "camera"} for each in (THERAPIST, PATIENT)}
        self._captured: set[tuple[str, Source]] = set()
        self._running = self._stalled = self._over = False

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
                self._over = True
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
        elif self._stalled and not self._over:
            self._stalled = False
            self._say(Resumed(now_us()))
            self._turn(self._running, o.GoOnCapture(RECORDING))

    def capture_stalled(self, session: str, recording: str, problem: str) -> None:
        if not self._loses_writer or problem != PROBLEMS["writer_died"]:
            self._say(Complains(problem))
        elif not self._over:
            self._stalled = True
            self._say(Stalled(now_us()))
            self._turn(self._running, o.HoldCapture(RECORDING))

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
        captures = running and not self._stalled
        wanted = {(person, source) for person, sends in self._sends.items() for source in sends} if captures else set()
        gone, new = self._captured - wanted, wanted - self._captured
        self._captured = wanted
        for person, source in sorted(gone):
            self._order(o.Release(RECORDING, person, source), person)
        if order is not None:
            self._order(order)
        for person, source in sorted(new):
            self._order(o.Capture(RECORDING, person, source, PeerId(person), sealed=False), person)

    def _order(self, order: o.RecordingOrder, person: str | None = None) -> None:
        self._captures.carry_out(order, SESSION, "all", self._seats[person] if person is not None else None)


def _seat(person: str) -> Seat:
    entry = Entry(identity=person, role=ROLES[person], name=person, token=person, token_expires=0.0)
    return Seat(
        id=person,
        entry=entry,
        phase=Phase.PRESENT,
        since=0.0,
        name=person,
        number=1,
        connection=None,
        resume_ids=(person,),
    )
