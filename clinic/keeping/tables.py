"""The tables of keeping: rules, holds, proofs, backups, and the permit without which no documentation is removed.

Rules and proofs are only ever added to; triggers of the migration see to it. Not here: what may be done with the rows.
"""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import JSON, BigInteger, Boolean, Double, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Sealed, Words, word_column
from clinic.keeping.records import RunKind
from clinic.tables import HASH, ID, IDENTITY, Table


class RetentionRuleRow(Table):
    __tablename__ = "retention_rule"
    __table_args__ = (Index(None, "kind", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Words(24))
    days: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[float] = mapped_column(Moment)
    by: Mapped[str] = mapped_column(IDENTITY)


class HoldRow(Table):
    __tablename__ = "legal_hold"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    placed_at: Mapped[float] = mapped_column(Moment, index=True)
    placed_by: Mapped[str] = mapped_column(IDENTITY)
    because_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    patient: Mapped[str | None] = mapped_column(IDENTITY)
    session: Mapped[str | None] = mapped_column(Words(100))
    therapist: Mapped[str | None] = mapped_column(IDENTITY)
    since: Mapped[float | None] = mapped_column(Moment)
    until: Mapped[float | None] = mapped_column(Moment)
    released_at: Mapped[float | None] = mapped_column(Moment)
    released_by: Mapped[str | None] = mapped_column(IDENTITY)


class DeletionProofRow(Table):
    __tablename__ = "deletion_proof"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    at: Mapped[float] = mapped_column(Moment, index=True)
    by: Mapped[str] = mapped_column(IDENTITY)
    reason_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    patient_hmac: Mapped[str | None] = mapped_column(HASH, index=True)
    deleted: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    secrets: Mapped[list[dict[str, str]]] = mapped_column(JSON)  # as `DeletedSecret`
    left: Mapped[dict[str, int]] = mapped_column(JSON)
    signature: Mapped[bytes] = mapped_column(Sealed(4096))


class PermitRow(Table):
    """There only inside of a transaction that removes documentation whose time is over: the triggers ask for it."""

    __tablename__ = "removal_permit"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)


class RunRow(Table):
    __tablename__ = "keeping_run"
    __table_args__ = (Index(None, "kind", "at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[RunKind] = mapped_column(word_column(get_args(RunKind)))
    at: Mapped[float] = mapped_column(Moment)
    seconds: Mapped[float] = mapped_column(Double)
    size: Mapped[int] = mapped_column(BigInteger)
    well: Mapped[bool] = mapped_column(Boolean)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
