"""The table of messages that go out. Addresses and texts are sealed, and emptied when there is nothing left to send.

Not here: what may be done with the rows (`outbox.py`).
"""

from __future__ import annotations

from typing import get_args

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Sealed, Words, state_column, word_column
from clinic.messages.records import Channel, MessageKind, MessageState
from clinic.tables import ID, IDENTITY, Table


class MessageRow(Table):
    __tablename__ = "message"
    __table_args__ = (
        Index(None, "state", "next_at"),
        Index(None, "about", "created_at"),
        Index(None, "patient", "created_at", "id"),  # a patient's export
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    key: Mapped[str] = mapped_column(Words(200), unique=True)
    kind: Mapped[MessageKind] = mapped_column(word_column(get_args(MessageKind)))
    channel: Mapped[Channel] = mapped_column(word_column(get_args(Channel)))
    to_sealed: Mapped[bytes | None] = mapped_column(Sealed(2048))
    content_sealed: Mapped[bytes | None] = mapped_column(Sealed(8192))
    created_at: Mapped[float] = mapped_column(Moment, index=True)
    next_at: Mapped[float] = mapped_column(Moment)
    useless_at: Mapped[float] = mapped_column(Moment)
    about: Mapped[str | None] = mapped_column(ID)
    guest: Mapped[str | None] = mapped_column(ID)
    patient: Mapped[str | None] = mapped_column(IDENTITY)
    state: Mapped[MessageState] = mapped_column(state_column(MessageState))
    attempts: Mapped[int] = mapped_column(Integer)
    done_at: Mapped[float | None] = mapped_column(Moment)
    error: Mapped[str | None] = mapped_column(Words(64))
