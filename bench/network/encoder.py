"""What a camera's pictures weigh when they are encoded for a bit rate. Pure, from a seed.

As software VP8 does it in a call: a key frame weighs `KEY_TIMES` a usual one and is paid back over the second that
follows; content moves the size slowly up and down and from frame to frame; sizes follow a changed target at once. At
few bits the frame rate falls, so that a picture remains one. Not here: packets (`publisher.py`).
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bench.network.rate import SECOND

FRAME_US = 33_333
KEY_TIMES = 8.0
SPREAD = 0.18
"""Standard deviation of a frame's size, of its logarithm."""

SLOW = 0.15
SLOW_SECONDS = 7.0
"""Content that is more and less lively: so much, in such periods."""

PAID_BACK = 0.12
"""Of what was spent beyond the target, on each frame that follows."""

LEAST_BYTES = 60
HALF_RATE_BPS = 90_000.0
QUARTER_RATE_BPS = 45_000.0


@dataclass(frozen=True)
class Frame:
    number: int
    key: bool
    size: int
    captured: int


class Encoder:
    """Of one layer. `target` may be set at any time; 0 stops it."""

    def __init__(self, seed: int, most_bps: float) -> None:
        self.most_bps = most_bps
        self.target = 0.0
        self.frames = 0
        self.keys = 0
        self._key_wanted = True
        self._owed = 0.0
        self._pictures = 0
        self._last_at: int | None = None
        self._chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
        self._phase = self._chance.uniform(0, 2 * math.pi)

    def want_key(self) -> None:
        self._key_wanted = True

    def picture(self, now: int) -> Frame | None:
        """Each `FRAME_US`: what is to be sent of it. None: this one is left out."""
        target = min(self.target, self.most_bps)
        self._pictures += 1
        if target <= 0:
            self._last_at = None
            return None
        every = 1 if target >= HALF_RATE_BPS else 2 if target >= QUARTER_RATE_BPS else 4
        if self._pictures % every and not self._key_wanted:
            return None
        span = FRAME_US if self._last_at is None else min(now - self._last_at, SECOND // 4)
        self._last_at = now
        budget = target / 8 * span / SECOND
        slow = 1 + SLOW * math.sin(2 * math.pi * now / SECOND / SLOW_SECONDS + self._phase)
        usual = budget * slow * math.exp(self._chance.gauss(-(SPREAD**2) / 2, SPREAD))
        key, self._key_wanted = self._key_wanted, False
        size = usual * KEY_TIMES if key else max(usual - self._owed * PAID_BACK, budget * 0.25)
        # two seconds of debt are the most that rate control remembers
        self._owed = min(max(self._owed + size - budget, -budget), 2 * SECOND / FRAME_US * budget)
        self.frames += 1
        self.keys += key
        return Frame(self.frames - 1, key, max(round(size), LEAST_BYTES), now)
