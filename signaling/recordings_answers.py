"""What the server says of recordings over HTTP. Times are seconds since 1970; fields that end in `_ms` count from a
recording's start.

Not here: what it is asked (`recordings_questions.py`), who may see it (`recordings_access.py`), and where it comes from
(`recordings_api.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from clinic import (
    Job,
    JobKind,
    JobState,
    Mark,
    MarkKind,
    Output,
    OutputKind,
    Recording,
    ShredProof,
    Source,
    Track,
    TrackState,
    Viewing,
    ViewingKind,
    Whole,
)

State = Literal["capturing", "captured", "composing", "ready", "failed", "shredded"]

MEDIA_TYPES: dict[OutputKind, str] = {"mp4": "video/mp4", "audio": "audio/mp4", "track": "video/x-matroska"}
SUFFIXES: dict[OutputKind, str] = {"mp4": "mp4", "audio": "m4a", "track": "mkv"}


def media_type(track: Track) -> str:
    """Matroska in each case. Browsers take it for what it is a kind of, WebM, if what is in it may be in one."""
    if track.source == "microphone":
        return "audio/webm"
    return "video/webm" if track.codec.upper() in ("VP8", "VP9") else "video/x-matroska"


class JobAnswer(BaseModel):
    id: str
    kind: JobKind
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    """0 to 1."""
    error: str | None
    created_at: float

    @classmethod
    def of(cls, job: Job) -> JobAnswer:
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state.value,
            progress=job.progress,
            error=job.error,
            created_at=job.created_at,
        )


class JobStarted(BaseModel):
    job: str
    """Its id, and that of what it makes."""


class HoldAnswer(BaseModel):
    by: str
    at: float
    because: str


class RecordingAnswer(BaseModel):
    id: str
    session: str
    state: State
    failure: str | None
    started_at: float
    ended_at: float | None
    delete_after: float | None
    hold: HoldAnswer | None
    rule: str
    """The consent rule in force when it began."""

    @classmethod
    def of(cls, recording: Recording) -> RecordingAnswer:
        return cls(**_head(recording))


class ListedRecording(RecordingAnswer):
    job: JobAnswer | None
    """The film that waits to be made or is being made."""

    @classmethod
    def listed(cls, recording: Recording, jobs: Sequence[Job]) -> ListedRecording:
        films = [job for job in jobs if job.kind == "compose" and job.state in (JobState.WAITING, JobState.RUNNING)]
        return cls(**_head(recording), job=JobAnswer.of(films[-1]) if films else None)


class ListAnswer(BaseModel):
    recordings: list[ListedRecording]
    next: str | None
    """For `after`; null: that was all."""


class PersonAnswer(BaseModel):
    id: str
    role: str
    name: str | None
    """Null for roles that may not play, where the server can't open it, and when it was deleted."""
    shredded: bool
    shredded_at: float | None


class TrackAnswer(BaseModel):
    id: str
    person: str
    source: Source
    codec: str
    started_ms: int
    duration_ms: int | None
    size: int | None
    """Bytes, encrypted."""
    state: Literal["writing", "finished", "recovered", "lost"]
    media_type: str
    available: bool
    """Whether there is something to play or to download."""

    @classmethod
    def of(cls, track: Track, available: bool) -> TrackAnswer:
        return cls(
            id=track.id,
            person=track.person_id,
            source=track.source,
            codec=track.codec,
            started_ms=track.started_ms,
            duration_ms=track.duration_ms,
            size=track.size,
            state=track.state.value,
            media_type=media_type(track),
            available=available,
        )


class MarkAnswer(BaseModel):
    at_ms: int
    kind: MarkKind
    person: str | None

    @classmethod
    def of(cls, mark: Mark) -> MarkAnswer:
        return cls(at_ms=mark.at_ms, kind=mark.kind, person=mark.person_id)


class OutputAnswer(BaseModel):
    id: str
    kind: OutputKind
    made_at: float
    size: int
    media_type: str
    available: bool
    """False once it was deleted."""

    @classmethod
    def of(cls, output: Output) -> OutputAnswer:
        return cls(
            id=output.id,
            kind=output.kind,
            made_at=output.made_at,
            size=output.size,
            media_type=MEDIA_TYPES[output.kind],
            available=output.wrapped_key is not None and output.file is not None,
        )


class ViewingAnswer(BaseModel):
    who: str
    role: str
    kind: ViewingKind
    at: float

    @classmethod
    def of(cls, viewing: Viewing) -> ViewingAnswer:
        return cls(who=viewing.who, role=viewing.role, kind=viewing.kind, at=viewing.at)


class DeletedKeyAnswer(BaseModel):
    of: Literal["person", "output"]
    id: str
    sha256: str


class ProofAnswer(BaseModel):
    """That keys were deleted, and which: whoever has a copy of one can tell by its hash."""

    at: float
    by: str
    reason: str
    person: str | None
    """Null: the whole recording."""
    keys: list[DeletedKeyAnswer]

    @classmethod
    def of(cls, proof: ShredProof) -> ProofAnswer:
        return cls(
            at=proof.at,
            by=proof.by,
            reason=proof.reason,
            person=proof.person_id,
            keys=[DeletedKeyAnswer(of=key.of, id=key.id, sha256=key.sha256) for key in proof.keys],
        )


class CheckedAnswer(BaseModel):
    track: str
    bytes: int
    """That could be read."""
    problem: str | None
    """Null: that was all of it."""


class VerifyAnswer(BaseModel):
    tracks: list[CheckedAnswer]
    well: bool


class WholeAnswer(BaseModel):
    recording: RecordingAnswer
    people: list[PersonAnswer]
    tracks: list[TrackAnswer]
    marks: list[MarkAnswer]
    outputs: list[OutputAnswer]
    jobs: list[JobAnswer]
    viewings: list[ViewingAnswer] | None
    """Null for roles that may not see who watched."""
    proofs: list[ProofAnswer]

    @classmethod
    def of(
        cls,
        whole: Whole,
        names: Mapping[str, str],
        viewings: Sequence[Viewing] | None,
        proofs: Sequence[ShredProof],
    ) -> WholeAnswer:
        """`names`: by person, of those whose name is known to whoever asks."""
        open_people = {person.person_id for person in whole.people if person.wrapped_key is not None}
        return cls(
            recording=RecordingAnswer.of(whole.recording),
            people=[
                PersonAnswer(
                    id=person.person_id,
                    role=person.role,
                    name=names.get(person.person_id),
                    shredded=person.wrapped_key is None,
                    shredded_at=person.shredded_at,
                )
                for person in whole.people
            ],
            tracks=[
                TrackAnswer.of(track, track.person_id in open_people and is_whole(track)) for track in whole.tracks
            ],
            marks=[MarkAnswer.of(mark) for mark in whole.marks],
            outputs=[OutputAnswer.of(output) for output in whole.outputs],
            jobs=[JobAnswer.of(job) for job in whole.jobs],
            viewings=None if viewings is None else [ViewingAnswer.of(viewing) for viewing in viewings],
            proofs=[ProofAnswer.of(proof) for proof in proofs],
        )


def is_whole(track: Track) -> bool:
    """It was closed, and there is something in it."""
    return track.state in (TrackState.FINISHED, TrackState.RECOVERED) and track.file is not None


def _head(recording: Recording) -> dict[str, Any]:
    hold = None
    if recording.held_by is not None:
        hold = HoldAnswer(by=recording.held_by, at=recording.held_at or 0.0, because=recording.held_because or "")
    return {
        "id": recording.id,
        "session": recording.session,
        "state": recording.state.value,
        "failure": recording.failure,
        "started_at": recording.started_at,
        "ended_at": recording.ended_at,
        "delete_after": recording.delete_after,
        "hold": hold,
        "rule": recording.rule,
    }
