"""The secrets of an endpoint, as they are kept sealed: the one that is used, and those before it for a while.

While there are several, each delivery carries a signature by each, so that a receiver can change over when it likes.
Not here: signing (`signaling/outward.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

LONGEST_OVERLAP = 30 * 86_400
"""Seconds that an old secret can go on being used."""

MOST = 4


class Seals(Protocol):
    """`SealedColumns`."""

    def seal(self, text: str, place: str) -> bytes: ...

    def open(self, sealed: bytes, place: str) -> str:
        """Raises SealBroken."""


@dataclass(frozen=True)
class Secrets:
    current: SecretStr
    before: tuple[tuple[SecretStr, float], ...] = field(default=())
    """With when each ends (seconds since 1970), newest first."""

    def now(self, at: float) -> list[SecretStr]:
        """Those that sign at that time."""
        return [self.current, *(secret for secret, until in self.before if at < until)]

    def rotated(self, new: SecretStr, at: float, overlap: float) -> Secrets:
        still = [(secret, until) for secret, until in self.before if at < until]
        return Secrets(new, tuple([(self.current, at + overlap), *still][: MOST - 1] if overlap > 0 else still))

    def sealed(self, seals: Seals, endpoint: str) -> bytes:
        written = [
            self.current.get_secret_value(),
            [[secret.get_secret_value(), until] for secret, until in self.before],
        ]
        return seals.seal(json.dumps(written), place("secrets", endpoint))


def opened(sealed: bytes, seals: Seals, endpoint: str) -> Secrets:
    """Raises SealBroken."""
    current, before = json.loads(seals.open(sealed, place("secrets", endpoint)))
    return Secrets(SecretStr(current), tuple((SecretStr(secret), float(until)) for secret, until in before))


def place(column: str, endpoint: str) -> str:
    """Where something sealed belongs."""
    return f"webhook_endpoint.{column}/{endpoint}"
