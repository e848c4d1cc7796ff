"""What is hashed and authenticated in a handshake: several values as one, each with its length before it.

Two bytes of length, the higher first; texts are UTF-8; docs/e2ee.md. So nothing can be moved from one value to the
next. Not here: when any of it is sent or compared.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from recording.e2ee.hpke import PublicKey


class Revealed(NamedTuple):
    """What somebody shows in a handshake."""

    person: str
    """The id that the server gave them."""
    public: PublicKey
    nonce: bytes


def transcript(*values: str | bytes) -> bytes:
    """Raises ValueError for a value of more than 65,535 bytes, or a text that UTF-8 does not have."""
    parts = []
    for value in values:
        data = value.encode("utf-8") if isinstance(value, str) else value
        if len(data) > 0xFFFF:
            raise ValueError("a value is too long")
        parts.append(len(data).to_bytes(2, "big") + data)
    return b"".join(parts)


def commitment(session: str, person: str, public: bytes, nonce: bytes) -> bytes:
    """32 bytes that tell nothing of the key, but fit no other."""
    return hashlib.sha256(transcript("TheraBook e2ee commitment", session, person, public, nonce)).digest()


def code(session: str, one: Revealed, other: Revealed) -> int:
    """The 32 bits that two people compare as four words, the first in the highest byte. The same in either order."""
    lower, higher = sorted(transcript(each.person, each.public.data, each.nonce) for each in (one, other))
    return int.from_bytes(
        hashlib.sha256(transcript("TheraBook e2ee code", session) + lower + higher).digest()[:4], "big"
    )


def sealing_info(session: str, sender: str, receiver: str, sender_nonce: bytes, receiver_nonce: bytes) -> bytes:
    """HPKE's `info` of what `sender` seals for `receiver` in one handshake."""
    return transcript("TheraBook e2ee", session, sender, receiver, sender_nonce, receiver_nonce)
