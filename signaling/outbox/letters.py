"""What one message is about, as it is kept sealed until it is sent: facts, put in words at the last moment.

No name of anybody is among them. Not here: the words (`wording.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from clinic.messages.records import Channel, Message, MessageKind


class Facts(BaseModel):
    """Sealed with the message (`content_sealed`)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    language: Annotated[str, StringConstraints(max_length=35)] = "en"
    link: Annotated[str, StringConstraints(max_length=1000)] = Field("", repr=False)
    starts_at: float | None = None
    """Seconds since 1970; None where there is no appointment."""
    minutes: int = 0
    zone: Annotated[str, StringConstraints(max_length=64)] = "UTC"
    """The reader's, or the clinic's."""
    revision: int = 0
    """A calendar's SEQUENCE."""


class Letter:
    """A message that is to be sent now, opened. Cannot be printed."""

    def __init__(self, message: Message, to: SecretStr, facts: Facts) -> None:
        self.id = message.id
        self.kind: MessageKind = message.kind
        self.channel: Channel = message.channel
        self.about = message.about
        self.written_at = message.created_at
        self.to = to
        self.facts = facts
