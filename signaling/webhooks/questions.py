"""What the API of webhooks takes and answers: strict models, bounded in length and number.

Times are seconds since 1970. Not here: what any of it does (`api.py`), what is delivered (`docs/webhooks.md`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clinic.columns import LAST_MOMENT
from clinic.webhooks.records import Attempt, Delivery, Endpoint
from signaling.outward import LONGEST_URL
from signaling.tokens import SessionId
from signaling.webhooks.kinds import ALL, Kind

State = Literal["waiting", "sending", "delivered", "failed"]

Url = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL)]
Kinds = Annotated[list[Kind], Field(max_length=len(ALL))]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Moment = Annotated[float, Field(ge=0, lt=LAST_MOMENT, allow_inf_nan=False)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class EndpointRequest(Body):
    url: Url
    """https only; where it leads into a network of its own, the server's settings have to allow that."""
    kinds: Kinds = []
    """Of which kinds of events it is told; none: of all."""
    active: bool = True


class EndpointChange(Body):
    """What is left out stays."""

    url: Url | None = None
    kinds: Kinds | None = None
    active: bool | None = None
    """An endpoint that is switched off is told nothing of what happens meanwhile; what waits goes on waiting."""


class SecretRequest(Body):
    overlap_hours: Annotated[int, Field(ge=0, le=720)] = 24
    """For how long deliveries are signed with the old secret too. 0: it is void at once."""


class ReplayRequest(Body):
    """What was delivered or given up is delivered once more, with the ids and numbers that it had."""

    event: Id | None = None
    """One event."""
    since: Moment | None = None
    until: Moment | None = None
    """Events of [since, until)."""
    session: SessionId | None = None
    """Of this session only."""
    failed_only: bool = False
    """Only what was given up."""

    @model_validator(mode="after")
    def _something(self) -> ReplayRequest:
        if (self.event is None) == (self.since is None):
            raise ValueError("either event or since is needed")
        return self


class DeliveriesQuery(Body):
    state: Literal["", "waiting", "sending", "delivered", "failed"] = ""
    session: Annotated[str, StringConstraints(max_length=100)] = ""
    before: Annotated[int, Field(ge=1, le=2**53)] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class EndpointAnswer(BaseModel):
    id: str
    url: str
    kinds: list[Kind]
    active: bool
    created_at: float
    changed_at: float

    @classmethod
    def of(cls, endpoint: Endpoint, url: str) -> EndpointAnswer:
        return cls(
            id=endpoint.id,
            url=url,
            # one that was told of kinds which a later version of the server knows is told of those only that this does
            kinds=[kind for kind in ALL if kind in endpoint.kinds],
            active=endpoint.active,
            created_at=endpoint.created_at,
            changed_at=endpoint.changed_at,
        )


class EndpointsAnswer(BaseModel):
    endpoints: list[EndpointAnswer]
    kinds: list[Kind]
    """All that there are."""


class EndpointMade(BaseModel):
    endpoint: EndpointAnswer
    secret: str
    """With which deliveries are signed. It is shown now, and never again."""


class SecretAnswer(BaseModel):
    secret: str
    """It is shown now, and never again."""
    old_until: float
    """Until when deliveries carry a signature by the old one too."""


class DeliveryAnswer(BaseModel):
    event: str
    kind: str
    session: str
    sequence: int
    at: float
    """When it happened."""
    state: State
    attempts: int
    """In all, replays too."""
    next_at: float | None
    """When it is tried, if it waits."""
    done_at: float | None
    status: int | None
    """The HTTP status of the last answer; null: there was none."""
    duration_ms: int | None
    error: str | None
    """Why the last attempt failed: answer (its status is no yes), address, name, connection, tls, timeout, sealed,
    removed."""

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryAnswer:
        return cls(
            event=delivery.event_id,
            kind=delivery.kind,
            session=delivery.session,
            sequence=delivery.sequence,
            at=delivery.at,
            state=delivery.state.value,
            attempts=delivery.tries,
            next_at=delivery.next_at if delivery.state.value == "waiting" else None,
            done_at=delivery.done_at,
            status=delivery.status,
            duration_ms=delivery.duration_ms,
            error=delivery.error,
        )


class DeliveriesAnswer(BaseModel):
    deliveries: list[DeliveryAnswer]
    """Newest first."""
    next: int | None
    """For `before`; null: that was all."""


class AttemptAnswer(BaseModel):
    at: float
    status: int | None
    duration_ms: int
    error: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptAnswer:
        return cls(at=attempt.at, status=attempt.status, duration_ms=attempt.duration_ms, error=attempt.error)


class DeliveryDetails(BaseModel):
    delivery: DeliveryAnswer
    body: str
    """As it is sent."""
    attempts: list[AttemptAnswer]
    """Oldest first."""


class ReplayAnswer(BaseModel):
    deliveries: int
    """So many are delivered once more."""
    more: bool
    """There are more than can be sent again at once: ask again, for a later period."""


class TestAnswer(BaseModel):
    event: str
    """To be looked for in the log of deliveries."""
