"""The vault: recordings that are over, with the keys that open them. For the API and for the command line.

Whoever calls has decided that it may be done, and has it written down who saw what. Not here: what a track's files look
like (`recording/sealed`), what is remembered of recordings (`clinic/`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from clinic import Output, Person, Recordings, Retention, ShredProof, Track, TrackState, Unavailable, Unknown, Whole
from recording.age import (
    MAX_HEADER,
    AgeError,
    Encryptor,
    Entropy,
    Identity,
    Plaintext,
    ReadAt,
    Reader,
    Recipient,
    Truncated,
    open_bytes,
    rewrap,
)
from recording.keys import KeyProvider
from recording.sealed import SealedReader
from recording.storage import Storage, StorageError
from signaling.capture_books import context_of, output_context

log = structlog.get_logger("vault")

STEP = 1 << 20
"""Bytes copied at once."""


@dataclass(frozen=True)
class Checked:
    """What a restore test found of one track."""

    track: str
    bytes: int
    problem: str | None
    """None: every byte of it can be read."""


@dataclass(frozen=True)
class Spliced:
    """A file with another beginning. Can be read anywhere."""

    beginning: bytes
    rest_at: int
    """Where in the old file the rest begins."""
    size: int
    read_rest: ReadAt

    def read_at(self, offset: int, size: int) -> bytes:
        data = self.beginning[offset : offset + size]
        if len(data) < size:
            skip = max(0, offset - len(self.beginning))
            data += self.read_rest(self.rest_at + skip, size - len(data))
        return data


@dataclass(frozen=True)
class Vault:
    """Methods raise clinic.Unknown, clinic.Unavailable, KeyUnavailable, KeyRefused, AgeError and OSError, where they
    don't say otherwise."""

    recordings: Recordings
    retention: Retention
    keys: KeyProvider
    folder: Path
    entropy: Entropy
    storage: Storage | None = None
    """Where their files are, if not in the folder only."""

    @property
    def files(self) -> Storage:
        return self.storage or Storage(self.folder)

    async def identity(self, person: Person) -> Identity:
        """What opens this person's tracks. Raises Unknown once it was shredded."""
        if person.wrapped_key is None:
            raise Unknown("this person's key was deleted: nothing opens their tracks any more")
        return Identity(await self.keys.unwrap(person.wrapped_key, context_of(person.recording_id, person.person_id)))

    async def name(self, person: Person) -> str:
        """As it was shown in the session; empty if nobody has told the recorder."""
        if person.name_sealed is None:
            raise Unknown("this person's name was deleted with their key")
        return open_bytes(person.name_sealed, [await self.identity(person)]).decode()

    async def verify(self, recording: str) -> list[Checked]:
        """Reads every byte of every track that should be there. What is damaged is told, not raised."""
        whole = await self.recordings.get(recording)
        checked = []
        for person, tracks in _by_person(whole):
            identity = await self.identity(person)
            for track in tracks:
                checked.append(await asyncio.to_thread(self._check, track, identity))
        return checked

    async def export(self, recording: str, to: Path, recipient: Recipient | None) -> list[Path]:
        """Each track into a file of its own in `to`: for the holder of another age key, or with None in clear. Returns
        the files. Raises FileExistsError rather than to overwrite one."""
        whole = await self.recordings.get(recording)
        await asyncio.to_thread(to.mkdir, mode=0o700, parents=True, exist_ok=True)
        written = []
        for person, tracks in _by_person(whole):
            identity = await self.identity(person)
            for track in tracks:
                name = f"{person.role}-{person.person_id[:6]}-{track.source}-{track.started_ms:08}.mkv"
                path = to / (name if recipient is None else f"{name}.age")
                await asyncio.to_thread(self._copy, track, identity, path, recipient)
                written.append(path)
        return written

    async def shred(self, recording: str, person: str | None, *, by: str, reason: str, now: float) -> ShredProof:
        """Deletes the keys of a recording, or of one person in it, then the files that nothing opens any more. Raises
        clinic.Held, clinic.IllegalMove besides."""
        if person is None:
            shredded = await self.retention.shred_recording(recording, by=by, reason=reason, now=now)
        else:
            shredded = await self.retention.shred_person(recording, person, by=by, reason=reason, now=now)
        try:
            await self.remove(shredded.files)
        except (OSError, Unavailable) as error:
            # what counts is that nothing opens them; they are remembered, and removed later
            log.warning("files of shredded keys are still there", error_type=type(error).__name__)
        return shredded.proof

    async def remove(self, files: tuple[str, ...] | list[str]) -> None:
        """Files whose keys are gone. Without them they are noise; this gives the space back. One that cannot be removed
        is no other's trouble; it stays remembered, and why is raised in the end."""
        trouble: OSError | None = None
        for file in files:
            recording, _, name = file.partition("/")
            try:
                await self.files.remove(recording, name)
            except OSError as error:
                trouble = trouble or error
                if isinstance(error, StorageError):
                    break  # the bucket is as far away for the others
            else:
                await self.retention.file_removed(file)
        if trouble is not None:
            raise trouble

    @contextmanager
    def open(self, track: Track, identity: Identity) -> Iterator[SealedReader]:
        """Raises Truncated too: a track that a crash has left may lack its end, one that was finished may not."""
        with self.files.open(track.recording_id, track.id, identity) as reader:
            if track.size is not None and reader.size < track.size:
                raise Truncated("The file ends before the track does, or was damaged where it ends.")
            yield reader

    async def output_identity(self, output: Output) -> Identity:
        """What opens this film or mix. Raises Unknown once it was shredded."""
        if output.wrapped_key is None:
            raise Unknown("this output's key was deleted: nothing opens it any more")
        return Identity(await self.keys.unwrap(output.wrapped_key, output_context(output.recording_id, output.id)))

    @contextmanager
    def open_output(self, output: Output, identity: Identity) -> Iterator[SealedReader]:
        with self.files.open(output.recording_id, output.id, identity) as reader:
            if not reader.finished:
                raise Truncated("The file lacks its end, or was damaged there.")
            yield reader

    @contextmanager
    def resealed(self, recording: str, name: str, identity: Identity, recipient: Recipient) -> Iterator[Plaintext]:
        """The age file of a track or an output for the holder of another key: the same payload behind a new header. It
        must have its end: Truncated otherwise."""
        with self.as_it_lies(recording, name) as file:
            payload_at = Reader(file.read_at, file.size, [identity]).payload_at
            header = rewrap(file.read_at(0, MAX_HEADER), identity, [recipient], self.entropy)
            yield Spliced(header, payload_at, len(header) + file.size - payload_at, file.read_at)

    @contextmanager
    def as_it_lies(self, recording: str, name: str) -> Iterator[Plaintext]:
        """The age file of a track or an output, unopened."""
        with closing(self.files.source(recording, name)) as source:
            yield Spliced(b"", 0, source.length, source.read_at)

    def _check(self, track: Track, identity: Identity) -> Checked:
        at = 0
        try:
            with self.open(track, identity) as reader:
                while at < reader.size:
                    at += len(reader.read_at(at, STEP))
        except StorageError:
            raise  # a bucket that is away says nothing about what is in it
        except (AgeError, OSError) as error:
            return Checked(
                track.id, at, str(error) if isinstance(error, AgeError) else error.strerror or "not readable"
            )
        return Checked(track.id, at, None)

    def _copy(self, track: Track, identity: Identity, path: Path, recipient: Recipient | None) -> None:
        encryptor = None if recipient is None else Encryptor([recipient], self.entropy)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with self.open(track, identity) as reader, os.fdopen(descriptor, "wb") as file:
            if encryptor is not None:
                file.write(encryptor.start)
            for at in range(0, reader.size, STEP):
                data = reader.read_at(at, STEP)
                file.write(data if encryptor is None else encryptor.push(data))
            if encryptor is not None:
                file.write(encryptor.finish())


def _by_person(whole: Whole) -> Iterator[tuple[Person, list[Track]]]:
    """Those whose keys are still there, with the tracks that can be read."""
    for person in whole.people:
        tracks = [
            track
            for track in whole.tracks
            if track.person_id == person.person_id and track.state in (TrackState.FINISHED, TrackState.RECOVERED)
        ]
        if person.wrapped_key is not None and tracks:
            yield person, tracks
