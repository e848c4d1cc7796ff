"""What the server is asked about the audit log over HTTP, and what it answers. Times are seconds since 1970.

Not here: who may ask, and where the answers come from (`api.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from clinic.audit.events import ActorKind, Detail
from clinic.audit.records import Entry

LAST = 253_402_300_799.0
"""The end of the year 9999."""

Moment = Annotated[float, Field(ge=0, le=LAST, allow_inf_nan=False)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=200)]
SessionId = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Number = Annotated[int, Field(ge=0, le=2**53)]


class _Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class EventsQuery(_Asked):
    kind: Annotated[str, StringConstraints(max_length=400)] = ""
    """One or several of the kinds, separated by commas; left out, all."""
    actor: Id | None = None
    """Who did it."""
    session: SessionId | None = None
    patient: Id | None = None
    """Also what is about a session that this patient was in."""
    subject: Id | None = None
    """What else it is about: a recording, an account, a person."""
    since: Moment | None = None
    until: Moment | None = None
    """When it happened, in [since, until)."""
    after: Annotated[str, StringConstraints(max_length=40)] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ReportQuery(_Asked):
    since: Moment
    until: Moment
    """What happened in [since, until), at most 400 days."""
    patient: Id | None = None
    actor: Id | None = None
    """Some reports need one of these."""


class ConsistencyQuery(_Asked):
    old: Number
    new: Number | None = None
    """Sizes of the log; left out, that of now."""


class ExportQuery(_Asked):
    first: Number = 0
    last: Number | None = None
    """Events from this one up to and without that one; left out, all."""


class EventAnswer(BaseModel):
    seq: int
    """Its place in the log, from 0 without a gap."""
    at: float
    kind: str
    actor_kind: ActorKind
    actor: str
    session: str | None
    patient: str | None
    subject: str | None
    details: dict[str, Detail]

    @classmethod
    def of(cls, entry: Entry) -> EventAnswer:
        event = entry.event
        return cls(
            seq=entry.seq,
            at=event.at,
            kind=event.kind,
            actor_kind=event.actor_kind,
            actor=event.actor,
            session=event.session,
            patient=event.patient,
            subject=event.subject,
            details=dict(event.details),
        )


class EventsAnswer(BaseModel):
    events: list[EventAnswer]
    """Newest first."""
    next: str | None
    """For `after`; null: that was all."""


class ReportAnswer(BaseModel):
    report: str
    since: float
    until: float
    columns: list[str]
    rows: list[list[str | int | float | None]]
    complete: bool
    """False: there is more than was sent. A shorter period has less."""


class HeadAnswer(BaseModel):
    size: int
    """Events in the log."""
    root: str
    """The root of the tree over them (RFC 6962), base64."""
    note: str
    """The same signed: a C2SP tlog checkpoint. Empty before the first event."""
    key: str
    """The public key that signs it."""


class ProofAnswer(BaseModel):
    seq: int
    event: str
    """The line that was hashed."""
    path: list[str]
    """Hashes from it to the root, base64."""
    note: str
    """The signed head that it leads to."""
    proof: str
    """All of this as one line, which `therabook audit verify` reads from a file."""


class ConsistencyAnswer(BaseModel):
    old: int
    new: int
    path: list[str]
    """Hashes that show that the log of `new` events goes on from that of `old` (RFC 6962), base64."""
