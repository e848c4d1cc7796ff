"""Sealed mode: the server has the public half of the clinic's key only. What it has wrapped it cannot unwrap.

Whoever holds the other half opens it elsewhere, as a `ClinicKey`: both wrap alike.
"""

from __future__ import annotations

from pydantic import SecretBytes

from recording.age import Entropy, Recipient, seal_bytes
from recording.keys.provider import KeyUnavailable, bind


class SealedKey:
    can_unwrap = False

    def __init__(self, recipient: Recipient, entropy: Entropy) -> None:
        self.recipient = recipient
        self._entropy = entropy

    def describe(self) -> str:
        return f"sealed {self.recipient}"

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        return seal_bytes(bind(secret, context).get_secret_value(), [self.recipient], self._entropy)

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        raise KeyUnavailable(
            "This server can seal recordings but not open them. Use the clinic's secret key, which is kept elsewhere."
        )
