"""What is to be made of a recording, as the composing process is told: from what is remembered of it, to an order.

Pure. Whose identity is not given is absent from the film: their key was deleted. Not here: the process
(`recording/compose`), where keys come from (`compose_work.py`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from clinic import Job, Person, Track, TrackState, Whole
from recording.age import AgeError, Identity, Recipient, open_bytes
from recording.compose import Clip, Mark, Order

READABLE = (TrackState.FINISHED, TrackState.RECOVERED)

ROLES = {
    "therapist": "The therapist",
    "patient": "The patient",
    "interpreter": "The interpreter",
    "observer": "An observer",
}
"""Who people are in the titles of chapters, where their names are not wanted."""


def usable(whole: Whole) -> list[Track]:
    """Those that hold something, and whose person's key is still there."""
    there = {person.person_id for person in whole.people if person.wrapped_key is not None}
    return [
        track
        for track in whole.tracks
        if track.state in READABLE and track.file is not None and track.person_id in there
    ]


def order_for(whole: Whole, job: Job, identities: Mapping[str, Identity], folder: Path, to: Recipient) -> Order:
    """`identities` by person. `folder`: the recording's own, which also takes what is made, under the job's id."""
    named = bool(job.options.get("names", False))
    sound_only = job.kind == "audio"
    wanted = [track for track in usable(whole) if track.source == "microphone" or not sound_only]
    people = [person for person in whole.people if person.person_id in identities]
    names = {person.person_id: _name(person, identities[person.person_id], named) for person in people}
    return Order(
        clips=tuple(_clip(track, folder) for track in wanted if track.person_id in identities),
        identities={person: identity.text() for person, identity in identities.items()},
        marks=tuple(Mark(at_ms=mark.at_ms, kind=mark.kind, person=mark.person_id) for mark in whole.marks),
        names={person: SecretStr(name) for person, name in names.items() if name is not None},
        show_names=named,
        show_time=bool(job.options.get("time", False)),
        started_at=whole.recording.started_at,
        sound_only=sound_only,
        folder=str(folder),
        name=job.id,
        recipient=str(to),
    )


def _clip(track: Track, folder: Path) -> Clip:
    return Clip(
        track=track.id,
        person=track.person_id,
        source=track.source,
        started_ms=max(0, track.started_ms),
        duration_ms=track.duration_ms,
        folder=str(folder),
        name=track.id,
        size=track.size,
    )


def _name(person: Person, identity: Identity, named: bool) -> str | None:
    if named and person.name_sealed is not None:
        with contextlib.suppress(AgeError, UnicodeDecodeError):
            if name := open_bytes(person.name_sealed, [identity]).decode():
                return name  # of somebody who never told the recorder it is empty
    return ROLES.get(person.role)
