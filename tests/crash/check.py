"""What a kill has left, against what the service had heard by then.

The service starts anew: its recovery runs, and the vault opens everything. Each file must hold the frames that were
heard, byte by byte and in order, from the first one on; what is missing at its end is what was lost. A sealed service
opens nothing: then all must lie there as it did, until whoever has the clinic's key finishes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path

import av

from clinic import RecordingState, TrackState, Whole
from recording.age import AgeError
from recording.sealed import files_of, finish
from sfu import Source
from signaling.capture_books import Books
from signaling.receipts import is_genuine
from signaling.recovery import Recovered, recover
from signaling.vault import Vault
from tests.crash import service
from tests.crash.heard import Cut, Heard
from tests.crash.media import Clip, Clips
from tests.crash.said import Plays

MOST_LOST = 1.0
"""Seconds."""

OFF_MS = 40
"""Of a frame's time in its file: more could be heard and seen."""

CLUSTER = bytes.fromhex("1f43b675")
"""What the first frames of a Matroska file begin with (RFC 9559, section 5.1.3)."""

THERE = (TrackState.FINISHED, TrackState.RECOVERED)


@dataclass(frozen=True)
class Kept:
    """One track, as far as there is anything of it."""

    source: Source
    heard: float
    """Seconds that had come when it ended, or what writes it was killed."""
    lost: float
    """Seconds of them that are not in the file."""
    cut: Cut | None
    """What was killed while it was being captured."""
    state: str | None
    """What the records said of it before recovery; None if nothing yet."""
    empty: bool = False
    """Whether it has a file in which there is no frame yet."""
    unreadable: bool = False
    """Whether there is a file that cannot be read, or in which something is that was not heard so."""


@dataclass(frozen=True)
class Found:
    tracks: tuple[Kept, ...]
    problems: tuple[str, ...]
    """Each a sentence; empty if all is as it should be."""
    recovery: float
    """Seconds that it took."""
    recoveries_killed: int = 0
    """Those before it that were killed before they were through."""
    told_after: float | None = None
    """Seconds from the writer's death until people were told."""
    back_after: float | None = None
    """And until they were recorded again."""


async def check(data: Path, clips: Clips, heard: Heard, sealed: bool = False) -> Found:
    """`heard` is what must be there, but for the last second of what was still being captured."""
    store = service.database(data)
    try:
        books, vault = service.books(data, store, sealed), service.vault(data, store)
        before = {track.id: track.state for track in (await _whole(books)).tracks}
        lay = _all_of(service.recordings(data))
        began = time.monotonic()
        await recover(books, service.recordings(data), time.time())
        took = time.monotonic() - began
        whole = await _whole(books)
        problems = list(heard.complaints)
        if await recover(books, service.recordings(data), time.time()) != Recovered(0, 0, 0):
            problems.append("the next start had something to recover too")
        if sealed:
            if _all_of(service.recordings(data)) != lay:
                problems.append("a service that cannot open its files has changed them")
            await _finish(whole, vault)
        problems += await _problems_of(whole, books, vault)
        tracks = []
        for plays in heard.plays.values():
            kept, wrong = await _look(plays, clips[plays.kind], heard, whole, before, vault)
            tracks.append(kept)
            problems += [f"{plays.person}, {plays.source}, slot {plays.slot}: {each}" for each in wrong]
        return Found(
            tuple(tracks),
            tuple(problems),
            took,
            heard.recoveries_killed,
            _seconds(heard.writer_killed_us, heard.stalled_us),
            _seconds(heard.writer_killed_us, heard.resumed_us),
        )
    finally:
        await store.close()


async def _whole(books: Books) -> Whole:
    return await books.recordings.get(service.RECORDING)


def _all_of(folder: Path) -> dict[str, str]:
    """Every file, by its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


async def _finish(whole: Whole, vault: Vault) -> None:
    """What whoever has the clinic's key does with the files of a sealed service. Raises AgeError, OSError."""
    for track in whole.tracks:
        if track.state in THERE:
            person = next(each for each in whole.people if each.person_id == track.person_id)
            folder = vault.folder / track.recording_id
            await asyncio.to_thread(finish, folder, track.id, await vault.identity(person), os.urandom)
            if files_of(folder, track.id).tail.exists():
                raise OSError("what was finished still has a tail")


def _seconds(begin_us: int | None, end_us: int | None) -> float | None:
    return None if begin_us is None or end_us is None else (end_us - begin_us) / 1e6


async def _problems_of(whole: Whole, books: Books, vault: Vault) -> list[str]:
    """Of the recording as a whole."""
    problems = []
    if whole.recording.state is not RecordingState.CAPTURED:
        problems.append(f"the recording is {whole.recording.state.value}")
    problems += [
        f"track {each.track}: {each.problem}"
        for each in await vault.verify(service.RECORDING)
        if each.problem is not None
    ]
    consents = await books.consents.of_recording(service.RECORDING)
    if not all(is_genuine(each, books.receipts.public) for each in consents):
        problems.append("a consent was not signed as it stands")
    agreed = {each.person_id for each in consents if each.agreed}
    if not {each.person_id for each in whole.tracks} <= agreed:
        problems.append("somebody was recorded whose consent is not there")
    return problems


async def _look(
    plays: Plays, clip: Clip, heard: Heard, whole: Whole, before: dict[str, TrackState], vault: Vault
) -> tuple[Kept, list[str]]:
    until_us, cut = heard.end_of(plays)
    came = clip.arrived(until_us - plays.at_us)
    track = next((each for each in whole.tracks if each.id == plays.track), None)
    frames = 0
    problems: list[str] = []
    if track is not None and track.state in THERE:
        person = next(each for each in whole.people if each.person_id == track.person_id)
        try:
            with vault.open(track, await vault.identity(person)) as reader:
                frames, problems = read(reader.read_at(0, reader.size), clip)
        except (AgeError, OSError, av.FFmpegError) as error:
            problems = [f"cannot be read: {error}"]
        if (track.person_id, track.source) != (plays.person, plays.source):
            problems.append("it is kept as somebody else's")
    unreadable = bool(problems)
    lost = max(0, came - frames) / clip.rate
    state = before.get(plays.track)
    if frames > came and cut != "writer":  # what writes can have taken a packet in the moment in which it was killed
        problems.append(f"{frames - came} frames more than were heard")
    if state is TrackState.FINISHED and lost:
        problems.append(f"{lost:.2f} s are missing of what was finished")
    if lost > MOST_LOST:
        problems.append(f"{lost:.2f} s lost")
    kept = Kept(
        source=plays.source,
        heard=came / clip.rate,
        lost=lost,
        cut=cut,
        state=state.value if state is not None else None,
        empty=track is not None and track.state in THERE and not frames,
        unreadable=unreadable,
    )
    return kept, problems


def read(recorded: bytes, clip: Clip) -> tuple[int, list[str]]:
    """How many of the clip's frames a recorded file holds, and what is wrong with them. Raises av.FFmpegError.

    A file that was begun right before the kill may have its header and nothing else: no frames, which no player opens.
    """
    if CLUSTER not in recorded:
        return 0, []
    problems = []
    frames: list[bytes] = []
    shown = 0
    with av.open(io.BytesIO(recorded), "r") as container:
        stream = (container.streams.video or container.streams.audio)[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for packet in container.demux(stream):
            if packet.size:
                assert packet.pts is not None
                assert packet.time_base is not None
                at_ms = float(packet.pts * packet.time_base * 1000)
                if abs(at_ms - clip.due_us(len(frames)) / 1000) > OFF_MS:
                    problems.append(f"frame {len(frames)} is at {at_ms:.0f} ms")
                frames.append(bytes(packet))
            shown += len(packet.decode())
    if tuple(frames) != clip.frames[: len(frames)]:
        problems.append("its frames are not those that were heard, in their order")
    if clip.codec == "VP8" and shown != len(frames):
        problems.append(f"of {len(frames)} pictures {shown} can be seen")
    if not frames:
        problems.append("there is nothing in it")
    return len(frames), problems[:3]
