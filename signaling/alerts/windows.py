"""How often something happened of late, for each key by itself. Pure, and bounded in what it remembers.

Not here: what is counted (`rules.py`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

KEYS = 5_000
"""Keys remembered at once. Beyond it, whoever was not heard of for the longest time is forgotten."""


@dataclass
class _Seen:
    times: dict[Hashable, float] = field(default_factory=dict)
    """When each was seen last, the oldest first."""
    quiet_until: float = 0.0
    """Enough was seen, and that was said."""


class Window:
    def __init__(self, threshold: int, seconds: float, keys: int = KEYS) -> None:
        """`threshold`: how many in so many seconds are worth a word; 0: none ever are."""
        self.threshold = threshold
        self.seconds = seconds
        self._keys = keys
        self._seen: dict[Hashable, _Seen] = {}
        self._number = 0

    def add(self, key: Hashable, at: float, what: Hashable = None, times: int = 1) -> bool:
        """Whether it is worth a word now; once that was said, not again for as long as the window is.

        `what`: the same counts once. `times`: how often it happened, where that is not once.
        """
        if self.threshold <= 0:
            return False
        seen = self._seen.pop(key, None) or _Seen()
        self._seen[key] = seen  # as the newest
        while len(self._seen) > self._keys:
            del self._seen[next(iter(self._seen))]
        for _ in range(max(1, min(times, self.threshold))):
            self._number += 1
            name = self._number if what is None else (what,)
            seen.times.pop(name, None)
            seen.times[name] = at
        seen.times = {each: then for each, then in seen.times.items() if at - then < self.seconds}
        while len(seen.times) > self.threshold:
            del seen.times[next(iter(seen.times))]
        if len(seen.times) < self.threshold or at < seen.quiet_until:
            return False
        seen.quiet_until = at + self.seconds
        return True
