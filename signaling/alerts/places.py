"""Places: whether a token is used from two of them at a time, which a copied one is.

An address is kept as a keyed hash, in memory only, for as long as the question is open; the key is made at each start.
A link that opens a session is used once by an honest person: a second place within `WITHIN` is worth a word. A cookie
is used all the time, and a laptop that is carried from one network to another changes its place: only going back and
forth between them is worth a word, as two browsers do that are used at a time. A machine that has IPv4 and IPv6 uses
both, which is no going. Pure. Not here: what becomes of the word (`alerts.py`).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

WITHIN = 600.0
"""Seconds. Longer, and somebody who goes from home to work has been in two places."""

TOKENS = 20_000
"""Remembered at once; beyond it, the one that was not used for the longest time is forgotten."""

PLACES = 4
"""Of one token."""


@dataclass
class _Used:
    places: dict[bytes, float] = field(default_factory=dict)
    """When each was used last; the newest is last."""
    returns: list[float] = field(default_factory=list)
    """When it was used again in a place after it was used in another."""
    quiet_until: float = 0.0


class Places:
    def __init__(self, key: bytes, tokens: int = TOKENS) -> None:
        """`key`: random, and kept nowhere."""
        self._key = key
        self._tokens = tokens
        self._used: dict[tuple[str, bool], _Used] = {}

    def used(self, token: str, address: str, now: float, *, returns: int) -> bool:
        """Whether that is worth a word; once it was said, not again for `WITHIN`.

        `returns`: so many, to places where it was used before, are. 0: a second place is.
        """
        key = (token, returns > 0 and ":" in address)
        used = self._used.pop(key, None) or _Used()
        self._used[key] = used  # as the newest
        while len(self._used) > self._tokens:
            del self._used[next(iter(self._used))]
        used.places = {name: last for name, last in used.places.items() if now - last < WITHIN}
        used.returns = [at for at in used.returns if now - at < WITHIN]
        name = hmac.new(self._key, address.encode("utf-8", "replace"), hashlib.sha256).digest()[:16]
        if returns and name in used.places and name != next(reversed(used.places)):
            used.returns = [*used.returns, now][-returns:]
        used.places.pop(name, None)
        suspicious = len(used.returns) >= returns if returns else bool(used.places)
        used.places[name] = now
        while len(used.places) > PLACES:
            del used.places[next(iter(used.places))]
        if not suspicious or now < used.quiet_until:
            return False
        used.quiet_until, used.returns = now + WITHIN, []
        return True
