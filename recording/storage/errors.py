"""What can be wrong with a bucket, told apart so that whoever uses it knows whether to wait.

They are OSErrors: whoever reads a recording from a disk expects those. `str()` is a sentence that quotes nothing of
what the bucket said, which may hold keys, so it may be logged. Not here: what is done about it.
"""

from __future__ import annotations

import errno


class StorageError(OSError):
    """A bucket did not do what it was asked."""

    def __init__(self, sentence: str) -> None:
        super().__init__(errno.EIO, sentence)

    def __str__(self) -> str:
        return self.strerror or ""


class Unreachable(StorageError):
    """It does not answer, or not in time, or not now: the same may work later."""


class Refused(StorageError):
    """It answers, and will not: somebody has to change a setting, here or there."""


class BadBucket(ValueError):
    """What should say where a bucket is does not. `str()` is for the operator."""
