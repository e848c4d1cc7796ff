"""The messages about what is looked at: what a person sees, and what is to be sent for it.

Not here: what follows from them (`watching.py`), the other messages (`messages.py`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signaling.message import Message, Mid, PersonId, Sound, Source


class Shown(Message):
    """How high a slot's picture is shown, in pixels of the device; 0: not at all."""

    mid: Mid
    height: int = Field(ge=0, le=4320)


class View(Message):
    """What this person looks at, whole, whenever it changes: nothing is sent for what is not shown, and no larger
    picture than is needed. A slot that is not named counts as shown in its full size."""

    type: Literal["view"] = "view"
    slots: list[Shown] = Field(max_length=64)
    pinned: PersonId | None = None
    """Whom they have put before the others."""


class Wanted(Message):
    """Which encodings to send: those that somebody watches, by RID. `f` for what is sent in one encoding only. A source
    that is not named goes on as it is; a client begins with `f` of each."""

    type: Literal["wanted"] = "wanted"
    layers: dict[Source, list[str]]
    sound: Sound = "usual"
    """How the microphone is to be sent, where somebody's way carries no more. `small`: with 16 kbit/s and 60 ms a
    packet. `least`: with 10 kbit/s and 120 ms."""
