"""Records that belong to nobody, for tests to change what they are about."""

from __future__ import annotations

from typing import Any

from clinic import (
    Consent,
    ConsentText,
    Job,
    Mark,
    Output,
    Person,
    Recording,
    Recordings,
    Track,
    TrackState,
)

START = 1_780_000_000.125
"""Seconds since 1970."""

TEXT = ConsentText(version="2026-1", title="May we record?", body="You can say no.\nThe visit goes on.", since=START)


def recording(id: str = "r1", **changes: Any) -> Recording:
    values: dict[str, Any] = {
        "session": f"session-{id}",
        "started_at": START,
        "rule": "all",
        "key_provider": "file age1test",
    }
    return Recording(**({"id": id} | values | changes))


def person(person_id: str = "p1", recording_id: str = "r1", **changes: Any) -> Person:
    values: dict[str, Any] = {"role": "patient", "name_sealed": b"sealed name", "wrapped_key": key_of(person_id)}
    return Person(**({"person_id": person_id, "recording_id": recording_id} | values | changes))


def track(id: str = "t1", person_id: str = "p1", recording_id: str = "r1", **changes: Any) -> Track:
    values: dict[str, Any] = {"source": "camera", "codec": "vp8", "started_ms": 0, "file": f"{recording_id}/{id}.age"}
    return Track(**({"id": id, "person_id": person_id, "recording_id": recording_id} | values | changes))


def mark(at_ms: int, kind: Any = "join", recording_id: str = "r1", **changes: Any) -> Mark:
    return Mark(recording_id=recording_id, at_ms=at_ms, kind=kind, **changes)


def output(id: str = "o1", recording_id: str = "r1", **changes: Any) -> Output:
    values: dict[str, Any] = {
        "kind": "mp4",
        "made_at": START + 100,
        "size": 1000,
        "sha256": "ab" * 32,
        "wrapped_key": key_of(id),
        "file": f"{recording_id}/{id}.age",
    }
    return Output(**({"id": id, "recording_id": recording_id} | values | changes))


def job(id: str = "j1", recording_id: str = "r1", **changes: Any) -> Job:
    values: dict[str, Any] = {"kind": "compose", "created_at": START + 50}
    return Job(**({"id": id, "recording_id": recording_id} | values | changes))


def consent(person_id: str = "p1", recording_id: str = "r1", **changes: Any) -> Consent:
    values: dict[str, Any] = {
        "session": "session-1",
        "role": "patient",
        "kind": "agree",
        "text_version": TEXT.version,
        "text_sha256": TEXT.sha256,
        "rule": "all",
        "at": START,
        "signature": b"signed by the server",
    }
    return Consent(**({"person_id": person_id, "recording_id": recording_id} | values | changes))


def key_of(id: str) -> bytes:
    """A wrapped key, which is found in no file by chance."""
    return f"a wrapped key of {id}: ".encode() + bytes(range(256))


async def captured(
    recordings: Recordings, id: str = "r1", people: tuple[str, ...] = ("p1", "p2"), **changes: Any
) -> None:
    """A whole recording with one finished track for each person."""
    await recordings.create(recording(id, **changes))
    for each in people:
        await recordings.add_person(person(each, id))
        await recordings.open_track(track(f"{id}-{each}", each, id))
        await recordings.finish_track(f"{id}-{each}", TrackState.FINISHED, 60_000, 1_000_000, "cd" * 32)
    await recordings.captured(id, START + 60)
