"""The rows of a recorded session.

Not here: those that every session has (`sessions.py`).
"""

from __future__ import annotations

import random

from bench.clinic.sessions import Booked, Rows, digest
from clinic.states import JobState, RecordingState, TrackState
from clinic.tables import ConsentRow, JobRow, MarkRow, OutputRow, PersonRow, RecordingRow, TrackRow, ViewingRow
from signaling.sealed_columns import SealedColumns


def recording_rows(booked: Booked, chance: random.Random, seals: SealedColumns) -> Rows:
    rows: Rows = {}
    id, at = booked.recording, booked.starts_at + 60
    ready = chance.random() < 0.7
    rows[RecordingRow] = [
        {
            "id": id,
            "session": booked.session,
            "started_at": at,
            "ended_at": booked.ends_at,
            "state": RecordingState.READY if ready else RecordingState.CAPTURED,
            "rule": "everybody",
            "node": "",
            "key_provider": "file",
            "delete_after": booked.ends_at + 3650 * 86_400,
        }
    ]
    people = ("therapist", "patient")
    rows[PersonRow] = [
        {
            "recording_id": id,
            "person_id": f"seat-{role}",
            "role": role,
            "name_sealed": seals.seal("Alex", f"recording_person.name/{id}/{role}"),
            "wrapped_key": chance.randbytes(200),
        }
        for role in people
    ]
    rows[TrackRow] = [
        {
            "id": f"track-{booked.number:08}-{role}-{source}",
            "recording_id": id,
            "person_id": f"seat-{role}",
            "source": source,
            "codec": "vp8" if source == "camera" else "opus",
            "started_ms": 0,
            "duration_ms": 2_900_000,
            "state": TrackState.FINISHED,
            "file": f"{id}/{role}-{source}.age",
            "size": 10**8,
            "sha256": digest(role + source, booked.number),
        }
        for role in people
        for source in ("microphone", "camera")
    ]
    rows[MarkRow] = [
        {"recording_id": id, "at_ms": 1000 * each, "kind": kind, "person_id": "seat-patient"}
        for each, kind in enumerate(("join", "pause", "resume", "leave"))
    ]
    rows[ConsentRow] = [
        {
            "recording_id": id,
            "session": booked.session,
            "person_id": f"seat-{role}",
            "role": role,
            "kind": "agree",
            "text_version": "1",
            "text_sha256": digest("text", 1),
            "rule": "everybody",
            "signed_as_sealed": seals.seal("Alex Example", f"consent.signed_as/{id}/{role}"),
            "at": at,
            "signature": chance.randbytes(64),
        }
        for role in people
    ]
    rows[ViewingRow] = [
        {
            "recording_id": id,
            "who": booked.therapist,
            "role": "therapist",
            "kind": "played",
            "at": booked.ends_at + 3600,
        }
        for _ in range(2)
    ]
    rows[OutputRow] = []
    if ready:
        rows[OutputRow].append(
            {
                "id": f"output-{booked.number:08}",
                "recording_id": id,
                "kind": "mp4",
                "made_at": booked.ends_at + 900,
                "wrapped_key": chance.randbytes(200),
                "file": f"{id}/film.age",
                "size": 2 * 10**8,
                "sha256": digest("film", booked.number),
            }
        )
    rows[JobRow] = [
        {
            "id": f"job-{booked.number:08}",
            "kind": "compose",
            "recording_id": id,
            "created_at": booked.ends_at,
            "options": {},
            "state": JobState.DONE if ready else JobState.FAILED,
            "attempts": 1,
            "lease_until": booked.ends_at + 60,
            "progress": 1.0,
        }
    ]
    return rows
