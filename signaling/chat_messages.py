"""The messages of the chat, sealed end to end unless somebody is present who cannot read that.

Not here: to whom they are relayed (`requests.py`).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import StringConstraints, model_validator

from signaling.message import Message, Mid, PersonId

BASE64URL = re.compile(r"[A-Za-z0-9_-]+")

LONGEST_CHAT = 4000
"""Characters that somebody can write. Sealed they are up to six times as many: in UTF-8, encrypted, in base64url."""


class Chat(Message):
    """Relayed to everyone in the session at once, never stored."""

    type: Literal["chat"] = "chat"
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=24_000)]
    """At most 4000 characters that are not sealed."""
    sealed: bool = False
    """`text` is ciphertext, in base64url. Nothing else is taken unless the state says `clear`."""
    ref: Mid | None = None
    """Names it, so that what did not come back can be sent again on another socket and is relayed once."""

    @model_validator(mode="after")
    def _is_as_it_says(self) -> Chat:
        if self.sealed and not BASE64URL.fullmatch(self.text):
            raise ValueError("what is sealed is base64url")
        if not self.sealed and len(self.text) > LONGEST_CHAT:
            raise ValueError(f"at most {LONGEST_CHAT} characters")
        return self


class ChatFrom(Message):
    """Also sent back to the sender: what comes back was delivered."""

    type: Literal["chat"] = "chat"
    person: PersonId
    name: str
    """Empty where the server does not know it: told end to end."""
    text: str
    sealed: bool
    at: float
    ref: Mid | None
    """As its sender has named it; null for the others."""
