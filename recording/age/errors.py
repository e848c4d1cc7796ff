"""What can be wrong with an age file or a key, told apart so that whoever opens it can say it.

Not here: what is done about it. `str()` is a sentence that quotes nothing of what was read, so it may be logged.
"""

from __future__ import annotations


class AgeError(Exception):
    """An age file or a key cannot be used."""


class NotAgeFile(AgeError):
    """It begins as something else, or as an age file of a kind that is not read here."""


class NoKeyFits(AgeError):
    """It is an age file, but sealed to other keys than those given."""


class Damaged(AgeError):
    """It is an age file of ours to open, but not as it was written: bits, chunks or the header were changed."""

    def __init__(self, sentence: str, chunk: int | None = None) -> None:
        super().__init__(sentence)
        self.chunk = chunk
        """The number of the chunk, from 0; None if it is the header."""


class Truncated(Damaged):
    """Its end is missing."""


class BadKeyText(AgeError):
    """What should be a key is none."""
