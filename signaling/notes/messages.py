"""What the API of notes takes and answers.

Not here: who may read them (`api.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_NOTE = 20_000
"""Characters: ten printed pages."""

LARGEST_BODY = 256 * 1024
"""Bytes: as much as a note of that length takes at most as JSON, and more."""

Content = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NOTE)]


class NoteRequest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    content: Content = Field(repr=False)


class NoteChange(NoteRequest):
    version: Annotated[int, Field(ge=1)]
    """Which one the caller saw: another in between is refused (`changed_meanwhile`)."""


class NoteAnswer(BaseModel):
    id: str
    appointment: str
    author: str
    version: int
    made_at: float
    changed_at: float
    content: str


class NotesAnswer(BaseModel):
    notes: list[NoteAnswer]


class VersionAnswer(BaseModel):
    version: int
    at: float
    content: str


class VersionsAnswer(BaseModel):
    id: str
    versions: list[VersionAnswer]
    """Oldest first, as far as they are kept."""
