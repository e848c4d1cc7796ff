"""What every key provider does, and how a wrapped secret is tied to what it is for.

Not here: any provider.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Protocol

from pydantic import SecretBytes


class KeyUnavailable(Exception):
    """The key cannot be used now, or not here. The same request may succeed later or elsewhere.

    `str()` is a sentence for people that names no secret and no address.
    """


class KeyRefused(Exception):
    """The key is there and this request is not granted: it was made wrongly, or it is about something else. Asking
    again changes nothing. `str()` as of KeyUnavailable."""


class KeyProvider(Protocol):
    """The clinic's key, wherever it is."""

    @property
    def can_unwrap(self) -> bool:
        """Whether `unwrap` can succeed at all."""

    def describe(self) -> str:
        """Kind and key, public: kept with each recording, so that it is known later which key opens it."""

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        """What may be kept anywhere, as only the clinic's key opens it. `context` says what the secret is for (which
        recording, whose); it is not secret. Raises KeyUnavailable, KeyRefused."""

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        """The secret, if it was wrapped by this key for this very context. Raises KeyUnavailable, KeyRefused."""


_DIGEST = hashlib.sha256().digest_size


def bind(secret: SecretBytes, context: str) -> SecretBytes:
    """The secret behind a digest of its context. All providers wrap this, so that no wrapped secret can be put in
    another's place, whatever the key service itself thinks of contexts."""
    return SecretBytes(_digest(context) + secret.get_secret_value())


def release(bound: SecretBytes, context: str) -> SecretBytes:
    """What `bind` was given. Raises KeyRefused for another context."""
    data = bound.get_secret_value()
    if not hmac.compare_digest(data[:_DIGEST], _digest(context)):
        raise KeyRefused("The wrapped key belongs to another recording or another person.")
    return SecretBytes(data[_DIGEST:])


def _digest(context: str) -> bytes:
    return hashlib.sha256(context.encode("utf-8")).digest()
