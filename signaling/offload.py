"""Offload: brings recordings into the bucket while they run, and off the disk when the bucket has them.

Looks every few seconds at what lies on the disk, and asks the records what it is: a track that grows is brought up to
date, what is finished goes up as one object and then leaves the disk. So what is to do is told by the disk and the
records alone, and a start after a crash goes on like any other look. A bucket that is away is waited for, longer each
time; nothing else waits for it.
Not here: how a file gets there (`recording/storage`), and removing what was shredded (`vault.py`).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from clinic import ClinicError, Recordings, RecordingState, TrackState, Unknown, Whole
from recording.storage import Storage, StorageError, Uploads
from signaling.clock import Clock

log = structlog.get_logger("offload")

EVERY = 15.0
"""Seconds between two looks: what the loss of the whole machine costs of a recording that runs. Shorter, and a store
that charges for each request costs more: of a session of an hour a look makes some thousand requests."""

AT_ONCE = 2
"""Files that grow, and as many that are finished, sent at the same time. Each has a part or two in memory."""

FIRST_REST = 2.0
LONGEST_REST = 60.0
"""Seconds before a bucket that is away is tried again; each rest is twice the one before, and shortened by chance."""

Stamp = tuple[int, int, int]
"""A file's inode, length and time: another one means that something was written."""

File = tuple[str, str]
"""(recording, name)."""


class Offload:
    """`run` for as long as the service runs; or `look`, then `done`."""

    def __init__(
        self,
        *,
        recordings: Recordings,
        storage: Storage,
        uploads: Uploads,
        clock: Clock,
        random: Callable[[], float],
        keep_local: bool,
    ) -> None:
        """`random`: evenly from 0 to 1. `keep_local`: nothing leaves the disk."""
        self._recordings = recordings
        self._storage = storage
        self._uploads = uploads
        self._clock = clock
        self._random = random
        self._keep_local = keep_local
        self._growing = asyncio.Semaphore(AT_ONCE)
        self._finished = asyncio.Semaphore(AT_ONCE)
        self._settling: dict[File, asyncio.Task[None]] = {}
        self._settled: dict[File, Stamp] = {}
        """What the bucket is known to have of what is on the disk."""
        self._problem: str | None = None
        self._failures = 0
        self._rest_until = 0.0

    async def run(self) -> None:
        try:
            while True:
                await self.look()
                await asyncio.sleep(EVERY)
        finally:
            for task in self._settling.values():
                task.cancel()
            await self.done()

    async def look(self) -> None:
        """Begins what is to do. Returns when what grows is up to date, or the bucket is away."""
        if self._resting:
            return
        there = await asyncio.to_thread(self._on_disk)
        self._settled = {file: stamp for file, stamp in self._settled.items() if file in there}
        due = [file for file, stamp in there.items() if not (self._keep_local and self._settled.get(file) == stamp)]
        growing = []
        for recording, files in itertools.groupby(due, key=lambda file: file[0]):
            growing += await self._begin(recording, [name for _, name in files], there)
        await asyncio.gather(*growing)

    async def done(self) -> None:
        """Returns when everything that was begun has ended."""
        while self._settling:
            await asyncio.gather(*self._settling.values(), return_exceptions=True)

    async def _begin(
        self, recording: str, names: list[str], there: dict[File, Stamp]
    ) -> list[Coroutine[Any, Any, None]]:
        """Starts on what is finished; returns what is to be waited for."""
        try:
            whole = await self._recordings.get(recording)
            if names == [""]:  # nothing is in its folder
                if whole.recording.state is not RecordingState.CAPTURING:
                    await self._storage.tidy(recording)
                return []
        except Unknown:
            return []  # not one of ours
        except (ClinicError, OSError) as error:
            log.warning("what is to be offloaded is not known", error_type=type(error).__name__)
            return []
        growing, finished = _sorted(whole)
        for name in names:
            file = recording, name
            if name in finished and file not in self._settling:
                task = asyncio.get_running_loop().create_task(self._settle(file, there[file]))
                self._settling[file] = task
                task.add_done_callback(partial(self._ended, file))
        return [self._grow((recording, name)) for name in names if name in growing]

    def _ended(self, file: File, _: asyncio.Task[None]) -> None:
        self._settling.pop(file, None)

    async def _grow(self, file: File) -> None:
        async with self._growing:
            await self._guarded(self._grow_now(file))

    async def _settle(self, file: File, stamp: Stamp) -> None:
        async with self._finished:
            await self._guarded(self._settle_now(file, stamp))

    async def _grow_now(self, file: File) -> None:
        if await self._uploads.grow(*file):
            self._is_back()

    async def _settle_now(self, file: File, stamp: Stamp) -> None:
        inode = stamp[0]
        if self._settled.get(file) != stamp:
            inode = await self._uploads.settle(*file)
            self._is_back()
            self._settled[file] = stamp
        if await self._is_shredded(file):
            await self._storage.remove(*file)
        elif not self._keep_local:
            await asyncio.to_thread(self._storage.let_go, *file, inode)

    async def _is_shredded(self, file: File) -> bool:
        """Whether that happened while it was sent. Then it is noise, and must not stay for ever."""
        recording, name = file
        _, finished = _sorted(await self._recordings.get(recording))
        return name not in finished

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        if self._resting:
            work.close()
            return
        try:
            await work
        except StorageError as error:
            self._is_away(error)
        except FileNotFoundError:
            pass  # shredded meanwhile
        except (ClinicError, OSError) as error:
            log.error("a file could not be offloaded", error_type=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this file's turn and nothing else
            log.error("a fault in offloading", error_type=type(error).__name__)

    # A bucket that is away -------------------------------------------------------------------------------------

    @property
    def _resting(self) -> bool:
        return self._clock.steady() < self._rest_until

    def _is_away(self, error: StorageError) -> None:
        if self._resting:
            return  # several were at it
        rest = min(LONGEST_REST, FIRST_REST * 2.0**self._failures)
        self._failures = min(self._failures + 1, 16)
        self._rest_until = self._clock.steady() + rest * (0.5 + 0.5 * self._random())
        if self._problem != str(error):
            self._problem = str(error)
            log.error("recordings stay on the disk", problem=self._problem)

    def _is_back(self) -> None:
        if self._problem is not None:
            log.info("the bucket takes recordings again")
        self._problem, self._failures = None, 0

    def _on_disk(self) -> dict[File, Stamp]:
        """What lies there, in order; for a folder with nothing in it, an empty name."""
        found: dict[File, Stamp] = {}
        if not self._storage.folder.is_dir():
            return found
        for folder in sorted(self._storage.folder.iterdir()):
            if not folder.is_dir():
                continue
            before = len(found)
            for path in sorted(folder.glob("[!.]*.age")):
                if not path.name.endswith((".tail.age", ".fresh.age")):
                    try:
                        status = path.stat()
                    except FileNotFoundError:
                        continue  # shredded just now
                    found[folder.name, path.name.removesuffix(".age")] = (
                        status.st_ino,
                        status.st_size,
                        status.st_mtime_ns,
                    )
            if len(found) == before:
                found[folder.name, ""] = (0, 0, 0)
        return found


def _sorted(whole: Whole) -> tuple[set[str], set[str]]:
    """(names of what grows, names of what is finished), without what was shredded."""
    readable = {person.person_id for person in whole.people if person.wrapped_key is not None}
    tracks = [track for track in whole.tracks if track.person_id in readable and track.file is not None]
    growing = {track.id for track in tracks if track.state is TrackState.WRITING}
    finished = {track.id for track in tracks if track.state is not TrackState.WRITING}
    return growing, finished | {
        output.id for output in whole.outputs if output.wrapped_key is not None and output.file is not None
    }
