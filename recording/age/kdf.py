"""How age derives every key from another: HKDF with SHA-256 (RFC 5869), 32 bytes out.

Not here: where chance comes from. Whoever makes keys is given an `Entropy`.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

Entropy = Callable[[int], bytes]
"""So many bytes that nobody can guess. `os.urandom` in the service."""


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt or None, info=info).derive(secret)
