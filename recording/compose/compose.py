"""Makes the film, or the mix of its sounds alone: decodes clips by time, draws and mixes, encodes H.264 and AAC, muxes
an MP4 into an age file.

Everything goes forward once, so memory does not grow with the length, but for the muxer's index (18 MB an hour). What
is written is a draft until it is whole. Not here: what is shown when (`plan.py`), the process (`__main__.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from recording.age import Damaged, Entropy, Identity, Recipient
from recording.compose.canvas import FORMAT, Canvas, Place
from recording.compose.chapters import write_chapters
from recording.compose.clips import RATE, OpenFile, Pictures, Sound, Tell, measured_ms
from recording.compose.labels import Captions
from recording.compose.layout import boxes
from recording.compose.mixing import BLOCK, Lane, Mixer
from recording.compose.order import Clip, Done, Order, Trouble
from recording.compose.output import SealedOutput
from recording.compose.plan import Chapter, Plan, Scene, plan
from recording.sealed import Disk, SealedReader, files_of

PRESET = {"preset": "veryfast", "crf": "23", "x264-params": "subme=1:partitions=none:rc-lookahead=5"}
"""With these parameters a quarter faster than `veryfast` alone, of people before a camera, and no larger. The next
faster preset makes files three times as large."""

KEY_SECONDS = 2
"""Between key frames: how long a player that seeks has to decode what it does not show."""

SOUND_BITS = 96_000
"""A second, one channel: more than microphones of a call have."""

WRITE = 65_536


class CannotCompose(Exception):
    """There is nothing that a film could be made of. `str()` says why, without names."""


Progress = Callable[[float], None]
"""Is told how much is done, from 0 to 1, for every second of the film."""


def compose(order: Order, entropy: Entropy, progress: Progress, disk: Disk | None = None) -> Done:
    """Makes `NAME.age` in the folder, at once and only when it is whole; an older one is replaced.

    Raises CannotCompose, AgeError for keys that are none, OSError for a disk that fails, av.FFmpegError. Whatever is
    wrong with single clips is in what is returned.
    """
    disk = disk or Disk()
    files = files_of(Path(order.folder), order.name)
    identities = {person: Identity.parse(secret) for person, secret in order.identities.items()}
    wanted = [clip for clip in order.clips if clip.source == "microphone" or not order.sound_only]
    clips = [_measured(clip, identities[clip.person]) for clip in wanted if clip.person in identities]
    made = plan(clips, order.marks)
    if not made.duration_ms:
        what = "heard" if order.sound_only else "shown"
        raise CannotCompose(f"There is nothing in the recording that could be opened and {what}.")
    sources = Sources(clips, identities)
    file = disk.create(files.draft, fresh=False)
    try:
        try:
            output = SealedOutput(
                lambda offset, data: disk.write(file, data, offset), Recipient.parse(order.recipient), entropy
            )
            try:
                (_mix if order.sound_only else _film)(order, made, sources, output, progress)
                output.finish()
            finally:
                output.abandon()
                sources.close()
            disk.sync(file)
        finally:
            disk.close(file)
        size, sha256 = _summed(files.draft)
        disk.rename(files.draft, files.main)
        disk.sync_folder(files.folder)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(files.draft)
        raise
    return Done(size=size, sha256=sha256, duration_ms=made.duration_ms, troubles=tuple(sources.troubles))


class Sources:
    """The clips' files, each opened when it is first needed, and what was wrong with them."""

    def __init__(self, clips: Sequence[Clip], identities: dict[str, Identity]) -> None:
        self.clips = {clip.track: clip for clip in clips}
        self.troubles: list[Trouble] = []
        self._identities = identities
        self._pictures: dict[str, Pictures] = {}

    def pictures(self, track: str) -> Pictures:
        if track not in self._pictures:
            self._pictures[track] = Pictures(self._opener(track), partial(self._tell, track))
        return self._pictures[track]

    def sound(self, track: str) -> Sound:
        return Sound(self._opener(track), partial(self._tell, track))

    def forget(self, tracks: set[str]) -> None:
        """Their pictures are not needed any more."""
        for track in tracks & set(self._pictures):
            self._pictures.pop(track).close()

    def close(self) -> None:
        self.forget(set(self._pictures))

    def _opener(self, track: str) -> OpenFile:
        return partial(self._opened, self.clips[track])

    def _opened(self, clip: Clip) -> AbstractContextManager[io.RawIOBase]:
        return _opened(clip, self._identities[clip.person], partial(self._tell, clip.track))

    def _tell(self, track: str, sentence: str) -> None:
        self.troubles.append(Trouble(track=track, sentence=sentence))


@contextmanager
def _opened(clip: Clip, identity: Identity, tell: Tell) -> Iterator[io.RawIOBase]:
    read = partial(SealedReader, Path(clip.folder), clip.name, identity)
    try:
        reader = read()
    except Damaged:
        reader = read(without_tail=True)
        tell("Its last part was damaged, and is left out.")
    if clip.size is not None and reader.size < clip.size:
        tell("Its end is missing or damaged, and is left out.")
    with reader:
        yield reader.file()


def _measured(clip: Clip, identity: Identity) -> Clip:
    """With a duration."""
    if clip.duration_ms is not None:
        return clip
    return clip.model_copy(update={"duration_ms": measured_ms(partial(_opened, clip, identity, _untold))})


def _untold(_sentence: str) -> None:
    """What is wrong with a clip is told when it is used."""


def _film(order: Order, made: Plan, sources: Sources, output: SealedOutput, progress: Progress) -> None:
    container = _container(output)
    video = _video(container, order)
    audio = _audio(container)
    stage = Stage(order, made, sources)
    band = Band(made, sources)
    canvas = stage.canvas.frame
    frames = math.ceil(made.duration_ms * order.fps / 1000)
    for number in range(frames):
        stage.draw(number * 1000 / order.fps)
        canvas.pts, canvas.time_base = number, Fraction(1, order.fps)
        container.mux(video.encode(canvas))
        for sound in band.play(min((number + 1) * RATE // order.fps, made.duration_ms * RATE // 1000)):
            container.mux(audio.encode(sound))
        if number % order.fps == 0:
            progress(number / frames)
    container.mux(video.encode(None))
    for sound in band.finish():
        container.mux(audio.encode(sound))
    container.mux(audio.encode(None))
    _end(container, output, order, made)


def _mix(order: Order, made: Plan, sources: Sources, output: SealedOutput, progress: Progress) -> None:
    container = _container(output)
    audio = _audio(container)
    band = Band(made, sources)
    seconds = math.ceil(made.duration_ms / 1000)
    for second in range(seconds):
        for sound in band.play(min((second + 1) * 1000, made.duration_ms) * RATE // 1000):
            container.mux(audio.encode(sound))
        progress(second / seconds)
    for sound in band.finish():
        container.mux(audio.encode(sound))
    container.mux(audio.encode(None))
    _end(container, output, order, made)


def _container(output: SealedOutput) -> OutputContainer:
    # bitexact: no date, no name of a library
    return av.open(output, "w", format="mp4", container_options={"fflags": "+bitexact"}, buffer_size=WRITE)


def _end(container: OutputContainer, output: SealedOutput, order: Order, made: Plan) -> None:
    output.hold()
    container.close()
    write_chapters(output, [(chapter.at_ms, title(chapter, order)) for chapter in made.chapters])


class Stage:
    """What is seen: moments are drawn in order."""

    def __init__(self, order: Order, made: Plan, sources: Sources) -> None:
        self.canvas = Canvas(order.width, order.height)
        self._captions = Captions(self.canvas, order)
        self._size = order.width, order.height
        self._half_ms = 500 / order.fps
        self._sources = sources
        self._segments = list(reversed(made.segments))
        self._scenes = list(reversed(made.scenes))
        self._scene: Scene | None = None
        self._places: list[tuple[str, Place]] = []

    def draw(self, film_ms: float) -> None:
        while len(self._segments) > 1 and film_ms >= self._segments[-1].end_ms:
            self._segments.pop()
        while len(self._scenes) > 1 and film_ms >= self._scenes[-1].until_ms:
            self._scenes.pop()
        self._captions.lift()
        if self._scenes[-1] is not self._scene:
            self._change(self._scenes[-1])
        segment = self._segments[-1]
        # the nearest picture, but none out of a pause
        recorded_ms = min(segment.recorded_ms(film_ms) + self._half_ms, segment.until_ms - 1)
        for track, place in self._places:
            clip = self._sources.clips[track]
            place.show(self._sources.pictures(track).at(recorded_ms - clip.started_ms))
        filled = [(self._sources.clips[track].person, place.filled) for track, place in self._places if place.filled]
        self._captions.lay(filled, segment.recorded_ms(film_ms))

    def _change(self, scene: Scene) -> None:
        later = {track for each in self._scenes for track in _shown(each)}
        self._sources.forget({track for track, _ in self._places} - later)
        self._scene = scene
        self.canvas.clear()
        where = boxes(len(scene.cameras), scene.screen is not None, *self._size)
        self._places = [(track, Place(self.canvas, box)) for track, box in zip(_shown(scene), where, strict=True)]


class Band:
    """What is heard, from the beginning on."""

    def __init__(self, made: Plan, sources: Sources) -> None:
        self._lanes = [Lane(pieces, sources.sound) for pieces in made.lanes]
        self._mixer = Mixer(len(self._lanes))
        self._end = made.duration_ms * RATE // 1000
        self._at = 0

    def play(self, until: int) -> Iterator[AudioFrame]:
        """The sound up to there, as samples of the film, and up to a block more."""
        while self._at < until:
            count = min(BLOCK, self._end - self._at)
            blocks = [lane.read(self._at, count) for lane in self._lanes] or [Lane((), _none).read(self._at, count)]
            yield from self._mixer.push(blocks, self._at)
            self._at += count

    def finish(self) -> Iterator[AudioFrame]:
        for lane in self._lanes:
            lane.close()
        return self._mixer.finish()


def title(chapter: Chapter, order: Order) -> str:
    """What a chapter is called."""
    parts = []
    for event in chapter.events:
        name = order.names.get(event.person or "")
        form: str = getattr(order.words, event.kind)
        parts.append(form.replace("{name}", name.get_secret_value() if name else order.words.somebody))
    return " · ".join(parts)


def _shown(scene: Scene) -> tuple[str, ...]:
    """In the order of the boxes."""
    return scene.cameras if scene.screen is None else (scene.screen, *scene.cameras)


def _none(_track: str) -> Sound | None:
    return None


def _video(container: OutputContainer, order: Order) -> VideoStream:
    stream = container.add_stream("libx264", rate=order.fps, options=dict(PRESET))
    stream.width, stream.height, stream.pix_fmt = order.width, order.height, FORMAT
    stream.codec_context.gop_size = KEY_SECONDS * order.fps
    stream.codec_context.thread_count = 1
    return stream


def _audio(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE, layout="mono")
    stream.bit_rate = SOUND_BITS
    return stream


def _summed(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), sha256
