"""The shapes in which a session's recording is told: the question, how far it is, and its film.

Not here: the messages that carry them (`signaling/messages.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from signaling.message import Message, PersonId

TextVersion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
"""Names the words of a question, as they were when it was shown."""

Place = Annotated[str, StringConstraints(min_length=1, max_length=80)]
"""Where somebody says to be: a name from the clinic's list."""


class ConsentPlace(Message):
    name: Place
    signed: bool
    """Whether a yes from there needs a signature."""


class ConsentText(Message):
    """The question whether the session may be recorded, in the clinic's words."""

    version: TextVersion
    title: str
    body: str
    """Plain text, a paragraph on each line."""
    signed: bool
    """Whether a yes needs a signature, wherever the person is."""
    places: list[ConsentPlace]
    """To choose one from; empty where it does not matter."""


RecordingPhase = Literal["asking", "running", "paused", "declined", "failed"]
"""`declined` is told only to those who may record. After it and after `failed` nothing is recorded."""


class Recording(Message):
    """The recording of this session, from the question to its end."""

    phase: RecordingPhase
    recorder: int | None
    """While the recorder is there to shake hands with: its page, another one for each recording."""
    keys: bool
    """Whether the recorder may be given keys now: everyone present has agreed, and nothing holds the recording."""
    since: float
    """When the phase began, seconds since 1970, UTC."""
    started_at: float | None
    """When recording began; null while everyone is asked."""
    recorded_s: float
    """Seconds recorded before `since`."""
    you: Literal["none", "asked", "agreed", "refused"]
    """What this person has answered. `none`: they need not be asked."""
    text: ConsentText | None
    """While `you` is `asked`."""
    waiting_on: list[PersonId]
    """Who has not answered. Only for those who may record, like `refused` and `declined`."""
    refused: list[PersonId]
    """Who is here and said no."""
    declined: Literal["refused", "withdrawn", "place"] | None
    """Why it is over. `place`: somebody is where nothing may be recorded."""
    paused_by: Literal["person", "newcomer", "alone", "fault"] | None
    """`newcomer`: somebody has not answered. `alone`: nobody is here who may record."""
    problem: str | None
    """A sentence for the person about the fault that pauses or ended it, or about trouble while it runs."""


class Film(Message):
    """The film of this session's last recording, for those who may record. `progress` is from 0 to 1."""

    state: Literal["waiting", "running", "done", "failed"]
    progress: float
