"""What the server says about keeping over HTTP. Times are seconds since 1970.

Not here: what it is asked (`questions.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from clinic import Recording
from clinic.keeping.kinds import Kind
from clinic.keeping.records import DeletionProof, Due, Hold, RetentionRule, Run


class KindAnswer(BaseModel):
    """One kind of record, and how long it is kept."""

    kind: str
    says: str
    days: int | None
    """null: for ever."""
    default_days: int | None
    minimum_days: int
    documentation: bool
    """Goes when its time is over, and never because somebody asks."""
    can_change: bool
    """Whether records of it can go at all."""
    changed_at: float | None
    changed_by: str | None
    """When and by whom the default was replaced."""

    @classmethod
    def of(
        cls, kind: Kind, days: int | None, default: int | None, rule: RetentionRule | None, can_change: bool
    ) -> KindAnswer:
        return cls(
            kind=kind.name,
            says=kind.says,
            days=days,
            default_days=default,
            minimum_days=kind.minimum_days,
            documentation=kind.documentation,
            can_change=can_change,
            changed_at=rule.at if rule is not None else None,
            changed_by=rule.by if rule is not None else None,
        )


class RetentionAnswer(BaseModel):
    kinds: list[KindAnswer]


class VersionAnswer(BaseModel):
    days: int | None
    at: float
    by: str


class VersionsAnswer(BaseModel):
    kind: str
    versions: list[VersionAnswer]
    """Newest first. Before the oldest the default counted."""


class DueKind(BaseModel):
    kind: str
    records: int
    """Whose time is over, and that go next."""
    held: int
    """Whose time is over, and that are on hold."""


class DueAnswer(BaseModel):
    """What would go now. Nothing has."""

    kinds: list[DueKind]

    @classmethod
    def of(cls, due: Mapping[str, Due]) -> DueAnswer:
        return cls(kinds=[DueKind(kind=kind, records=each.free, held=each.held) for kind, each in due.items()])


class HoldAnswer(BaseModel):
    id: str
    because: str
    """Empty where the key that opens it is not the one of today."""
    placed_at: float
    placed_by: str
    patient: str | None
    session: str | None
    therapist: str | None
    since: float | None
    until: float | None
    everything: bool
    released_at: float | None
    released_by: str | None

    @classmethod
    def of(cls, hold: Hold, because: str) -> HoldAnswer:
        conditions = (hold.patient, hold.session, hold.therapist, hold.since, hold.until)
        return cls(
            id=hold.id,
            because=because,
            placed_at=hold.placed_at,
            placed_by=hold.placed_by,
            patient=hold.patient,
            session=hold.session,
            therapist=hold.therapist,
            since=hold.since,
            until=hold.until,
            everything=all(each is None for each in conditions),
            released_at=hold.released_at,
            released_by=hold.released_by,
        )


class HeldRecording(BaseModel):
    """A recording that was put on hold by itself, on the page of recordings."""

    recording: str
    session: str
    because: str
    placed_at: float
    placed_by: str

    @classmethod
    def of(cls, recording: Recording) -> HeldRecording:
        return cls(
            recording=recording.id,
            session=recording.session,
            because=recording.held_because or "",
            placed_at=recording.held_at or 0.0,
            placed_by=recording.held_by or "",
        )


class HoldsAnswer(BaseModel):
    holds: list[HoldAnswer]
    next: str | None
    recordings: list[HeldRecording]
    """On the first page: recordings that are on hold by themselves, newest first, 200 at most."""


class SecretAnswer(BaseModel):
    of: str
    id: str
    sha256: str


class DeletionAnswer(BaseModel):
    """A proof. `docs/keeping.md` says how a stranger checks it."""

    id: str
    at: float
    by: str
    reason: str
    patient_hmac: str | None
    deleted: dict[str, list[str]]
    """By kind: SHA-256 of KIND/ID of each record, in hex."""
    counts: dict[str, int]
    left: dict[str, int]
    """By kind: what stayed, as it is documentation, on hold, or not this patient's alone."""
    secrets: list[SecretAnswer]
    reason_sealed: str
    signature: str
    """Ed25519, base64."""
    scrubbed: bool | None = None
    """Right after a deletion: whether it is out of the database's own files too. If not, that is done later."""

    @classmethod
    def of(cls, proof: DeletionProof, reason: str, scrubbed: bool | None = None) -> DeletionAnswer:
        return cls(
            id=proof.id,
            at=proof.at,
            by=proof.by,
            reason=reason,
            patient_hmac=proof.patient_hmac,
            deleted=proof.deleted,
            counts={kind: len(hashes) for kind, hashes in proof.deleted.items()},
            left=proof.left,
            secrets=[SecretAnswer(of=each.of, id=each.id, sha256=each.sha256) for each in proof.secrets],
            reason_sealed=base64.b64encode(proof.reason_sealed).decode(),
            signature=base64.b64encode(proof.signature).decode(),
            scrubbed=scrubbed,
        )


class ProofsAnswer(BaseModel):
    proofs: list[DeletionAnswer]
    next: str | None
    public_key: str
    """Ed25519, base64: what the signatures are checked with."""


class RunAnswer(BaseModel):
    kind: Literal["backup", "restore", "drill"]
    at: float
    seconds: float
    size: int
    well: bool

    @classmethod
    def of(cls, run: Run) -> RunAnswer:
        return cls(kind=run.kind, at=run.at, seconds=run.seconds, size=run.size, well=run.well)


class BackupsAnswer(BaseModel):
    runs: list[RunAnswer]
    """Newest first."""
