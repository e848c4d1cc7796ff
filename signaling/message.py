"""What every message of the signaling socket is made from: the strict base, and the names that many of them use.

Not here: the messages themselves (`messages.py`, `stats.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

Mid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,16}$")]
"""An m-line's identification tag (RFC 8843), as short as browsers make it."""

PersonId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""Names one person within one session. Chosen by the server, says nothing about who they are."""

Source = Literal["microphone", "camera", "screen"]
Sound = Literal["usual", "small", "least"]
"""What a person can send. The same words as `sfu.Source`."""


class Message(BaseModel):
    """Strict: no conversions, no unknown fields, nothing changed after it was read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
