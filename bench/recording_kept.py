"""What a recording holds, opened as the vault opens it, against the films that were sent: is every frame there?

Not here: recording them. It reads what a service has left in its data directory, with the clinic's key that lies there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import aiohttp
import av

from bench.recording_films import Cast
from clinic import Track
from therabook import recordings
from therabook.settings import load


@dataclass(frozen=True)
class Kept:
    """One track."""

    source: str
    recorded_ms: int
    """How long its recording took."""
    began_ms: int
    lasted_ms: int
    frames: int
    missing: int
    """Frames between two that are there."""
    foreign: int
    """Frames that nobody has sent."""


def read(data: Path, people: Sequence[Cast]) -> list[Kept]:
    """All tracks of all recordings. Raises what opening them raises."""
    return asyncio.run(_read(data, people))


async def _read(data: Path, people: Sequence[Cast]) -> list[Kept]:
    settings = load({"data_dir": data}, environment={})
    store = recordings.database(settings)
    found: list[Kept] = []
    try:
        async with aiohttp.ClientSession() as http:
            vault = recordings.vault(settings, store, recordings.key_provider(settings, http, time.time))
            page = await vault.recordings.find()
            listed = list(page.recordings)
            while page.next is not None:
                page = await vault.recordings.find(after=page.next)
                listed += page.recordings
            for recording in listed:
                whole = await vault.recordings.get(recording.id)
                lasted = round(1000 * ((recording.ended_at or recording.started_at) - recording.started_at))
                identities = {person.person_id: await vault.identity(person) for person in whole.people}
                for track in whole.tracks:
                    with vault.open(track, identities[track.person_id]) as reader:
                        found.append(look(cast("IO[bytes]", reader.file()), track, lasted, people))
    finally:
        await store.close()
    return found


def look(file: IO[bytes], track: Track, recorded_ms: int, people: Sequence[Cast]) -> Kept:
    """`file`: what is in the track, in clear."""
    films = [each.camera if track.source == "camera" else each.microphone for each in people]
    with av.open(file, "r") as container:
        frames = [bytes(packet) for packet in container.demux() if packet.size]
    missing, foreign = compare(frames, [film.frames for film in films])
    return Kept(track.source, recorded_ms, track.started_ms, track.duration_ms or 0, len(frames), missing, foreign)


def compare(frames: Sequence[bytes], films: Sequence[Sequence[bytes]]) -> tuple[int, int]:
    """How many frames are missing between others, and how many are of none of the films. A film may begin anew at any
    moment, as it does when a key frame is asked for."""
    places = [{frame: at for at, frame in enumerate(film)} for film in films]
    missing = foreign = 0
    due: tuple[Mapping[bytes, int], int] | None = None
    for frame in frames:
        film = next((each for each in places if frame in each), None)
        if film is None:
            foreign += 1
            continue
        at = film[frame]
        if due is not None and due[0] is film and at:
            missing += (at - due[1]) % len(film)
        due = film, (at + 1) % len(film)
    return missing, foreign
