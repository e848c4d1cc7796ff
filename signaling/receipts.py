"""Receipts: an answer to the question whether a session may be recorded, signed so that nobody can change it later.

Signed with a key of the server's own (Ed25519, RFC 8032), over all fields of the answer as JSON with sorted keys. Not
here: who was asked what (`consent.py`), and where answers are kept (`clinic/consents.py`).
"""

from __future__ import annotations

import dataclasses
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretBytes

from clinic import Consent


class Receipts:
    def __init__(self, key: SecretBytes) -> None:
        """`key`: 32 bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(key.get_secret_value())

    @property
    def public(self) -> bytes:
        """32 bytes: with them anybody can check."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, consent: Consent) -> Consent:
        """The same with its signature."""
        return dataclasses.replace(consent, signature=self._key.sign(signed_bytes(consent)))


def is_genuine(consent: Consent, public: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(consent.signature, signed_bytes(consent))
    except InvalidSignature:
        return False
    return True


def signed_bytes(consent: Consent) -> bytes:
    fields = {name: value for name, value in dataclasses.asdict(consent).items() if name != "signature"}
    sealed = fields["signed_as_sealed"]
    fields["signed_as_sealed"] = sealed.hex() if sealed is not None else None
    # as the store gives it back: in whole milliseconds
    fields["at"] = round(fields["at"] * 1000)
    return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
