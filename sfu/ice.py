"""The lite side of ICE (RFC 8445, section 2.5), as far as it is decided here: names, passwords, and what is a restart.

Not here: checks, addresses and answers, which never leave the media thread (`core/ice.pxi`, `core/stun.pxi`).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from dataclasses import dataclass

Entropy = Callable[[int], bytes]
"""n -> n unpredictable bytes."""


@dataclass(frozen=True, repr=False)
class Credentials:
    """Both sides' names and passwords for one ICE generation. Not printable."""

    ufrag: str
    password: str
    remote_ufrag: str
    remote_password: str
    """We send no checks, so it only tells a restart."""

    @classmethod
    def create(cls, entropy: Entropy, remote_ufrag: str, remote_password: str) -> Credentials:
        """RFC 8445, section 5.3, wants 24 and 128 bits of randomness: these are 72 and 192."""
        return cls(_text(entropy(9)), _text(entropy(24)), remote_ufrag, remote_password)

    def is_restart(self, remote_ufrag: str, remote_password: str) -> bool:
        """Whether an offer with these starts a new generation (RFC 8839, section 4.4.1.1.1)."""
        return remote_ufrag != self.remote_ufrag or not hmac.compare_digest(
            remote_password.encode(), self.remote_password.encode()
        )

    def __repr__(self) -> str:
        return "Credentials(...)"


def _text(data: bytes) -> str:
    # ice-char is A-Z a-z 0-9 + / (RFC 8839, section 5.4)
    return base64.b64encode(data).decode("ascii")
