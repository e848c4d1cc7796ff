"""The tables. Read from top to bottom: a recording, what belongs to it, what people said and did, the work queue, and
how connections were.

A recording keeps people, tracks, marks and outputs. Rows are never removed: shredding empties `wrapped_key` and
`name_sealed`, and what stays says nothing that anybody could play. Consents, their texts and shred proofs are only
ever added to; triggers of the first migration see to it. No column holds a name that can be read.

Every change here needs a migration (`migrations/`); a test compares the two. Not here: what may be done with the rows.
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import JSON, BigInteger, Boolean, Double, ForeignKey, ForeignKeyConstraint, Index, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from clinic.columns import Moment, Sealed, Words, state_column, word_column
from clinic.records import ConsentKind, JobKind, MarkKind, OutputKind, Source, ViewingKind
from clinic.states import JobState, RecordingState, TrackState

ID = Words(64)
IDENTITY = Words(200)
"""Somebody as their token names them: an id of the clinic's own system."""
REASON = Words(500)
HASH = Words(64)
"""SHA-256 in hex."""


class Table(DeclarativeBase):
    metadata = MetaData(
        # Migrations rely on these names: they stay as they are.
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


# A recording and what belongs to it ---------------------------------------------------------------------------------


class RecordingRow(Table):
    __tablename__ = "recording"
    __table_args__ = (Index(None, "started_at", "id"), Index(None, "state", "started_at", "id"))  # the order of lists

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session: Mapped[str] = mapped_column(Words(100), index=True)
    started_at: Mapped[float] = mapped_column(Moment)
    ended_at: Mapped[float | None] = mapped_column(Moment)
    state: Mapped[RecordingState] = mapped_column(state_column(RecordingState))
    failure: Mapped[str | None] = mapped_column(REASON)
    rule: Mapped[str] = mapped_column(Words(32))
    node: Mapped[str] = mapped_column(Words(100))
    key_provider: Mapped[str] = mapped_column(Words(200))
    delete_after: Mapped[float | None] = mapped_column(Moment, index=True)
    held_by: Mapped[str | None] = mapped_column(IDENTITY)
    held_at: Mapped[float | None] = mapped_column(Moment)
    held_because: Mapped[str | None] = mapped_column(REASON)


class PersonRow(Table):
    __tablename__ = "recording_person"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ID, primary_key=True)
    role: Mapped[str] = mapped_column(Words(32))
    name_sealed: Mapped[bytes | None] = mapped_column(Sealed(4096))
    wrapped_key: Mapped[bytes | None] = mapped_column(Sealed())
    shredded_at: Mapped[float | None] = mapped_column(Moment)


class TrackRow(Table):
    __tablename__ = "recording_track"
    __table_args__ = (
        ForeignKeyConstraint(
            ["recording_id", "person_id"], ["recording_person.recording_id", "recording_person.person_id"]
        ),
        Index(None, "recording_id", "started_ms"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ID)
    person_id: Mapped[str] = mapped_column(ID)
    source: Mapped[Source] = mapped_column(word_column(get_args(Source)))
    codec: Mapped[str] = mapped_column(Words(16))
    started_ms: Mapped[int] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[TrackState] = mapped_column(state_column(TrackState))
    file: Mapped[str | None] = mapped_column(Words(200), unique=True)
    size: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None] = mapped_column(HASH)


class MarkRow(Table):
    __tablename__ = "recording_mark"
    __table_args__ = (Index(None, "recording_id", "at_ms"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"))
    at_ms: Mapped[int] = mapped_column(Integer)
    kind: Mapped[MarkKind] = mapped_column(word_column(get_args(MarkKind)))
    person_id: Mapped[str | None] = mapped_column(ID)  # perhaps somebody of whom nothing was recorded


class OutputRow(Table):
    __tablename__ = "recording_output"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    kind: Mapped[OutputKind] = mapped_column(word_column(get_args(OutputKind)))
    made_at: Mapped[float] = mapped_column(Moment)
    wrapped_key: Mapped[bytes | None] = mapped_column(Sealed())
    file: Mapped[str | None] = mapped_column(Words(200), unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(HASH)


# What people said and did. Recordings are named, not referred to: answers come before there is one -------------------


class ConsentTextRow(Table):
    __tablename__ = "consent_text"

    version: Mapped[str] = mapped_column(ID, primary_key=True)
    title: Mapped[str] = mapped_column(Words(200))
    body: Mapped[str] = mapped_column(Words(20_000))
    since: Mapped[float] = mapped_column(Moment)


class ConsentRow(Table):
    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ID, index=True)
    session: Mapped[str] = mapped_column(Words(100), index=True)
    person_id: Mapped[str] = mapped_column(ID)
    role: Mapped[str] = mapped_column(Words(32))
    kind: Mapped[ConsentKind] = mapped_column(word_column(get_args(ConsentKind)))
    text_version: Mapped[str] = mapped_column(ForeignKey("consent_text.version"))
    text_sha256: Mapped[str] = mapped_column(HASH)
    rule: Mapped[str] = mapped_column(Words(32))
    place: Mapped[str | None] = mapped_column(Words(100))
    signed_as_sealed: Mapped[bytes | None] = mapped_column(Sealed(4096))
    at: Mapped[float] = mapped_column(Moment)
    signature: Mapped[bytes] = mapped_column(Sealed(4096))


class ViewingRow(Table):
    __tablename__ = "viewing"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    who: Mapped[str] = mapped_column(IDENTITY)
    role: Mapped[str] = mapped_column(Words(32))
    kind: Mapped[ViewingKind] = mapped_column(word_column(get_args(ViewingKind)))
    at: Mapped[float] = mapped_column(Moment)


class ShredProofRow(Table):
    __tablename__ = "shred_proof"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    person_id: Mapped[str | None] = mapped_column(ID)
    at: Mapped[float] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(IDENTITY)
    reason: Mapped[str] = mapped_column(REASON)
    keys: Mapped[list[dict[str, str]]] = mapped_column(JSON)  # as `DeletedKey`


# The work queue ------------------------------------------------------------------------------------------------------


class JobRow(Table):
    __tablename__ = "job"
    __table_args__ = (Index(None, "state", "lease_until"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[JobKind] = mapped_column(word_column(get_args(JobKind)))
    recording_id: Mapped[str] = mapped_column(ForeignKey("recording.id"), index=True)
    created_at: Mapped[float] = mapped_column(Moment)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(state_column(JobState))
    attempts: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[float] = mapped_column(Moment)
    progress: Mapped[float] = mapped_column(Double)
    error: Mapped[str | None] = mapped_column(REASON)


# How connections were: of every session, recorded or not --------------------------------------------------------------


class QualityRow(Table):
    __tablename__ = "quality"

    session: Mapped[str] = mapped_column(Words(100), primary_key=True)
    person_id: Mapped[str] = mapped_column(ID, primary_key=True)
    came_at: Mapped[float] = mapped_column(Moment, primary_key=True)
    role: Mapped[str] = mapped_column(Words(32))
    kept_at: Mapped[float] = mapped_column(Moment, index=True)
    gone_at: Mapped[float | None] = mapped_column(Moment)
    gone: Mapped[str | None] = mapped_column(Words(24))
    connected: Mapped[bool] = mapped_column(Boolean)
    failure: Mapped[str | None] = mapped_column(Words(24))
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
