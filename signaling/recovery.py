"""Recovery at the start: what was being recorded when the service last stopped becomes whole recordings.

Where the server cannot open what it recorded, files stay in the two parts that a crash left, which whoever brings the
clinic's key can read. Not here: how a torn track is put together (`recording/sealed`).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from clinic import ClinicError, Person, Track, TrackState, Whole
from recording.age import AgeError, Damaged, Entropy, Identity
from recording.keys import KeyRefused, KeyUnavailable
from recording.matroska import BEGINNING, holds_frames
from recording.sealed import SealedReader, files_of, finish
from recording.storage import Storage
from signaling.capture_books import Books, context_of

log = structlog.get_logger("recovery")


@dataclass(frozen=True)
class Recovered:
    """How many of each."""

    recordings: int
    tracks: int
    lost: int


async def recover(books: Books, folder: Path, now: float, storage: Storage | None = None) -> Recovered:
    """Once at the start, before anything is captured. One recording that cannot be recovered is no other's trouble; it
    is tried again at the next start. `storage`: where else than in the folder files may be, if this machine has lost
    them. Raises clinic.Unavailable."""
    storage = storage or Storage(folder)
    tracks = lost = recordings = 0
    for whole in await books.recordings.unfinished():
        people = {person.person_id: person for person in whole.people}
        try:
            for track in whole.tracks:
                if track.state is TrackState.WRITING:
                    state, size = await _recover(books, storage, track, people[track.person_id])
                    await books.end_file(track.id, state, None, size)
                    tracks += state is TrackState.RECOVERED
                    lost += state is TrackState.LOST
            await books.end(whole.recording.id, _ended(folder, whole, now))
            recordings += 1
        except (ClinicError, KeyUnavailable, OSError) as error:
            log.error("a recording could not be recovered", error_type=type(error).__name__)
    if recordings:
        log.info("recovered", recordings=recordings, tracks=tracks, lost=lost or None)
    return Recovered(recordings, tracks, lost)


async def _recover(books: Books, storage: Storage, track: Track, person: Person) -> tuple[TrackState, int | None]:
    place = storage.folder / track.recording_id
    files = files_of(place, track.id)
    if not files.main.exists() and person.wrapped_key is not None:
        await storage.bring(track.recording_id, track.id)
        storage.give_back(track.recording_id, track.id)
    if not files.main.exists() or person.wrapped_key is None:
        return TrackState.LOST, None
    if not books.keys.can_unwrap:
        return TrackState.RECOVERED, None
    try:
        secret = await books.keys.unwrap(person.wrapped_key, context_of(track.recording_id, track.person_id))
        size = await asyncio.to_thread(_finish, place, track.id, Identity(secret), books.entropy)
    except (AgeError, KeyRefused) as error:
        log.error("a track is damaged", error_type=type(error).__name__)
        return TrackState.LOST, None
    return (TrackState.RECOVERED, size) if size else (TrackState.LOST, None)


def _finish(place: Path, track: str, identity: Identity, entropy: Entropy) -> int:
    """Its size; 0 if there is no frame in it. Raises AgeError, OSError."""
    try:
        size = finish(place, track, identity, entropy).size
    except Damaged:
        # a second is lost with the tail; all before it is not
        size = finish(place, track, identity, entropy, without_tail=True).size
    with SealedReader(place, track, identity) as reader:
        return size if holds_frames(reader.read_at(0, BEGINNING)) else 0


def _ended(folder: Path, whole: Whole, now: float) -> float:
    """When it was last written to."""
    written = [
        path.stat().st_mtime
        for track in whole.tracks
        for path in (folder / whole.recording.id).glob(f"{track.id}*.age")
        if path.is_file()
    ]
    return max([whole.recording.started_at, *(at for at in written if at <= now)])
