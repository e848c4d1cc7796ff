"""Where recordings lie when they are done, and while they grow: this machine's disk, and a bucket behind it.

The disk is always first, so a bucket that is gone is no recording's trouble: `docs/decisions/0009` says why. What goes
into a bucket is encrypted already. Not here: what is in the files (`recording/sealed`), which there are (`clinic/`).
"""

from __future__ import annotations

from recording.storage.bucket import Address, Bucket, Patience
from recording.storage.errors import BadBucket, Refused, StorageError, Unreachable
from recording.storage.storage import Storage
from recording.storage.upload import Uploads

__all__ = [
    "Address",
    "BadBucket",
    "Bucket",
    "Patience",
    "Refused",
    "Storage",
    "StorageError",
    "Unreachable",
    "Uploads",
]
