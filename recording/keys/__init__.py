"""Key providers: who wraps the keys of recordings, and who can unwrap them again.

By default a key file of the clinic's own (`file.py`); or the public half of one only (`sealed.py`); or a key service,
which never lets its key out: Vault Transit (`transit.py`), or any other behind a webhook (`webhook.py`).
Not here: the keys that are wrapped, and the database that keeps them wrapped.
"""

from __future__ import annotations

from recording.keys.file import BadKeyFile, ClinicKey
from recording.keys.provider import KeyProvider, KeyRefused, KeyUnavailable
from recording.keys.sealed import SealedKey
from recording.keys.transit import TransitKey
from recording.keys.webhook import WebhookKey

__all__ = [
    "BadKeyFile",
    "ClinicKey",
    "KeyProvider",
    "KeyRefused",
    "KeyUnavailable",
    "SealedKey",
    "TransitKey",
    "WebhookKey",
]
