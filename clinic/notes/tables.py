"""The tables of notes: a note, and each version of what it says.

Nothing refers to recordings or sessions: notes are kept apart from both. Not here: what may be done with the rows.
"""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Sealed
from clinic.tables import ID, IDENTITY, Table

LARGEST_NOTE = 131_072
"""Bytes, encrypted."""


class NoteRow(Table):
    __tablename__ = "note"
    __table_args__ = (Index(None, "appointment_id", "author"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    author: Mapped[str] = mapped_column(IDENTITY, index=True)
    made_at: Mapped[float] = mapped_column(Moment)
    changed_at: Mapped[float] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer)  # the one that counts
    deleted_at: Mapped[float | None] = mapped_column(Moment)


class NoteVersionRow(Table):
    __tablename__ = "note_version"

    note_id: Mapped[str] = mapped_column(ForeignKey("note.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Moment, index=True)
    content_sealed: Mapped[bytes] = mapped_column(Sealed(LARGEST_NOTE))
