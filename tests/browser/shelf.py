"""Recordings with real films in them, put into the folder and the database of a running service by the product's own
classes, so that no test of the page has to record first.

Not here: recording one (`test_recording.py`), and what the page shows.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Literal

import av

from clinic import Job, Mark, Output, Person, Recording, Track, TrackState
from clinic.records import MarkKind, OutputKind, Source
from recording.age import Identity, seal_bytes
from recording.keys import KeyProvider
from signaling.capture_books import context_of, output_context
from tests.browser.content import DRAWN_DOCTOR, DRAWN_PATIENT, FRAMES, Content, write_portrait, write_video
from tests.signaling.kept import Kept

SECONDS = FRAMES
"""One picture a second, each with its number in it."""

RATE = 48_000
PEOPLE = {"therapist": "Dr. Blue", "patient": "Sam Reed"}
MARKS: tuple[tuple[int, MarkKind, str | None], ...] = (
    (0, "join", "therapist"),
    (12_000, "join", "patient"),
    (30_000, "leave", "patient"),
    (40_000, "join", "patient"),
)


class Shelf(Kept):
    """`Kept`, with films and tracks that a browser plays."""

    def __init__(self, folder: Path, media: Media, key: KeyProvider | None = None) -> None:
        super().__init__(folder, key)
        self.media = media
        self.identities: dict[tuple[str, str], Identity] = {}

    async def add_session(self, id: str, session: str, started_at: float, film: bytes | None = None) -> None:
        """With microphone and camera of two people. Without a film it is as it is right after the session."""
        await self.begin_session(id, session, started_at)
        for role in PEOPLE:
            await self._add_track(id, role, "microphone", "opus", self.media.sound)
            await self._add_track(id, role, "camera", "VP8", self.media.camera)
        for at_ms, kind, person in MARKS:
            await self.recordings.mark(Mark(id, at_ms, kind, person))
        await self.recordings.captured(id, started_at + SECONDS)
        if film is not None:
            await self.add_output(id, "mp4", film, started_at + 120)

    async def begin_session(self, id: str, session: str, started_at: float) -> None:
        """It is being recorded."""
        await self.recordings.create(
            Recording(id, session, started_at, "all", self.key.describe(), delete_after=started_at + 3650 * 86_400)
        )
        (self.folder / id).mkdir(parents=True)
        for role, name in PEOPLE.items():
            identity = self.identities[id, role] = Identity.generate(os.urandom)
            wrapped = await self.key.wrap(identity.secret, context_of(id, role))
            named = seal_bytes(name.encode(), [identity.recipient], os.urandom)
            await self.recordings.add_person(Person(id, role, role, named, wrapped))

    async def add_output(self, recording: str, kind: OutputKind, content: bytes, made_at: float) -> str:
        job = await self.begin_film(recording, made_at, kind)
        return await self.end_film(job, kind, content, made_at)

    async def begin_film(self, recording: str, now: float, kind: OutputKind = "mp4") -> Job:
        """Somebody works on it, and nobody else takes that away."""
        work = Job(f"{recording}-{kind}", "audio" if kind == "audio" else "compose", recording, now)
        return await self.jobs.begin(work, now, 1e10)

    async def end_film(self, job: Job, kind: OutputKind, content: bytes, made_at: float) -> str:
        identity = Identity.generate(os.urandom)
        sealed = seal_bytes(content, [identity.recipient], os.urandom)
        self.file(job.recording_id, job.id).write_bytes(sealed)
        wrapped = await self.key.wrap(identity.secret, output_context(job.recording_id, job.id))
        file = f"{job.recording_id}/{job.id}"
        output = Output(job.id, job.recording_id, kind, made_at, len(sealed), "ab" * 32, wrapped, file)
        assert await self.jobs.finish(replace(job, attempts=1), output)
        return job.id

    async def _add_track(self, recording: str, person: str, source: Source, codec: str, content: bytes) -> None:
        recipient = self.identities[recording, person].recipient
        track = f"{recording}-{person}-{source}"
        await self.recordings.open_track(Track(track, recording, person, source, codec, 0, f"{recording}/{track}"))
        sealed = seal_bytes(content, [recipient], os.urandom)
        self.file(recording, track).write_bytes(sealed)
        await self.recordings.finish_track(track, TrackState.FINISHED, SECONDS * 1000, len(content))


class Media:
    """Made once, in a folder: it takes some seconds."""

    def __init__(self, folder: Path, content: Content) -> None:
        numbered = write_video(folder / "numbered.y4m", content)
        self.film = _encoded(folder / "film.mp4", _pictures(numbered), filler="4M")
        """Some 30 MB: no browser fetches all of it before it plays."""
        self.camera = _encoded(folder / "camera.mkv", _pictures(numbered), codec="vp8")
        self.sound = _encoded(folder / "sound.mkv", None, codec="opus")
        self.mix = _encoded(folder / "mix.m4a", None)
        faces = [next(_pictures(write_portrait(folder / f"{each.pitch}.y4m", each))) for each in DRAWN]
        self.shown = _encoded(folder / "shown.mp4", (_beside(faces) for _ in range(SECONDS)))
        """Two people side by side, for pictures that people look at."""


DRAWN = (DRAWN_DOCTOR, DRAWN_PATIENT)


def _encoded(
    path: Path,
    pictures: Iterator[av.VideoFrame] | None,
    codec: Literal["h264", "vp8", "opus"] = "h264",
    filler: str = "",
) -> bytes:
    """One picture a second and a tone of 440 Hz; with `filler` at that many bits a second, whatever is to be seen."""
    with av.open(str(path), "w") as container:
        video, audio = None, None
        if codec != "opus" and pictures is not None:
            first = next(pictures)
            pictures = chain([first], pictures)
            name: Literal["libvpx", "libx264"] = "libvpx" if codec == "vp8" else "libx264"
            video = container.add_stream(name, rate=1)
            video.width, video.height, video.pix_fmt, video.gop_size = first.width, first.height, "yuv420p", 4
            video.options = {"cpu-used": "8"} if codec == "vp8" else {"preset": "ultrafast"}
            if filler:
                rate = dict.fromkeys(("b", "minrate", "maxrate", "bufsize"), filler)
                video.options = {"preset": "ultrafast", "x264-params": "nal-hrd=cbr", **rate}
        if codec != "vp8":
            audio = container.add_stream("libopus" if codec == "opus" else "aac", rate=RATE)
            audio.layout = "mono"
        for number, sound in enumerate(_tone("fltp" if codec == "h264" else "s16")):
            if video is not None and pictures is not None:
                picture = next(pictures)
                picture.pts, picture.time_base = number, Fraction(1, 1)
                container.mux(video.encode(picture))
            if audio is not None:
                container.mux(audio.encode(sound))
        for packets in (stream.encode() for stream in (video, audio) if stream is not None):
            container.mux(packets)
    return path.read_bytes()


def _pictures(y4m: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(y4m)) as container:
        yield from container.decode(video=0)


def _beside(faces: list[av.VideoFrame]) -> av.VideoFrame:
    """As a composed film has them: side by side, in the middle of a dark picture."""
    width, height = faces[0].width, faces[0].height
    picture = av.VideoFrame(2 * width, 2 * height, "yuv420p")
    for number, ground in enumerate((28, 128, 128)):
        divided = 1 if number == 0 else 2
        rows = [bytes([ground]) * (2 * width // divided)] * (2 * height // divided)
        planes = [face.planes[number] for face in faces]
        for row in range(height // divided):
            parts = [bytes(plane)[row * plane.line_size : row * plane.line_size + width // divided] for plane in planes]
            rows[row + height // divided // 2] = b"".join(parts)
        plane = picture.planes[number]
        plane.update(b"".join(row.ljust(plane.line_size, b"\0") for row in rows))
    return picture


def _tone(sample_format: str) -> Iterator[av.AudioFrame]:
    second = b"".join(struct.pack("<h", int(8000 * math.sin(math.tau * 440 * n / RATE))) for n in range(RATE))
    resampler = av.AudioResampler(format=sample_format, layout="mono", rate=RATE)
    for number in range(SECONDS):
        frame = av.AudioFrame(format="s16", layout="mono", samples=RATE)
        frame.rate, frame.pts, frame.time_base = RATE, number * RATE, Fraction(1, RATE)
        frame.planes[0].update(second)
        yield from resampler.resample(frame)
