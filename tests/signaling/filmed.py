"""A recording of known content that is over, in a data folder of its own, and what composes it."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from clinic import (
    Database,
    Job,
    Jobs,
    Person,
    Recording,
    Recordings,
    Retention,
    Track,
    TrackState,
    Whole,
    open_database,
    sqlite_url,
)
from clinic import Mark as KeptMark
from clinic.records import MarkKind
from recording.age import Identity, Recipient, open_bytes, seal_bytes
from recording.compose import Mark
from recording.keys import ClinicKey, KeyProvider, SealedKey
from signaling.capture_books import context_of
from signaling.compose_work import ComposeWork
from signaling.composing import Composing
from signaling.ids import new_id
from signaling.messages import Film
from signaling.vault import Vault
from tests.recording.compose.session import Session
from tests.signaling.server import MovingClock

REC, SESSION = "rec", "session-1"
BEGAN = 1_000_000.0
ROLES = {"a": "therapist", "b": "patient"}
NAMES = {"a": "Ann Planted", "b": "Ben Planted"}
WITHIN = 60.0


class Told:
    """Takes what is told of films."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Film | None]] = []
        self._more = asyncio.Event()

    def __call__(self, session: str, film: Film | None) -> None:
        self.heard.append((session, film))
        self._more.set()

    @property
    def states(self) -> list[str | None]:
        """In order, each once for as long as it held."""
        states = [film.state if film is not None else None for _, film in self.heard]
        return [state for state, before in zip(states, ["", *states], strict=False) if state != before]

    async def ends_with(self, state: str) -> None:
        """Waits until it is the last that was told."""
        async with asyncio.timeout(WITHIN):
            while self.states[-1:] != [state]:
                self._more.clear()
                await self._more.wait()

    async def hears(self, state: str | None, *, progress: float = 0.0) -> None:
        """Waits for it; it may have been told already."""
        async with asyncio.timeout(WITHIN):
            while not any(
                (None if film is None else film.state) == state and (film is None or film.progress >= progress)
                for _, film in self.heard
            ):
                self._more.clear()
                await self._more.wait()


class Recorded:
    """Tracks are made with `tracks`; then it is kept as a recording that is over."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "recordings"
        self.database: Database = open_database(sqlite_url(folder / "clinic.db"))
        self.recordings, self.jobs = Recordings(self.database), Jobs(self.database)
        self.retention = Retention(self.database)
        self.clinics = ClinicKey.from_file(folder / "recordings-key", os.urandom)
        self.key: KeyProvider = self.clinics
        self.clock = MovingClock()
        self.tracks = Session(self.folder / REC)

    def seal(self) -> None:
        """The server has the public half only, from now on."""
        self.key = SealedKey(Recipient.parse(str(self.clinics.recipient)), os.urandom)

    @property
    def vault(self) -> Vault:
        """With the key that the server has."""
        return Vault(self.recordings, self.retention, self.key, self.folder, os.urandom)

    def work(self, **more: Any) -> ComposeWork:
        return ComposeWork(self.vault, self.jobs, self.clock.clock, **({"renew": 0.1} | more))

    def composing(self, tell: Callable[[str, Film | None], None], **more: Any) -> Composing:
        values: dict[str, Any] = {"work": self.work(), "new_id": new_id, "tell": tell, "automatic": True, "look": 0.1}
        return Composing(**(values | more))

    def short(self) -> None:
        """Two seconds of two people, of whom each beeps and flashes once a second, one after the other."""
        (self.folder / REC).mkdir(parents=True)
        self.tracks.camera("a", 0, 2000)
        self.tracks.camera("b", 0, 2000, 1000, flash_ms=500)
        self.tracks.microphone("a", 0, 2000)
        self.tracks.microphone("b", 0, 2000, beep_ms=500)
        self.tracks.marks += [Mark(at_ms=0, kind="join", person="a"), Mark(at_ms=1500, kind="join", person="b")]

    def long(self, seconds: int) -> None:
        """One person, of whom there are three seconds in the file; the last picture stays."""
        (self.folder / REC).mkdir(parents=True)
        self.tracks.camera("a", 0, 1000 * seconds, recorded_ms=3000)

    async def keep(self, *, captured: bool = True, recovered: bool = False) -> None:
        """`recovered`: after a crash, so that nobody knows how long its tracks are."""
        await self.database.upgrade()
        await self.recordings.create(Recording(REC, SESSION, BEGAN, "all", self.key.describe()))
        for person, identity in self.tracks.identities.items():
            wrapped = await self.key.wrap(identity.secret, context_of(REC, person))
            name = seal_bytes(NAMES[person].encode(), [identity.recipient], os.urandom)
            await self.recordings.add_person(Person(REC, person, ROLES[person], name, wrapped))
        state = TrackState.RECOVERED if recovered else TrackState.FINISHED
        for clip in self.tracks.clips:
            track = Track(clip.track, REC, clip.person, clip.source, "VP8", clip.started_ms, f"{REC}/{clip.track}")
            await self.recordings.open_track(track)
            await self.recordings.finish_track(clip.track, state, None if recovered else clip.duration_ms, 1000)
        for mark in self.tracks.marks:
            kind: MarkKind = mark.kind  # type: ignore[assignment]
            await self.recordings.mark(KeptMark(REC, mark.at_ms, kind, mark.person))
        if captured:
            await self.recordings.captured(REC, BEGAN + 60)

    async def whole(self) -> Whole:
        return await self.recordings.get(REC)

    async def job(self) -> Job:
        """The only one."""
        (job,) = await self.jobs.of_recording(REC)
        return job

    async def job_when(self, holds: Callable[[Job], bool]) -> Job:
        async with asyncio.timeout(WITHIN):
            while True:
                job = await self.job()
                if holds(job):
                    return job
                await asyncio.sleep(0.05)

    async def made(self) -> bytes:
        """The only film or mix, opened with the clinic's key."""
        (output,) = (await self.whole()).outputs
        vault = Vault(self.recordings, self.retention, self.clinics, self.folder, os.urandom)
        sealed = (self.folder / REC / f"{output.id}.age").read_bytes()
        assert output.size == len(sealed)
        return open_bytes(sealed, [await vault.output_identity(output)])

    def files(self) -> list[str]:
        """Without the tracks."""
        tracks = {f"{clip.track}.age" for clip in self.tracks.clips}
        return sorted(path.name for path in (self.folder / REC).iterdir() if path.name not in tracks)

    def identities(self) -> dict[str, Identity]:
        return dict(self.tracks.identities)


def titles(film: bytes) -> list[str]:
    with av.open(io.BytesIO(film), "r") as container:
        return [chapter["metadata"]["title"] for chapter in container.chapters()]


def codecs(film: bytes) -> list[str]:
    with av.open(io.BytesIO(film), "r") as container:
        return sorted(stream.codec_context.name for stream in container.streams)
