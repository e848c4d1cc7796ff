"""The two clocks, as arguments: shells read them and hand the time on.

`steady` only goes forward and is what waiting is measured with; `wall` is seconds since 1970 and may jump when an
operator or NTP sets it. What expires by date (tokens) uses the second, everything else the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
