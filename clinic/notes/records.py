"""What the store of notes takes and gives back: plain frozen values. What a note says is encrypted before it comes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Note:
    id: str
    appointment_id: str
    author: str
    """The account's id: nobody else reads it."""
    made_at: float
    changed_at: float
    version: int = 1
    deleted_at: float | None = None


@dataclass(frozen=True)
class NoteVersion:
    note_id: str
    version: int
    at: float
    content_sealed: bytes = field(repr=False)
