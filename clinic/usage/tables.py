"""The tables of usage: sittings with their shares and spans, sums of ended ones by day, versions of the service codes.

A sitting is written again every few seconds while it goes on, and no more once it has ended: then it is in the sums.
No column holds a name. Not here: what may be done with the rows (`store.py`, `sums.py`).
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Words, word_column
from clinic.tables import ID, IDENTITY, Table
from clinic.usage.records import GapReason, SpanState, SumKind

DAY = Words(10)


class SittingRow(Table):
    __tablename__ = "usage_sitting"
    __table_args__ = (Index(None, "started_at", "id"), Index(None, "session", "started_at"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session: Mapped[str] = mapped_column(Words(100))
    appointment: Mapped[str | None] = mapped_column(ID)
    therapist: Mapped[str | None] = mapped_column(IDENTITY)
    day: Mapped[str] = mapped_column(DAY)
    started_at: Mapped[float] = mapped_column(Moment)
    known_until: Mapped[float] = mapped_column(Moment)
    ended_at: Mapped[float | None] = mapped_column(Moment, index=True)
    two_way_ms: Mapped[int] = mapped_column(BigInteger)
    video_ms: Mapped[int] = mapped_column(BigInteger)
    patients: Mapped[int] = mapped_column(Integer)


class ShareRow(Table):
    __tablename__ = "usage_share"
    __table_args__ = (Index(None, "person", "role", "started_at", "sitting_id"),)

    sitting_id: Mapped[str] = mapped_column(ForeignKey("usage_sitting.id"), primary_key=True)
    person: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    role: Mapped[str] = mapped_column(Words(32), primary_key=True)
    started_at: Mapped[float] = mapped_column(Moment)  # the sitting's: people's lists are in its order
    came_at: Mapped[float] = mapped_column(Moment)
    known_until: Mapped[float] = mapped_column(Moment)
    present_ms: Mapped[int] = mapped_column(BigInteger)
    two_way_ms: Mapped[int] = mapped_column(BigInteger)
    video_ms: Mapped[int] = mapped_column(BigInteger)


class SpanRow(Table):
    __tablename__ = "usage_span"

    sitting_id: Mapped[str] = mapped_column(ForeignKey("usage_sitting.id"), primary_key=True)
    person: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    began_at: Mapped[float] = mapped_column(Moment)
    ended_at: Mapped[float] = mapped_column(Moment)
    state: Mapped[SpanState] = mapped_column(word_column(get_args(SpanState)))
    reason: Mapped[GapReason | None] = mapped_column(word_column(get_args(GapReason)))


class SumRow(Table):
    __tablename__ = "usage_sum"
    __table_args__ = (Index(None, "kind", "day"),)

    kind: Mapped[SumKind] = mapped_column(word_column(get_args(SumKind)), primary_key=True)
    who: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    day: Mapped[str] = mapped_column(DAY, primary_key=True)
    sittings: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    present_ms: Mapped[int] = mapped_column(BigInteger)
    two_way_ms: Mapped[int] = mapped_column(BigInteger)
    video_ms: Mapped[int] = mapped_column(BigInteger)


class CodeTableRow(Table):
    __tablename__ = "usage_codes"

    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    since: Mapped[float] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(IDENTITY)
    codes: Mapped[dict[str, Any]] = mapped_column(JSON)
