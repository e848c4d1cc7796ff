"""What a visitor's page sends and is told. Whoever holds a link is told of their own appointment, and of nobody else.

Not here: what any of it does (`visits.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from clinic.appointments.records import Relation
from signaling.appointments.messages import Body, Clean, Name, Phone
from signaling.appointments.rules import Stage

Secret = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=Clean)]


class VisitRequest(Body):
    link: Secret = Field(repr=False)
    """What stood behind `#`."""


class CheckInRequest(VisitRequest):
    called: Name = Field(repr=False)
    """The name to be called by."""
    place: Line | None = Field(None, repr=False)
    """Where they are now."""
    phone: Phone | None = Field(None, repr=False)
    """Where they can be called back if the connection fails."""
    emergency_name: Name | None = Field(None, repr=False)
    emergency_phone: Phone | None = Field(None, repr=False)
    telehealth: Literal[True]
    """They agree to the text below."""
    text_version: Annotated[str, StringConstraints(max_length=64)]


class TextAnswer(BaseModel):
    version: str
    title: str
    body: str


class Questions(BaseModel):
    """What is asked. `needed`: without an answer nobody is let on."""

    place: Literal["needed", "asked", "no"]
    phone: Literal["needed", "asked", "no"]
    emergency: Literal["asked", "no"]
    places: list[str]
    """To choose from, or to write another."""
    text: TextAnswer


class VisitAnswer(BaseModel):
    stage: Stage
    now: float
    """The server's time: a page counts down from it, whatever its own clock says."""
    starts_at: float
    minutes: int
    zone: str
    """The clinic's for this appointment; the page shows its own too."""
    opens_at: float
    closes_at: float
    whom: str | None
    """The therapist's name; only on a device that the link was opened on."""
    relation: Relation | None
    questions: Questions | None
    """None: nothing is asked of them, or it is not time."""
    checked_in: bool


class VisitJoinAnswer(BaseModel):
    token: str
    """For this one session, for a quarter of an hour."""
    page: str
    """Where it leads, with the token behind `#`."""
    expires_at: int
