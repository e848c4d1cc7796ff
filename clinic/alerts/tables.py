"""The table of alerts. Every change here needs a migration; a test compares the two."""

from __future__ import annotations

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Words
from clinic.tables import ID, IDENTITY, Table


class AlertRow(Table):
    __tablename__ = "alert"
    __table_args__ = (Index(None, "at", "id"),)  # the order of lists

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    rule: Mapped[str] = mapped_column(Words(32))
    at: Mapped[float] = mapped_column(Moment)
    actor_kind: Mapped[str | None] = mapped_column(Words(24))
    actor: Mapped[str | None] = mapped_column(IDENTITY)
    session: Mapped[str | None] = mapped_column(Words(100))
    count: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[int] = mapped_column(Integer)
    closed_at: Mapped[float | None] = mapped_column(Moment, index=True)
    closed_by: Mapped[str | None] = mapped_column(IDENTITY)
