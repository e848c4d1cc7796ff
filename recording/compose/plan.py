"""What a composed film shows when: clips and marks in, scenes, sounds and chapters out. Pure, without media.

Two times: the recording's, which runs on while it is paused, and the film's, out of which pauses are cut. Both in
whole milliseconds. Not here: where on the picture (`layout.py`), decoding and encoding (`compose.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from recording.compose.layout import MOST_SHOWN
from recording.compose.order import Clip, Mark

LONGEST_HOLE_MS = 2000
"""A stretch of which there is no clip at all is cut as a pause is, if it is longer than this. A restart of the service
leaves one."""

BRIDGED_MS = 3000
"""Between two clips of one camera or screen the last picture stays for this long, so that a lost connection does not
make all the others jump. Longer, and somebody who has left seems to be there."""

CHAPTERS_APART_MS = 1000
"""What happens within this of a chapter's beginning belongs to it."""

LAST_PICTURE_MS = 200
"""A picture lasts until the next one, so a clip ends a little before what it shows. If everything is cut this soon
after it, it stays so long: else there would be a flash of darkness, or of another arrangement."""

EventKind = Literal["start", "join", "screen", "pause"]


@dataclass(frozen=True)
class Event:
    kind: EventKind
    person: str | None = None


@dataclass(frozen=True)
class Chapter:
    """`at_ms` and `until_ms` in the film's time; the chapters follow each other without a gap."""

    at_ms: int
    until_ms: int
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Segment:
    """A stretch of the recording without a pause, and where in the film it begins."""

    from_ms: int
    until_ms: int
    at_ms: int

    @property
    def end_ms(self) -> int:
        """In the film's time."""
        return self.at_ms + self.until_ms - self.from_ms

    def recorded_ms(self, film_ms: float) -> float:
        """The recording's time of a moment of the film."""
        return self.from_ms + film_ms - self.at_ms


@dataclass(frozen=True)
class Scene:
    """Who is shown, in the film's time: by the ids of their clips."""

    at_ms: int
    until_ms: int
    screen: str | None
    cameras: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of one clip's sound: `from_ms` in the clip's own time, the others in the film's."""

    track: str
    at_ms: int
    until_ms: int
    from_ms: int


@dataclass(frozen=True)
class Plan:
    segments: tuple[Segment, ...]
    scenes: tuple[Scene, ...]
    """From the film's beginning to its end, without a gap."""
    lanes: tuple[tuple[Piece, ...], ...]
    """The sounds to be mixed. Within a lane they follow each other."""
    chapters: tuple[Chapter, ...]

    @property
    def duration_ms(self) -> int:
        return self.segments[-1].end_ms if self.segments else 0


Span = tuple[int, int]
"""[from, until)."""


def plan(clips: Sequence[Clip], marks: Sequence[Mark]) -> Plan:
    """Begins with the first clip and ends with the last. People stand in the order in which they first appeared. Clips
    whose duration is not known are left out."""
    clips = [clip for clip in clips if clip.ended_ms > clip.started_ms]
    marks = sorted(marks, key=lambda mark: mark.at_ms)
    segments = _segments(clips, marks)
    return Plan(segments, _scenes(clips, marks, segments), _lanes(clips, segments), _chapters(clips, marks, segments))


def _segments(clips: Sequence[Clip], marks: Sequence[Mark]) -> tuple[Segment, ...]:
    if not clips:
        return ()
    end = max(clip.ended_ms for clip in clips)
    covered = _union((clip.started_ms, clip.ended_ms) for clip in clips)
    holes = [(before[1], after[0]) for before, after in pairwise(covered)]
    cuts = _union([*_off(marks, "pause", "resume", end), *(hole for hole in holes if _length(hole) > LONGEST_HOLE_MS)])
    found = []
    at = 0
    for start, until in _without((min(clip.started_ms for clip in clips), end), cuts):
        found.append(Segment(start, until, at))
        at += until - start
    return tuple(found)


def _scenes(clips: Sequence[Clip], marks: Sequence[Mark], segments: Sequence[Segment]) -> tuple[Scene, ...]:
    seats = {clip.person: None for clip in sorted(clips, key=lambda clip: clip.started_ms)}
    order = {person: seat for seat, person in enumerate(seats)}
    shown = [
        (span, clip)
        for clip in sorted(clips, key=lambda clip: (order[clip.person], clip.started_ms))
        if clip.source != "microphone"
        for span in _visible(clip, clips, marks)
    ]
    scenes: list[Scene] = []
    for segment in segments:
        held = [((span[0], _to_the_cut(span[1], segment)), clip) for span, clip in shown]
        edges = {segment.from_ms, segment.until_ms}
        edges |= {edge for span, _ in held for edge in span if segment.from_ms < edge < segment.until_ms}
        moments = sorted(edges)
        for start, until in pairwise(moments):
            here = [clip for span, clip in held if span[0] <= start < span[1]]
            at = segment.at_ms + start - segment.from_ms
            _add(scenes, Scene(at, at + until - start, _screen(here), _cameras(here)))
    return tuple(scenes)


def _visible(clip: Clip, clips: Sequence[Clip], marks: Sequence[Mark]) -> list[Span]:
    """When there is something to see: a camera that was switched off leaves its last picture behind."""
    of_source = (other for other in clips if (other.person, other.source) == (clip.person, clip.source))
    next_ms = min((other.started_ms for other in of_source if other.started_ms >= clip.ended_ms), default=clip.ended_ms)
    end = next_ms if next_ms - clip.ended_ms <= BRIDGED_MS else clip.ended_ms
    own = [mark for mark in marks if mark.person == clip.person]
    kind = "camera" if clip.source == "camera" else "screen"
    return _without((clip.started_ms, end), _off(own, f"{kind}_off", f"{kind}_on", end))


def _to_the_cut(end: int, segment: Segment) -> int:
    return segment.until_ms if 0 < segment.until_ms - end <= LAST_PICTURE_MS else end


def _screen(clips: Sequence[Clip]) -> str | None:
    """The one that was shared last."""
    screens = [clip for clip in clips if clip.source == "screen"]
    return max(screens, key=lambda clip: clip.started_ms).track if screens else None


def _cameras(clips: Sequence[Clip]) -> tuple[str, ...]:
    """One for each person, the newest: where one file ends and the next begins they overlap."""
    newest = {clip.person: clip.track for clip in clips if clip.source == "camera"}
    return tuple(newest.values())[:MOST_SHOWN]


def _add(scenes: list[Scene], scene: Scene) -> None:
    last = scenes[-1] if scenes else None
    if last is not None and (last.screen, last.cameras) == (scene.screen, scene.cameras):
        scenes[-1] = Scene(last.at_ms, scene.until_ms, scene.screen, scene.cameras)
    else:
        scenes.append(scene)


def _lanes(clips: Sequence[Clip], segments: Sequence[Segment]) -> tuple[tuple[Piece, ...], ...]:
    """As few as there are people who were heard at once."""
    lanes: list[list[Piece]] = []
    ends: list[int] = []
    microphones = [clip for clip in clips if clip.source == "microphone"]
    for clip in sorted(microphones, key=lambda clip: (clip.started_ms, clip.track)):
        free = next((lane for lane, end in enumerate(ends) if end <= clip.started_ms), len(ends))
        if free == len(ends):
            lanes.append([])
            ends.append(0)
        ends[free] = clip.ended_ms
        lanes[free] += _pieces(clip, segments)
    return tuple(tuple(lane) for lane in lanes)


def _pieces(clip: Clip, segments: Sequence[Segment]) -> Iterable[Piece]:
    for segment in segments:
        start, until = max(clip.started_ms, segment.from_ms), min(clip.ended_ms, segment.until_ms)
        if start < until:
            at = segment.at_ms + start - segment.from_ms
            yield Piece(clip.track, at, at + until - start, start - clip.started_ms)


def _chapters(clips: Sequence[Clip], marks: Sequence[Mark], segments: Sequence[Segment]) -> tuple[Chapter, ...]:
    if not segments:
        return ()
    end = segments[-1].end_ms
    events = [(0, Event("start"))]
    events += [(segment.at_ms, Event("pause")) for segment in segments[1:]]
    events += [(_film_ms(mark.at_ms, segments), Event("join", mark.person)) for mark in marks if mark.kind == "join"]
    screens = (clip for clip in clips if clip.source == "screen")
    events += [(_film_ms(clip.started_ms, segments), Event("screen", clip.person)) for clip in screens]
    begun: list[tuple[int, list[Event]]] = []
    for at, event in sorted(events, key=lambda each: each[0]):
        if at >= end:
            continue
        if begun and at - begun[-1][0] < CHAPTERS_APART_MS:
            if event not in begun[-1][1]:
                begun[-1][1].append(event)
        else:
            begun.append((at, [event]))
    ends = [at for at, _ in begun[1:]] + [end]
    return tuple(Chapter(at, until, tuple(each)) for (at, each), until in zip(begun, ends, strict=True))


def _film_ms(recorded_ms: int, segments: Sequence[Segment]) -> int:
    """What lies in a pause is at the cut, what lies before the beginning at the beginning."""
    for segment in segments:
        if recorded_ms < segment.until_ms:
            return segment.at_ms + max(0, recorded_ms - segment.from_ms)
    return segments[-1].end_ms


def _off(marks: Sequence[Mark], off: str, on: str, end: int) -> list[Span]:
    """The spans from a mark of the one kind to the next of the other, or to the end. `marks` are in order."""
    spans = []
    since: int | None = None
    for mark in marks:
        if mark.kind == off and since is None:
            since = mark.at_ms
        elif mark.kind == on and since is not None:
            spans.append((since, mark.at_ms))
            since = None
    if since is not None:
        spans.append((since, max(since, end)))
    return spans


def _union(spans: Iterable[Span]) -> list[Span]:
    """The same moments, in order, without overlaps."""
    found: list[Span] = []
    for start, until in sorted(spans):
        if start >= until:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((start, until))
    return found


def _without(span: Span, cuts: Iterable[Span]) -> list[Span]:
    """What is left of a span when all cuts are taken out of it."""
    left = []
    start, end = span
    for cut_start, cut_end in _union(cuts):
        if cut_end <= start:
            continue
        if cut_start >= end:
            break
        if start < cut_start:
            left.append((start, cut_start))
        start = cut_end
    if start < end:
        left.append((start, end))
    return left


def _length(span: Span) -> int:
    return span[1] - span[0]
