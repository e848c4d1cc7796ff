"""Captures: the recordings that run on this server, each with the rooms' orders for it, and the one writer they share.

Carries out what `sessions.py` hands on. Not here: how one recording is captured (`capture.py`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import structlog

from recording.age import Entropy
from recording.wire import DiskHangs, Done, Fact, WantsPicture
from recording.writer import Writer
from sfu import MediaServer
from signaling.capture import Capture
from signaling.capture_books import Books
from signaling.capture_parts import Ended, Parts, Told, unheard
from signaling.clock import Clock
from signaling.orders import (
    BeginCapture,
    EndCapture,
    ForgetKeys,
    GoOnCapture,
    HoldCapture,
    KeepConsent,
    NameCaptured,
    OpenWith,
    RecordingOrder,
    Release,
    SealCapture,
)
from signaling.orders import Capture as CaptureOrder
from signaling.recording_rules import ConsentPolicy
from signaling.seat import Seat

log = structlog.get_logger("recordings")

PUMP = 0.5
"""Seconds between two looks at what was heard, after each of which the writer checkpoints. A crash loses what came
since, and a tenth of a second that the muxer holds. Longer, and it loses more; shorter, and waking up costs more than
the work."""


class Captures:
    """`start`, then orders, then `close`. `told` is given before the first order."""

    told: Told

    def __init__(
        self,
        *,
        media: MediaServer,
        books: Books,
        policy: ConsentPolicy,
        folder: Path,
        clock: Clock,
        entropy: Entropy,
        new_id: Callable[[], str],
        ended: Ended = unheard,
        unopened: Callable[[int], None] = lambda frames: None,
    ) -> None:
        """`unopened` is told how many encrypted frames no key has opened."""
        self.policy = policy
        self.new_id = new_id
        self.entropy = entropy
        self._media = media
        self._books = books
        self._folder = folder
        self._clock = clock
        self._ended = ended
        self._unopened = unopened
        self._writer = Writer(self._said, self._writer_died, self._writer_revived)
        self._captures: dict[str, Capture] = {}
        self._numbers = itertools.count(1)
        self._pumping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises OSError, clinic.Unavailable."""
        await self._books.keep_words(self.policy.words, self._clock.wall())
        await self._writer.start()
        self._pumping = asyncio.get_running_loop().create_task(self._pump())

    async def close(self) -> None:
        """Finishes what runs."""
        await asyncio.gather(*(capture.close() for capture in self._captures.values()))
        if self._pumping is not None:
            self._pumping.cancel()
            await asyncio.wait([self._pumping])
        await self._writer.close()

    def carry_out(self, order: RecordingOrder, session: str, rule: str, seat: Seat | None) -> None:
        """`seat`: whom it is about; gone already, perhaps."""
        capture = self._capture(order.recording, session)
        match order:
            case KeepConsent():
                capture.keep_consent(order, self.policy.words)
            case BeginCapture():
                capture.begin(rule)
            case HoldCapture():
                capture.mark("pause")
            case GoOnCapture():
                capture.mark("resume")
            case EndCapture():
                capture.end()
            case CaptureOrder():
                if seat is not None:
                    capture.capture(order, seat.role, seat.name, seat.number)
            case SealCapture(_, sealed):
                capture.seal(sealed)
            case OpenWith(_, number, key_id, key):
                capture.keys.use(number, key_id, key)
            case ForgetKeys(_, number):
                capture.forget_keys(number)
            case NameCaptured(_, person, name):
                capture.call(person, name)
            case Release(_, person, source):
                capture.release(person, source)

    def session_over(self, session: str) -> None:
        """Its room is gone, in whatever way."""
        for capture in self._captures.values():
            if capture.session == session:
                capture.end()

    def _capture(self, recording: str, session: str) -> Capture:
        capture = self._captures.get(recording)
        if capture is None:
            parts = Parts(
                media=self._media,
                writer=self._writer,
                books=self._books,
                folder=self._folder,
                clock=self._clock,
                entropy=self.entropy,
                new_id=self.new_id,
                told=self.told,
                ended=self._ended,
                unopened=self._unopened,
            )
            capture = self._captures[recording] = Capture(parts, recording, session, next(self._numbers))
        return capture

    async def _pump(self) -> None:
        while True:
            await asyncio.sleep(PUMP)
            self._writer.look()
            for capture in list(self._captures.values()):
                if capture.over:
                    del self._captures[capture.recording]
                else:
                    capture.pump()

    def _said(self, fact: Fact) -> None:
        if isinstance(fact, Done):
            return
        if isinstance(fact, DiskHangs):
            for capture in list(self._captures.values()):
                capture.disk_hangs(fact.hangs)
            return
        for capture in self._captures.values():
            if capture.number == fact.listener if isinstance(fact, WantsPicture) else capture.owns(fact.track):
                capture.said(fact)
                return

    def _writer_died(self) -> None:
        for capture in list(self._captures.values()):
            capture.writer_died()

    def _writer_revived(self) -> None:
        for capture in list(self._captures.values()):
            capture.keys.use_again()
            capture.resumed()
