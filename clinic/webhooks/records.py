"""What the store of webhooks takes and gives.

Not here: how it is kept (`endpoints.py`, `deliveries.py`), how it is delivered (`signaling/webhooks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class DeliveryState(Enum):
    """Waiting -> sending -> delivered. Back to waiting after a failure, until it is given up (failed). `sending` holds
    as long as the lease. Replayed: from delivered or failed to waiting, with all its attempts before it again."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


OPEN = (DeliveryState.WAITING, DeliveryState.SENDING)


@dataclass(frozen=True)
class Endpoint:
    """An address of the clinic's own software that is told of events."""

    id: str
    url_sealed: bytes
    secrets_sealed: bytes
    """The secrets with which deliveries are signed."""
    kinds: tuple[str, ...]
    """Of which kinds of events it is told; none: of all."""
    active: bool
    created_at: float
    changed_at: float
    removed_at: float | None = None
    """It is told nothing any more, and is there for its log only."""

    def wants(self, kind: str) -> bool:
        return self.active and self.removed_at is None and (not self.kinds or kind in self.kinds)


@dataclass(frozen=True)
class WebhookEvent:
    """Something that happened, as it is told: ids only."""

    id: str
    kind: str
    session: str
    """The session it belongs to: events of one session are numbered, and delivered in that order."""
    at: float
    data: Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Delivery:
    """One event for one endpoint."""

    id: int
    endpoint_id: str
    event_id: str
    kind: str
    session: str
    sequence: int
    """1, 2, 3, ... for this endpoint and session, without gaps."""
    at: float
    """When the event was."""
    data: Mapping[str, str | int | float | bool | None]
    state: DeliveryState
    attempts: int
    tries: int
    """Attempts in all, replays too; never set back: what tells one taking from another."""
    next_at: float
    give_up_at: float
    done_at: float | None = None
    status: int | None = None
    """The last answer's status, if there was an answer."""
    duration_ms: int | None = None
    error: str | None = None
    """A word on why the last attempt failed."""


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver, for the log."""

    delivery_id: int
    at: float
    status: int | None
    duration_ms: int
    error: str | None


@dataclass(frozen=True)
class Deliveries:
    """One page of the log, newest first."""

    deliveries: tuple[Delivery, ...]
    next: int | None
    """For `before`; None: that was all."""
