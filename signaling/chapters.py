"""Chapters of a film as WebVTT (https://www.w3.org/TR/webvtt1/), for players and for a list to choose from.

They are those that the film itself has, in its own time, out of which pauses are cut. Not here: what is a chapter
(`recording/compose/plan.py`), and whether whoever asks may know names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clinic import Track, Whole
from recording.compose import Chapter, Clip, Mark, Words, plan
from signaling.compose_order import ROLES, usable

MEDIA_TYPE = "text/vtt"


def as_webvtt(whole: Whole, names: Mapping[str, str], words: Words) -> str:
    """`names`: by person. Who is not in it is called by their role."""
    roles = {person.person_id: ROLES[person.role] for person in whole.people if person.role in ROLES}
    clips = [_clip(whole, track) for track in usable(whole)]
    marks = [Mark(at_ms=mark.at_ms, kind=mark.kind, person=mark.person_id) for mark in whole.marks]
    cues = (_cue(chapter, roles | dict(names), words) for chapter in plan(clips, marks).chapters)
    return "\n\n".join(["WEBVTT", *cues]) + "\n"


def _clip(whole: Whole, track: Track) -> Clip:
    return Clip(
        track=track.id,
        person=track.person_id,
        source=track.source,
        started_ms=max(0, track.started_ms),
        duration_ms=track.duration_ms if track.duration_ms is not None else _left(whole, track),
        folder=track.recording_id,
        name=track.id,
    )


def _left(whole: Whole, track: Track) -> int:
    """A crash took the end of it, and of the recording with it."""
    ended = whole.recording.ended_at or whole.recording.started_at
    return max(0, int((ended - whole.recording.started_at) * 1000) - track.started_ms)


def _cue(chapter: Chapter, names: Mapping[str, str], words: Words) -> str:
    title = " · ".join(_titles(chapter, names, words))
    # whatever a name holds: it neither ends the cue nor looks like a tag
    for sign, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        title = title.replace(sign, written)
    return f"{_time(chapter.at_ms)} --> {_time(chapter.until_ms)}\n{' '.join(title.split())}"


def _titles(chapter: Chapter, names: Mapping[str, str], words: Words) -> Iterator[str]:
    for event in chapter.events:
        form: str = getattr(words, event.kind)
        yield form.replace("{name}", names.get(event.person or "", words.somebody))


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{ms:03}"
