"""The tables of webhooks: who is told, how far each session is numbered for them, and each delivery with its attempts.

Addresses and secrets are sealed. What is delivered holds ids only. Not here: what may be done with the rows
(`endpoints.py`, `deliveries.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Sealed, Words, state_column
from clinic.tables import ID, Table
from clinic.webhooks.records import DeliveryState

KIND = Words(48)
SESSION = Words(100)
NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column that is called INTEGER, which holds as much."""


class EndpointRow(Table):
    __tablename__ = "webhook_endpoint"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    url_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    secrets_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    kinds: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[float] = mapped_column(Moment)
    changed_at: Mapped[float] = mapped_column(Moment)
    removed_at: Mapped[float | None] = mapped_column(Moment)


class CounterRow(Table):
    __tablename__ = "webhook_counter"

    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoint.id"), primary_key=True)
    session: Mapped[str] = mapped_column(SESSION, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)


class DeliveryRow(Table):
    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        UniqueConstraint("endpoint_id", "session", "sequence"),
        Index(None, "endpoint_id", "state", "next_at", "id"),  # what is due, in its order
        Index(None, "endpoint_id", "at"),
        Index(None, "endpoint_id", "id"),  # the order of the log
        Index(None, "endpoint_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str] = mapped_column(KIND)
    session: Mapped[str] = mapped_column(SESSION, index=True)
    sequence: Mapped[int] = mapped_column(Integer)
    at: Mapped[float] = mapped_column(Moment, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState))
    attempts: Mapped[int] = mapped_column(Integer)
    tries: Mapped[int] = mapped_column(Integer)
    next_at: Mapped[float] = mapped_column(Moment)
    give_up_at: Mapped[float] = mapped_column(Moment)
    done_at: Mapped[float | None] = mapped_column(Moment)
    status: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Words(64))


class AttemptRow(Table):
    __tablename__ = "webhook_attempt"

    id: Mapped[int] = mapped_column(NUMBER, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(NUMBER, ForeignKey("webhook_delivery.id"), index=True)
    at: Mapped[float] = mapped_column(Moment)
    status: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(Words(64))
