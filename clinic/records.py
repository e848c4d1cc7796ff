"""What the store takes and gives back: plain frozen values, with the same names as the columns in `tables.py`.

Times are seconds since 1970 (UTC); fields that end in `_ms` count from the recording's start. Ids are chosen by the
caller. Whatever could name somebody is `..._sealed`: encrypted before it comes here.
Not here: what may be done with them (`recordings.py`, `retention.py`, `jobs.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from clinic.states import JobState, RecordingState, TrackState

Source = Literal["microphone", "camera", "screen"]
MarkKind = Literal[
    "join", "leave", "pause", "resume", "mute", "unmute", "camera_on", "camera_off", "screen_on", "screen_off", "fault"
]
ConsentKind = Literal["agree", "refuse", "withdraw"]
ViewingKind = Literal["played", "downloaded_sealed", "downloaded_clear", "exported", "verified"]
OutputKind = Literal["mp4", "audio", "track"]
JobKind = Literal["compose", "audio", "track"]
"""`compose` makes what is played, and moves the recording's state. `audio` and `track` are further exports."""


@dataclass(frozen=True)
class Recording:
    id: str
    session: str
    started_at: float
    rule: str
    """The consent rule in force when it began."""
    key_provider: str
    """Which provider wrapped its keys, as it describes itself."""
    node: str = ""
    """The server that captures it, whose business its recovery is. Empty where there is one."""
    state: RecordingState = RecordingState.CAPTURING
    ended_at: float | None = None
    delete_after: float | None = None
    """When retention may delete it. None: never by itself."""
    held_by: str | None = None
    """Who put it on hold, as their token names them; None when it is not."""
    held_at: float | None = None
    held_because: str | None = None
    """A case number or the like; no names."""
    failure: str | None = None


@dataclass(frozen=True)
class Person:
    """Somebody of whom a recording has tracks."""

    recording_id: str
    person_id: str
    """Their seat in the session: says nothing about who it is."""
    role: str
    name_sealed: bytes | None = field(repr=False)
    """The name that was shown. None after shredding."""
    wrapped_key: bytes | None = field(repr=False)
    """What opens their tracks, wrapped to the clinic's key. None after shredding: nothing opens them any more."""
    shredded_at: float | None = None


@dataclass(frozen=True)
class Track:
    """One file: one source of one person, for one stretch of time."""

    id: str
    recording_id: str
    person_id: str
    source: Source
    codec: str
    started_ms: int
    file: str | None
    """The store's name for it. None once the file was removed."""
    state: TrackState = TrackState.WRITING
    duration_ms: int | None = None
    size: int | None = None
    """Bytes of it, in the clear. None: not known, as nobody here could open it."""
    sha256: str | None = None
    """Of the encrypted file, in hex."""


@dataclass(frozen=True)
class Mark:
    """Something to find again in a recording, such as a chapter."""

    recording_id: str
    at_ms: int
    kind: MarkKind
    person_id: str | None = None


@dataclass(frozen=True)
class Output:
    """A whole file made of tracks. What is still being made is a job."""

    id: str
    recording_id: str
    kind: OutputKind
    made_at: float
    size: int
    sha256: str
    wrapped_key: bytes | None = field(repr=False)
    """A key of its own. None after shredding."""
    file: str | None


@dataclass(frozen=True)
class ConsentText:
    """The words that people are asked with, one version of them."""

    version: str
    title: str
    body: str
    since: float

    @property
    def sha256(self) -> str:
        """Of title, an empty line and body in UTF-8, in hex."""
        return hashlib.sha256(f"{self.title}\n\n{self.body}".encode()).hexdigest()


@dataclass(frozen=True)
class Consent:
    """One person's answer. Kept also when it was no, and longer than the recording."""

    recording_id: str
    session: str
    person_id: str
    role: str
    kind: ConsentKind
    text_version: str
    text_sha256: str
    """Of the words that were shown; must be that version's."""
    rule: str
    at: float
    signature: bytes = field(repr=False)
    """By the server's key, over all the other fields."""
    place: str | None = None
    """Where the person said to be, if they were asked."""
    signed_as_sealed: bytes | None = field(default=None, repr=False)
    """What they typed as their signature, if the rule wants it."""

    @property
    def agreed(self) -> bool:
        return self.kind == "agree"


@dataclass(frozen=True)
class Viewing:
    """Somebody saw, heard or took a recording."""

    recording_id: str
    who: str
    """As their token names them."""
    role: str
    kind: ViewingKind
    at: float


@dataclass(frozen=True)
class DeletedKey:
    """A wrapped key that is gone. Whoever still has a copy (a backup) can tell by the hash that it should not be."""

    of: Literal["person", "output"]
    id: str
    sha256: str


@dataclass(frozen=True)
class ShredProof:
    """That keys were deleted. Written in the same transaction as the deletion."""

    recording_id: str
    person_id: str | None
    """None: the whole recording."""
    at: float
    by: str
    """As their token names them, or `retention`."""
    reason: str
    keys: tuple[DeletedKey, ...]


@dataclass(frozen=True)
class Shredded:
    """What is left to do after keys were deleted: remove files that nothing opens any more."""

    proof: ShredProof
    files: tuple[str, ...]
    scrubbed: bool
    """Whether the deleted bytes are out of the database's own files too. If not: `Database.scrub`, later."""


@dataclass(frozen=True)
class Job:
    """Work on a recording, for one worker at a time."""

    id: str
    kind: JobKind
    recording_id: str
    created_at: float
    options: Mapping[str, str | int | bool] = field(default_factory=dict)
    state: JobState = JobState.WAITING
    attempts: int = 0
    """How often it was taken. Also tells one taking from the next: a worker that lost its lease is not heard."""
    lease_until: float = 0.0
    """Nobody may take it before: somebody has it, or it failed and shall rest."""
    progress: float = 0.0
    """0 to 1."""
    error: str | None = None


@dataclass(frozen=True)
class Quality:
    """How one person's connection was, from their coming into a session to their going.

    Whoever comes again, or is given their seat back after a restart, has another record.
    """

    session: str
    person_id: str
    """Their seat in the session: says nothing about who it is."""
    came_at: float
    role: str
    kept_at: float
    """Up to when it is about."""
    connected: bool
    """Whether a media connection ever came about."""
    figures: Mapping[str, Any]
    """Numbers, as `signaling` understands them."""
    gone_at: float | None = None
    """None: they were still there at `kept_at`."""
    gone: str | None = None
    """Why they went."""
    failure: str | None = None
    """Why no media connection came about."""


@dataclass(frozen=True)
class Whole:
    """One recording with everything that belongs to it, as of one moment."""

    recording: Recording
    people: tuple[Person, ...]
    tracks: tuple[Track, ...]
    marks: tuple[Mark, ...]
    outputs: tuple[Output, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Page:
    """Some recordings, newest first, and where the next page begins (None: that was all)."""

    recordings: tuple[Recording, ...]
    next: str | None
