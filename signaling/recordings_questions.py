"""What the server is asked about recordings over HTTP. Times are seconds since 1970.

Not here: what it says to that (`recordings_answers.py`), and who may ask (`recordings_access.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Confirmation = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class _Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ListQuery(_Asked):
    search: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""
    """In the session's id."""
    since: float | None = None
    until: float | None = None
    """When it began, in [since, until)."""
    state: Annotated[str, StringConstraints(max_length=100)] = ""
    """One or several, separated by commas."""
    after: Annotated[str, StringConstraints(max_length=100)] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DownloadRequest(_Asked):
    form: Literal["sealed", "clear"]
    """sealed: an age file. clear: what anybody can play."""
    recipient: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    """For whom it is sealed, as age1...; left out, for the clinic's own key."""
    confirm: Confirmation = ""
    """In clear: the session's name, as the person typed it."""
    only_check: bool = False
    """Whether it would be given out, and nothing else: a page asks before it leaves the answer to the browser."""


class JobRequest(_Asked):
    kind: Literal["compose", "audio"]
    names: bool = False
    time: bool = False
    """Whether names and the time are to be seen in the picture."""


class HoldRequest(_Asked):
    because: Reason
    """A case number or the like; no names."""


class DeleteRequest(_Asked):
    reason: Reason
    """Kept with the proof; no names."""
    person: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Only this person's tracks and name, and what was made with them."""
    confirm: Confirmation = ""
    """The session's name, as the person typed it."""
