"""What the outbox takes and gives: a message, and the states that one can have.

Not here: how it is kept (`outbox.py`), and how it is sent (`signaling/outbox`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

MessageKind = Literal["invitation", "moved", "cancelled", "reminder", "staff_invitation", "alert"]
Channel = Literal["mail", "sms"]


class MessageState(Enum):
    """Waiting -> sending -> sent. Back to waiting after a failure that may pass; failed after one that will not, or too
    many. `sending` holds as long as the lease: after that anybody may send it. Suppressed: what it tells of is not so
    any more. From the last three nothing leads back, and nothing of what was written is kept."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


OPEN = (MessageState.WAITING, MessageState.SENDING)


@dataclass(frozen=True)
class Unsent:
    """What is still to be sent, in short."""

    key: str
    kind: MessageKind
    channel: Channel
    attempts: int
    """0: nobody can have got it."""


@dataclass(frozen=True)
class Message:
    """One message to one person over one channel."""

    id: str
    key: str
    """What makes it the same message: a second one with this key is not taken."""
    kind: MessageKind
    channel: Channel
    to_sealed: bytes | None = field(repr=False)
    """The address or number; None once nothing more is to be sent."""
    content_sealed: bytes | None = field(repr=False)
    """What is to be told, likewise."""
    created_at: float
    next_at: float
    """Nobody sends it before: its time, a rest after a failure, or the end of the lease of whoever is sending it."""
    useless_at: float
    """After this it says nothing that is worth saying."""
    about: str | None = None
    """The appointment, account or alert that it tells of."""
    guest: str | None = None
    """Of an appointment: which of those who are invited."""
    patient: str | None = None
    """The patient whom it is about, as the clinic's systems call them: for the audit log."""
    state: MessageState = MessageState.WAITING
    attempts: int = 0
    done_at: float | None = None
    error: str | None = None
    """A word on why the last attempt failed: a code, never a sentence of another server."""
