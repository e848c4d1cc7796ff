"""What the keeping of records takes and gives back: plain frozen values.

Not here: what may be done with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

RunKind = Literal["backup", "restore", "drill"]


@dataclass(frozen=True)
class DeletedSecret:
    """A sealed key that went with a record: whoever has a copy can tell by the hash that it should not be there."""

    of: str
    id: str
    sha256: str


@dataclass(frozen=True)
class Due:
    """Records of one kind whose time is over."""

    free: int
    """That may go."""
    held: int
    """That are on hold."""


@dataclass(frozen=True)
class Gone:
    """What was removed, of one kind."""

    ids: tuple[str, ...] = ()
    secrets: tuple[DeletedSecret, ...] = ()
    held: int = 0
    """Records that stayed because they are on hold."""
    left: int = 0
    """Records that stayed because they are documentation, or not this patient's alone."""
    tables: tuple[str, ...] = ()
    """Tables that had something sealed in what was removed: their files are to be written anew."""


@dataclass(frozen=True)
class Subject:
    """A patient, and the sessions that were theirs and no other patient's."""

    patient: str
    sessions: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    """Sessions that they shared with other patients: what is known by its session only is not theirs alone."""


@dataclass(frozen=True)
class RetentionRule:
    """How long a kind is kept, from when on, and who said so. Only ever added to: the newest counts."""

    kind: str
    days: int | None
    """None: for ever."""
    at: float
    by: str
    id: int | None = None


@dataclass(frozen=True)
class Hold:
    """Something that may not be deleted: what all of its conditions are true for. Without any: everything."""

    id: str
    placed_at: float
    placed_by: str
    because_sealed: bytes = field(repr=False)
    """A case number or the like; it may name somebody."""
    patient: str | None = None
    session: str | None = None
    therapist: str | None = None
    since: float | None = None
    until: float | None = None
    """Records of [since, until)."""
    released_at: float | None = None
    released_by: str | None = None


@dataclass(frozen=True)
class DeletionProof:
    """That records were deleted. Only ever added to."""

    id: str
    at: float
    by: str
    reason_sealed: bytes = field(repr=False)
    patient_hmac: str | None
    """Whose they were, as only this clinic's key tells. None: one record was deleted."""
    deleted: dict[str, list[str]]
    """By kind: SHA-256 of `KIND/ID` of each record, in hex."""
    secrets: tuple[DeletedSecret, ...]
    left: dict[str, int]
    """By kind: records that stayed, as they are documentation, on hold, or not this patient's alone."""
    signature: bytes = field(repr=False)
    """By the server's key, over all the other fields."""

    @property
    def count(self) -> int:
        return sum(len(each) for each in self.deleted.values())


@dataclass(frozen=True)
class Run:
    """A backup that was made, or a restore, or a drill of one."""

    kind: RunKind
    at: float
    seconds: float
    size: int
    """Bytes of the backup's file."""
    well: bool
    details: dict[str, Any] = field(default_factory=dict)
    """Counts and times of ours."""
    id: int | None = None
