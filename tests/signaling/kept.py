"""Recordings that are over, put into a running server's folder and database by the product's own classes, and people
who ask for them over HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from multidict import CIMultiDictProxy

from clinic import (
    Job,
    Jobs,
    Mark,
    Output,
    Person,
    Recording,
    Recordings,
    Retention,
    Track,
    TrackState,
    Viewings,
    open_database,
    sqlite_url,
)
from recording.age import Identity, seal_bytes
from recording.keys import ClinicKey, KeyProvider
from recording.sealed import SealedWriter
from signaling.capture_books import context_of, output_context
from signaling.roles import Keeper
from signaling.tokens import RecordingsClaims
from tests.signaling.server import Server, a_server

SESSION = "session-1"
START = 1_780_000_000.0
NAMES = {"therapist": "Dr. Blue", "patient": "Alex Planted"}


def content(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


FILM = content(300_007, 1)
"""Some chunks and a bit: not a film, but nobody here looks into it."""

TRACK = content(150_001, 2)


class Kept:
    """What the clinic keeps, beside the server that serves it."""

    def __init__(self, folder: Path, key: KeyProvider | None = None) -> None:
        self.folder = folder / "data" / "recordings"
        self.database = open_database(sqlite_url(folder / "data" / "clinic.db"))
        self.recordings = Recordings(self.database)
        self.retention = Retention(self.database)
        self.viewings = Viewings(self.database)
        self.jobs = Jobs(self.database)
        self.key = key or ClinicKey.from_file(folder / "data" / "recordings-key", os.urandom)

    async def add(
        self,
        id: str = "rec-1",
        session: str = SESSION,
        *,
        film: bytes | None = FILM,
        started_at: float = START,
        state: TrackState = TrackState.FINISHED,
    ) -> None:
        """With a track of each of two people, `ID-therapist` and `ID-patient`, and with a film, `ID-film`."""
        await self.recordings.create(Recording(id, session, started_at, "all", self.key.describe()))
        (self.folder / id).mkdir(parents=True)
        for role, name in NAMES.items():
            identity = Identity.generate(os.urandom)
            wrapped = await self.key.wrap(identity.secret, context_of(id, role))
            named = seal_bytes(name.encode(), [identity.recipient], os.urandom)
            await self.recordings.add_person(Person(id, role, role, named, wrapped))
            track = f"{id}-{role}"
            await self.recordings.open_track(Track(track, id, role, "camera", "VP8", 0, f"{id}/{track}"))
            writer = SealedWriter(self.folder / id, track, identity.recipient, os.urandom)
            writer.write(TRACK)
            writer.checkpoint()
            writer.close() if state is TrackState.FINISHED else writer.abandon()
            # nobody has seen the end of what a crash has left
            ended = (60_000, len(TRACK)) if state is TrackState.FINISHED else (None, None)
            await self.recordings.finish_track(track, state, *ended)
        await self.recordings.mark(Mark(id, 20_000, "join", "patient"))
        await self.recordings.captured(id, started_at + 60)
        if film is not None:
            await self.add_film(id, film)

    async def add_film(self, recording: str, film: bytes) -> None:
        id = f"{recording}-film"
        identity = Identity.generate(os.urandom)
        sealed = seal_bytes(film, [identity.recipient], os.urandom)
        self.file(recording, id).write_bytes(sealed)
        wrapped = await self.key.wrap(identity.secret, output_context(recording, id))
        job = await self.jobs.begin(Job(id, "compose", recording, START), START, 1e9)
        file = f"{recording}/{id}"
        assert await self.jobs.finish(job, Output(id, recording, "mp4", START, len(sealed), "ab" * 32, wrapped, file))

    def file(self, recording: str, name: str) -> Path:
        return self.folder / recording / f"{name}.age"

    def is_open(self, recording: str, name: str) -> bool:
        """Whether this process, which is the server too, has the file open."""
        found = []
        for each in Path("/proc/self/fd").iterdir():
            try:
                found.append(each.readlink())
            except OSError:
                continue  # it was closed just now
        return self.file(recording, name) in found

    async def kinds(self, recording: str = "rec-1") -> list[tuple[str, str]]:
        """Who saw or took it, and how."""
        return [(each.who, each.kind) for each in await self.viewings.of_recording(recording) if each.role != "system"]


async def until(holds: Callable[[], bool]) -> None:
    """Waits for it."""
    async with asyncio.timeout(10):
        while True:
            if holds():
                return
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @cached_property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        code: str = self.json["code"]
        return code


class Asker:
    """Somebody with a token, who sends it each time."""

    def __init__(
        self, server: Server, role: Keeper = "administrator", room: str | None = None, who: str | None = None
    ) -> None:
        now = server.clock.clock.wall()
        claims = RecordingsClaims(
            jti="token-of-keeper", exp=int(now) + 100_000, sub=who or f"id-of-{role}", role=role, room=room
        )
        self.server = server
        self.token = server.running.tokens.sign(claims, now)
        self.headers = {"Authorization": f"Bearer {self.token}"}

    async def asks(self, method: str, path: str, json: object = None, **headers: str) -> Answer:
        """`path` is below /api/recordings."""
        return await ask(self.server, method, path, self.headers | headers, json)

    async def gets(self, path: str, **headers: str) -> Answer:
        return await self.asks("GET", path, **headers)

    async def posts(self, path: str, json: object = None) -> Answer:
        return await self.asks("POST", path, json)

    def stream(self, path: str, **headers: str) -> Any:
        """The answer as it comes, as a context."""
        return self.server.http.get(f"{self.server.url}/api/recordings{path}", headers=self.headers | headers)


async def ask(
    server: Server, method: str, path: str, headers: dict[str, str] | None = None, json: object = None
) -> Answer:
    more: dict[str, Any] = {} if json is None else {"json": json}
    url = f"{server.url}/api/recordings{path}"
    async with server.http.request(method, url, headers=headers or {}, **more) as answer:
        return Answer(answer.status, answer.headers, await answer.read())


@asynccontextmanager
async def an_archive(
    folder: Path, key: KeyProvider | None = None, **settings: Any
) -> AsyncIterator[tuple[Server, Kept]]:
    """A server with one recording, `rec-1`."""
    async with a_server(folder, **settings) as server:
        kept = Kept(folder, key)
        try:
            await kept.add()
            yield server, kept
        finally:
            await kept.database.close()
