"""Places: whether a token is used from two of them at a time, which a copied one is.

An address is kept as a keyed hash, in memory only, for as long as the question is open; the key is made at each start.
A link that opens a session is used once by an honest person: a second place within `WITHIN` is worth a word. A cookie
is used all the time, and a laptop that is carried from one network to another changes its place: only one that goes on
being used in the old place too is worth a word. Pure. Not here: what becomes of the word (`alerts.py`).
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
class _Place:
    first: float
    last: float


@dataclass
class _Used:
    places: dict[bytes, _Place] = field(default_factory=dict)
    quiet_until: float = 0.0


class Places:
    def __init__(self, key: bytes, tokens: int = TOKENS) -> None:
        """`key`: random, and kept nowhere."""
        self._key = key
        self._tokens = tokens
        self._used: dict[str, _Used] = {}

    def used(self, token: str, address: str, now: float, *, lasting: bool) -> bool:
        """Whether that is worth a word; once it was said, not again for `WITHIN`. `lasting`: a cookie or the like."""
        used = self._used.pop(token, None) or _Used()
        self._used[token] = used  # as the newest
        while len(self._used) > self._tokens:
            del self._used[next(iter(self._used))]
        used.places = {name: each for name, each in used.places.items() if now - each.last < WITHIN}
        name = hmac.new(self._key, address.encode("utf-8", "replace"), hashlib.sha256).digest()[:16]
        here = used.places.pop(name, None)
        others = list(used.places.values())
        suspicious = any(here is not None and here.first < each.first for each in others) if lasting else bool(others)
        used.places[name] = _Place(now if here is None else here.first, now)
        while len(used.places) > PLACES:
            del used.places[next(iter(used.places))]
        if not suspicious or now < used.quiet_until:
            return False
        used.quiet_until = now + WITHIN
        return True
