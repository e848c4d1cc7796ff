"""An age file's payload: chunks of 64 KiB, each sealed by itself under its number, the last one marked as the last.

So a chunk can be opened without the others, and none can be moved, left out or put behind the end.
Not here: which chunk is written or read when (`writer.py`, `reader.py`).
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from pydantic import SecretBytes

from recording.age.kdf import hkdf

CHUNK = 65536
"""Bytes of plaintext. Fixed by the format."""
TAG = 16
SEALED_CHUNK = CHUNK + TAG
NONCE = 16
"""Bytes at the payload's beginning, new for each file."""


class Payload:
    """Seals and opens one file's chunks. To seal two different texts as the same chunk would give both away: callers
    go forward only."""

    def __init__(self, file_key: SecretBytes, nonce: bytes) -> None:
        self._file_key = file_key
        self._nonce = nonce
        self._cipher = ChaCha20Poly1305(hkdf(file_key.get_secret_value(), nonce, b"payload"))

    def seal(self, number: int, data: bytes | bytearray | memoryview, *, last: bool) -> bytes:
        return self._cipher.encrypt(_name(number, last), data, None)

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes | None:
        """None if it is not that chunk as it was written."""
        if len(sealed) < TAG:
            return None
        try:
            return self._cipher.decrypt(_name(number, last), sealed, None)
        except InvalidTag:
            return None

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes that only those know who can read this file. age itself uses the purposes "header" and "payload"."""
        return hkdf(self._file_key.get_secret_value(), self._nonce, purpose)


def _name(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
