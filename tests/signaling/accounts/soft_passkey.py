"""An authenticator in software: makes and uses passkeys as the standard says, or lies where a test wants it to."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class SoftPasskey:
    """One passkey of one account at one host."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.host = origin.partition("://")[2].rpartition(":")[0]
        self.id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0
        self.handle: str | None = None

    def create(self, options: dict[str, Any], *, verified: bool = True, **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.create` gives."""
        self.handle = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cose
        data = self._data(lies.get("host", self.host), PRESENT | ATTESTED | (VERIFIED if verified else 0)) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options, lies)
        return self._whole({"clientDataJSON": encoded(client), "attestationObject": encoded(attestation)})

    def get(self, options: dict[str, Any], *, verified: bool = True, **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` gives. `lies`: host, origin, type, challenge, count, key, handle, id."""
        self.count = lies["count"] if "count" in lies else self.count + 1
        data = self._data(lies.get("host", self.host), PRESENT | (VERIFIED if verified else 0))
        client = self._client("webauthn.get", options, lies)
        signed = data + hashlib.sha256(client).digest()
        signature = lies.get("key", self.key).sign(signed, ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": encoded(client),
            "authenticatorData": encoded(data),
            "signature": encoded(signature),
            "userHandle": lies.get("handle", self.handle),
        }
        return self._whole(response, lies.get("id"))

    def _data(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _client(self, kind: str, options: dict[str, Any], lies: dict[str, Any]) -> bytes:
        content = {
            "type": lies.get("type", kind),
            "challenge": lies.get("challenge", options["challenge"]),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(content).encode()

    def _whole(self, response: dict[str, Any], id: bytes | None = None) -> dict[str, Any]:
        name = encoded(id or self.id)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
