"""Sealed columns: names, addresses and the like, encrypted before they reach the database, and bound to their place
there.

AES-256-GCM. Each value has a key of its own, derived (HKDF, RFC 5869) from the data key and 256 bits of chance, so no
nonce can ever come twice under one key. The place (table, column, row) is authenticated with it: a value that was
copied into another row does not open. Not here: recordings, which are age files (`sealing.py`, `vault.py`)."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretBytes

VERSION = b"\x01"
SALT = 32
NONCE = bytes(12)
"""Always the same: the key is another one each time."""

STEP = 32
"""Bytes to whose multiples texts are filled up: a ciphertext does not tell how long a name is."""


class SealBroken(Exception):
    """What was sealed does not open: another key, another place, or it was changed. Says nothing of what it is."""


class SealedColumns:
    def __init__(self, key: SecretBytes, entropy: Callable[[int], bytes]) -> None:
        self._key = key
        self._entropy = entropy

    def seal(self, text: str, place: str) -> bytes:
        """`place`: such as `patient.name/p1`."""
        salt = self._entropy(SALT)
        content = text.encode()
        filled = content + b"\x80" + bytes(-(len(content) + 1) % STEP)
        return VERSION + salt + AESGCM(self._derived(salt)).encrypt(NONCE, filled, place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """Raises SealBroken."""
        salt, rest = sealed[1 : 1 + SALT], sealed[1 + SALT :]
        if sealed[:1] != VERSION or len(salt) < SALT:
            raise SealBroken("sealed in a way that is not known")
        try:
            filled = AESGCM(self._derived(salt)).decrypt(NONCE, rest, place.encode())
        except (InvalidTag, ValueError):
            raise SealBroken("does not open") from None
        return filled.rstrip(b"\x00")[:-1].decode()

    def maybe_seal(self, text: str | None, place: str) -> bytes | None:
        return None if text is None else self.seal(text, place)

    def maybe_open(self, sealed: bytes | None, place: str) -> str | None:
        return None if sealed is None else self.open(sealed, place)

    def _derived(self, salt: bytes) -> bytes:
        derive = HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"therabook sealed column")
        return derive.derive(self._key.get_secret_value())
