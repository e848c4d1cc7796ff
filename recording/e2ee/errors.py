"""What can be wrong with something that was encrypted for us, told apart so that whoever opens it can act on it.

`str()` quotes nothing of what was read, so it may be logged. Not here: what is done about it.
"""

from __future__ import annotations

from enum import Enum


class E2eeError(Exception):
    """What came cannot be used, or what was asked for cannot be done."""


class Reason(Enum):
    """Why something was not opened."""

    NO_KEY = "no key"
    """There is no key of its key id, or not any more. It may be on its way: the frame may be kept for a moment."""
    FORGED = "forged"
    """It is not what the holder of the key sealed, not for this place, or not from this sender."""
    REPLAYED = "replayed"
    """It was opened before, or is too old to tell."""
    MALFORMED = "malformed"
    """It has not the shape of anything that is sealed."""


class CannotOpen(E2eeError):
    """Nothing of it was opened, and nothing that is kept was changed by it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"It cannot be opened: {reason.value}.")
        self.reason = reason


class BadFrame(E2eeError):
    """A frame is not what its codec makes, so it can't be said what of it is clear."""


class BadKey(E2eeError):
    """What should be a key is none, or is not its sender's to give."""


class UsedUp(E2eeError):
    """A key has sealed as many frames as it may."""
