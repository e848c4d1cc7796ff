"""One recording while it runs: what its room orders, done one after another.

Whatever takes time (keys, database) is waited for here, in order, so that nothing is captured whose consent, key and
place in the database are not kept. What a room orders never waits for it; only the end of hearing somebody is at once.
Not here: which recordings there are (`captures.py`), what is recorded when (`session_recording.py`), what a file is
made of (`recording/`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from clinic import ClinicError, TrackState
from clinic.records import MarkKind
from recording.age import AgeError, Identity
from recording.keys import KeyRefused, KeyUnavailable
from recording.sealed import finish
from recording.wire import (
    Closed,
    CloseTrack,
    Fact,
    Finished,
    Locked,
    Mended,
    Opened,
    OpenTrack,
    SealTracks,
    Trouble,
    WantsPicture,
)
from sfu import KIND_OF_SOURCE, PeerError, PeerId
from signaling import orders as o
from signaling.capture_keys import CaptureKeys
from signaling.capture_parts import PROBLEMS, Parts
from signaling.messages import Source
from signaling.recording_rules import Words
from signaling.roles import Role

log = structlog.get_logger("recordings")

LAST_FILES = 30.0
"""Seconds for the writer to finish a recording's files. What it has not finished by then is recovered."""

ON: dict[Source, MarkKind] = {"microphone": "unmute", "camera": "camera_on", "screen": "screen_on"}
OFF: dict[Source, MarkKind] = {"microphone": "mute", "camera": "camera_off", "screen": "screen_off"}

BEGINNING_MS = 1000
"""Whoever is captured from here on has come later, or has switched something on."""


@dataclass(frozen=True)
class _Tap:
    slot: str
    track: str
    person: str
    source: Source


class Capture:
    """What is ordered returns at once; `close` waits until all is done."""

    def __init__(self, parts: Parts, recording: str, session: str, number: int) -> None:
        """`number`: what the writer calls its listener."""
        self.recording = recording
        self.session = session
        self.number = number
        self.begun = False
        self.sealed = True
        """Everybody present encrypts."""
        self.keys = CaptureKeys(parts.writer, number)
        self._parts = parts
        self._folder = parts.folder / recording
        self._listener: PeerId | None = None
        self._epoch_us = 0
        self._identities: dict[str, Identity] = {}
        self._names: dict[str, str] = {}
        """Of those who have told the recorder."""
        self._renaming: set[str] = set()
        """Whose name is about to be kept."""
        self._known: set[str] = set()
        """Whose keys are kept."""
        self._seen: set[str] = set()
        """Who was captured before."""
        self._wanted: dict[tuple[str, Source], PeerId] = {}
        self._taps: dict[tuple[str, Source], _Tap] = {}
        self._tracks: dict[str, _Tap] = {}
        """Those that the writer has not closed yet, by their ids."""
        self._files: dict[str, str] = {}
        """Those that are not finished yet -> whose they are."""
        self._closed = asyncio.Event()
        self._troubled: set[str] = set()
        self._locked: set[str] = set()
        """Tracks of which nothing can be opened."""
        self._disk_hangs = False
        self._stalls = 0
        """How often people were told that it cannot go on."""
        self._recovering: set[asyncio.Task[None]] = set()
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()
        self._failed = self._ending = False
        self._ended_at = 0.0
        self._worker = asyncio.get_running_loop().create_task(self._do_all())

    @property
    def over(self) -> bool:
        return self._worker.done()

    # What the room orders --------------------------------------------------------------------------------------

    def keep_consent(self, order: o.KeepConsent, words: Words) -> None:
        identity = self._identity_of(order.person)
        self._later(lambda: self._parts.books.keep_consent(self.session, order, words, identity))

    def begin(self, rule: str) -> None:
        self.begun = True
        self._later(lambda: self._begin(rule))

    def capture(self, order: o.Capture, role: Role, name: str, number: int) -> None:
        """`name`: as the clinic calls them; `number`: theirs in key ids."""
        self.sealed = order.sealed
        self._mark_begin(order.person, order.source)
        self._wanted[order.person, order.source] = order.publisher
        self._later(lambda: self._capture(order, role, name, number))

    def seal(self, sealed: bool) -> None:
        self.pump()
        self.sealed = sealed
        self._parts.writer.order(SealTracks(self.number, sealed))

    def call(self, person: str, name: str) -> None:
        """They have told the recorder what they are called."""
        before, self._names[person] = self._names.get(person), name
        if person in self._known and name != before and person not in self._renaming:
            self._renaming.add(person)
            self._later(lambda: self._rename(person))

    def forget_keys(self, number: int | None) -> None:
        """At once, but for what was heard before: that is opened still."""
        self.pump()
        self.keys.forget(number)

    def release(self, person: str, source: Source) -> None:
        if self._wanted.pop((person, source), None) is not None and not self._ending:
            self.mark(OFF[source], person)
        tap = self._taps.pop((person, source), None)
        if tap is not None and self._listener is not None:
            # at once: whoever withdraws is not heard for a moment longer
            self._parts.media.disconnect(self._listener, tap.slot)
            self._later(lambda: self._release(tap))

    def mark(self, kind: MarkKind, person: str | None = None) -> None:
        at_ms = self._at_ms()
        self._later(lambda: self._parts.books.mark(self.recording, at_ms, kind, person))

    def end(self) -> None:
        if self._ending:
            return
        self._ending = True
        # what comes after it only takes what there is to the disk
        self._ended_at = self._parts.clock.wall()
        for person, source in list(self._wanted):
            self.release(person, source)
        self.forget_keys(None)
        self._later(self._end)

    async def close(self) -> None:
        self.end()
        await asyncio.wait([self._worker])

    # What is heard, and what the writer says -------------------------------------------------------------------

    def pump(self) -> None:
        """Hands on what was heard. To be called several times a second."""
        if self._listener is None:
            return
        try:
            heard = self._parts.media.take(self._listener)
        except PeerError:
            return  # the media server is closing
        kept = not heard.packets or self._parts.writer.heard(self.number, heard.packets)
        if heard.missed or not kept:
            log.warning("not recorded", packets=heard.missed or None)

    def owns(self, track: str) -> bool:
        return track in self._tracks

    def said(self, fact: Fact) -> None:
        match fact:
            case Opened(track, file, codec, at_ms):
                tap, books = self._tracks[track], self._parts.books
                self._files[file] = tap.person
                self._later(lambda: books.add_file(self.recording, tap.person, tap.source, file, codec, at_ms))
            case Finished(_, file, duration_ms, size):
                self._files.pop(file, None)
                self._end_file(file, TrackState.FINISHED, duration_ms, size)
            case Closed(track, _, unopened):
                self._parts.unopened(unopened)
                self._tracks.pop(track, None)
                self._lock(track, False)
                self._look_whether_closed()
            case Locked(track, locked):
                self._lock(track, locked)
            case WantsPicture(_, slot):
                if self._listener is not None:
                    self._parts.media.ask_for_picture(self._listener, slot)
            case Trouble(track, code):
                self._troubled.add(track)
                self._stall(PROBLEMS[code])
            case Mended(track, _):
                self._troubled.discard(track)
                self.resumed()

    def disk_hangs(self, hangs: bool) -> None:
        """What comes meanwhile is kept in memory."""
        self._disk_hangs = hangs
        self._warn()

    def writer_died(self) -> None:
        """What it had not finished is finished here."""
        torn, self._files = self._files, {}
        self._tracks.clear()
        self._troubled.clear()
        self._locked.clear()
        self._look_whether_closed()
        if self.begun:
            # beside everything else: it takes the longer the longer the session has lasted
            recovery = asyncio.get_running_loop().create_task(self._guarded(lambda: self._recover(torn)))
            self._recovering.add(recovery)
            self._stall(PROBLEMS["writer_died"])

    def resumed(self) -> None:
        """There is a writer again, or a disk."""
        if self.begun and not self._troubled:
            stalls = self._stalls
            self._later(lambda: self._go_on(stalls))

    # One after another -----------------------------------------------------------------------------------------

    def _later(self, work: Callable[[], Awaitable[None]]) -> None:
        self._work.put_nowait(work)

    async def _do_all(self) -> None:
        while (work := await self._work.get()) != self._conclude:
            await self._guarded(work)
        await self._guarded(work)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (KeyUnavailable, KeyRefused) as error:
            self._fail(str(error), error)
        except ClinicError as error:
            self._fail(PROBLEMS["records"], error)
        except OSError as error:
            self._fail(PROBLEMS["disk_failed"], error)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this recording and nothing else
            self._fail(PROBLEMS["fault"], error)

    def _fail(self, problem: str, error: Exception) -> None:
        log.error("recording failed", error_type=type(error).__name__)
        if not self._failed:
            self._failed = True
            self._parts.told.capture_failed(self.session, self.recording, problem)

    async def _begin(self, rule: str) -> None:
        if self._failed:
            return  # a consent could not be kept
        parts = self._parts
        await parts.books.begin(self.recording, self.session, rule, parts.clock.wall())
        await asyncio.to_thread(self._folder.mkdir, mode=0o700, parents=True)
        self._listener = parts.media.open_listener(self.session)
        self._epoch_us = int(parts.clock.steady() * 1e6)
        parts.told.capture_began(self.session, self.recording)

    async def _capture(self, order: o.Capture, role: Role, name: str, number: int) -> None:
        person, source, publisher = order.person, order.source, order.publisher
        identity = self._identity_of(person)
        if person not in self._known:
            told = self._names.get(person, "")
            await self._parts.books.add_person(self.recording, person, role, name or told, identity)
            self._known.add(person)
            if self._names.get(person, "") != told:
                await self._rename(person)  # they said it meanwhile
        if self._listener is None or self._wanted.get((person, source)) != publisher:
            return  # released meanwhile
        if (person, source) in self._taps:
            return  # released and wanted again meanwhile, and that was carried out already
        media, kind, track = self._parts.media, KIND_OF_SOURCE[source], self._parts.new_id()
        try:
            slot = media.open_slot(self._listener, kind)
            self._parts.writer.order(
                OpenTrack(
                    listener=self.number,
                    slot=slot,
                    track=track,
                    kind=kind,
                    folder=str(self._folder),
                    recipient=str(identity.recipient),
                    epoch=self._epoch_us,
                    number=number,
                    source=source,
                    sealed=self.sealed,
                )
            )
            self._taps[person, source] = self._tracks[track] = _Tap(slot, track, person, source)
            media.connect(publisher, source, self._listener, slot)
        except PeerError as error:
            # they left a moment ago, and the order to release them is on its way
            log.debug("not captured", code=error.code)

    async def _rename(self, person: str) -> None:
        self._renaming.discard(person)
        await self._parts.books.rename(self.recording, person, self._names[person], self._identity_of(person))

    async def _release(self, tap: _Tap) -> None:
        self.pump()
        if self._listener is not None:
            self._parts.media.close_slot(self._listener, tap.slot)
        self._parts.writer.order(CloseTrack(tap.track))

    async def _go_on(self, stalls: int) -> None:
        """In its turn: while something of before waits for the database, nothing would be captured either, and nobody
        shall be shown that they are recorded."""
        if stalls == self._stalls:
            self._parts.told.capture_began(self.session, self.recording)

    async def _recover(self, torn: dict[str, str]) -> None:
        for file, person in torn.items():
            state, size = TrackState.LOST, None
            try:
                identity = self._identity_of(person)
                done = await asyncio.to_thread(finish, self._folder, file, identity, self._parts.entropy)
                state, size = TrackState.RECOVERED, done.size
            except (AgeError, OSError) as error:
                log.error("a track could not be finished", error_type=type(error).__name__)
                if not isinstance(error, AgeError | FileNotFoundError):
                    state = TrackState.RECOVERED  # a full disk, say: it stays in two parts, which can be read as one
            self._end_file(file, state, None, size)

    async def _end(self) -> None:
        """After it the writer has said all that it has to say, and what it said is about to be kept."""
        if self._listener is not None:
            self._look_whether_closed()
            try:
                await asyncio.wait_for(self._closed.wait(), LAST_FILES)
            except TimeoutError:
                log.error("the writer has not finished a recording in time")
            self._parts.media.close_peer(self._listener)
            self._listener = None
        if self._recovering:
            await asyncio.wait(self._recovering)
        self._later(self._conclude)

    async def _conclude(self) -> None:
        if self._epoch_us:
            await self._parts.books.end(self.recording, self._ended_at)
            known = {person: identity for person, identity in self._identities.items() if person in self._known}
            await self._parts.ended(self.recording, known)
        self._identities.clear()

    # Inside ----------------------------------------------------------------------------------------------------

    def _mark_begin(self, person: str, source: Source) -> None:
        """Not for those who are there from the beginning: that goes without saying."""
        if self._at_ms() >= BEGINNING_MS:
            if person not in self._seen:
                self.mark("join", person)
            self.mark(ON[source], person)
        self._seen.add(person)

    def _at_ms(self) -> int:
        """Now, in the recording's time."""
        return max(0, int(self._parts.clock.steady() * 1000) - self._epoch_us // 1000) if self._epoch_us else 0

    def _stall(self, problem: str) -> None:
        self._stalls += 1
        self._parts.told.capture_stalled(self.session, self.recording, problem)

    def _lock(self, track: str, locked: bool) -> None:
        if locked != (track in self._locked):
            self._locked ^= {track}
            self._warn()

    def _warn(self) -> None:
        if self.begun:
            problem = "disk_slow" if self._disk_hangs else "locked" if self._locked else None
            self._parts.told.capture_warned(self.session, self.recording, PROBLEMS[problem] if problem else None)

    def _end_file(self, file: str, state: TrackState, duration_ms: int | None, size: int | None) -> None:
        self._later(lambda: self._parts.books.end_file(file, state, duration_ms, size))

    def _identity_of(self, person: str) -> Identity:
        return self._identities.setdefault(person, Identity.generate(self._parts.entropy))

    def _look_whether_closed(self) -> None:
        if self._tracks:
            self._closed.clear()
        else:
            self._closed.set()
