"""Writes that a kill tears: a small track is written byte by byte, and after each byte it is read as it lies there.

Not here: kills between writes, and power failures, which are tried call by call in `tests/recording/sealed`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinic import TrackState
from recording.age import CHUNK, AgeError, Identity
from recording.matroska import CLUSTER
from recording.sealed import Disk, SealedReader, SealedWriter, files_of
from signaling.capture_books import Books
from signaling.recovery import recover
from tests.crash import service
from tests.crash.kill import Stage
from tests.recording.age.made_up import IDENTITY, text
from tests.recording.sealed.session import NAME, Told, write

PIECES = (60, CHUNK, 30)
"""Bytes between checkpoints. The first one leaves a tail, the second a chunk and a tail, the third the end."""

PERSON = "seat"


@dataclass(frozen=True)
class Torn:
    """What was tried, and how often it went wrong."""

    bytes: int
    unreadable: int
    """Times at which something that had been kept could not be read, or was not as it was written."""


class ByteByByte(Disk):
    """`look` is called before each call, and within a write after each byte."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look

    def create(self, path: Path, *, fresh: bool) -> int:
        self._look()
        return super().create(path, fresh=fresh)

    def write(self, file: int, data: bytes, offset: int) -> None:
        for at in range(len(data)):
            self._look()
            super().write(file, data[at : at + 1], offset + at)
        self._look()

    def reuse(self, path: Path) -> int:
        self._look()
        return super().reuse(path)

    def cut(self, file: int, size: int) -> None:
        self._look()
        super().cut(file, size)

    def sync(self, file: int) -> None:
        self._look()

    def rename(self, old: Path, new: Path) -> None:
        self._look()
        super().rename(old, new)

    def exchange(self, one: Path, other: Path) -> None:
        self._look()
        super().exchange(one, other)

    def remove(self, path: Path) -> None:
        self._look()
        super().remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._look()


def tear_writes(folder: Path, pieces: Sequence[int] = PIECES) -> Torn:
    """At every byte that is written of a track."""
    folder.mkdir(parents=True)
    told = Told()
    tried = unreadable = 0

    def look() -> None:
        nonlocal tried, unreadable
        tried += 1
        unreadable += not _is_kept(folder, told)

    write(folder, ByteByByte(look), pieces, told)
    look()
    shutil.rmtree(folder)
    return Torn(tried, unreadable)


async def cut_tails(stage: Stage, step: int = 1) -> Torn:
    """A tail is never torn by a kill, for it takes its name when it is whole. Should it be cut all the same, at any
    byte, recovery loses it and nothing else. Tries every `step`th byte."""
    data = stage.folder / "tails"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    shutil.copy(stage.database, data / "clinic.db")
    store = service.database(data)
    try:
        books, vault = service.books(data, store), service.vault(data, store)
        place = service.recordings(data) / service.RECORDING
        place.mkdir(parents=True)
        tracks = await _leave_tracks(books, place, step)
        await recover(books, service.recordings(data), time.time())
        states = {each.id: each.state for each in (await books.recordings.get(service.RECORDING)).tracks}
        read = {each.track: each for each in await vault.verify(service.RECORDING)}
    finally:
        await store.close()
    shutil.rmtree(data)
    good = [
        track
        for track in tracks
        if states[track] is TrackState.RECOVERED and (read[track].bytes, read[track].problem) == (CHUNK, None)
    ]
    return Torn(len(tracks), len(tracks) - len(good))


async def _leave_tracks(books: Books, place: Path, step: int) -> list[str]:
    """The same track again and again, its tail cut elsewhere each time, in a recording that was not ended."""
    identity = Identity.generate(os.urandom)
    writer = SealedWriter(place, NAME, identity.recipient, os.urandom)
    # recovery looks whether there is a frame in it
    writer.write(CLUSTER)
    for size in PIECES[:2]:
        writer.write(text(size))
        writer.checkpoint()
    writer.abandon()
    await books.begin(service.RECORDING, service.SESSION, "all", time.time())
    await books.add_person(service.RECORDING, PERSON, "patient", "Alex", identity)
    whole = files_of(place, NAME)
    tail = whole.tail.read_bytes()
    tracks = [f"cut-{cut}" for cut in range(0, len(tail), step)]
    for number, track in enumerate(tracks):
        files = files_of(place, track)
        shutil.copy(whole.main, files.main)
        files.tail.write_bytes(tail[: number * step])
        await books.add_file(service.RECORDING, PERSON, "camera", track, "VP8", 0)
    return tracks


def _is_kept(folder: Path, told: Told) -> bool:
    try:
        with SealedReader(folder, NAME, IDENTITY) as track:
            data = track.read_at(0, track.size + 1)
    except (FileNotFoundError, AgeError):
        return not told.kept
    return len(data) >= told.kept and told.written.startswith(data)
