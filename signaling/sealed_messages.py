"""The messages of end-to-end encryption: what people seal for each other, and to whom it can be sent.

The server hands them on and understands nothing of them; docs/e2ee.md says what is in them. Not here: who may send to
whom (`relay.py`), what the recorder says (`recorder.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signaling.message import Message, PersonId

RECORDER = "recorder"
"""What the recorder is called as a person is called by their id. Ids of people are longer."""

DisplayName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]

SealedBody = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=4096)]
"""Base64url, at most 4096 characters."""

LARGEST_PAGE = 2**53 - 1


class Sealed(Message):
    """Handed on to one other person, or to the recorder, as it is and in order; never stored. What is for somebody
    whose socket is away, or for an earlier page of theirs, is dropped.

    People who are present reach each other; whoever waits and those present who may admit reach each other; the
    recorder is reached by those who are present, while `recording.recorder` says that it is there.
    """

    type: Literal["sealed"] = "sealed"
    to: PersonId
    """A person, or `recorder`."""
    page: int = Field(ge=1, le=LARGEST_PAGE)
    """Theirs, as the state says: `page` of a person, `recording.recorder`."""
    body: SealedBody


class TellName(Message):
    """One's name for those who cannot be told it end to end: while somebody is present who does not encrypt."""

    type: Literal["name"] = "name"
    name: DisplayName


class SealedFrom(Message):
    """What somebody has sealed for this page."""

    type: Literal["sealed"] = "sealed"
    person: PersonId
    """Who it comes from: a person, or `recorder`."""
    page: int
    """Theirs, from which it was sent."""
    body: SealedBody


class Host(Message):
    """Somebody who can let a waiting person in, as that person may know them."""

    id: PersonId
    number: int
    page: int
    encrypts: bool
