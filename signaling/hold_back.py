"""How long what somebody sends is held back in the others' browsers before it is played.

Where packets are lost on the way from its sender to us, they are asked for again, and come a round trip later. A
browser that knows of no such way shows each of those pictures late, and seems to stand still. So it is told to wait as
long for all of them: pictures, and the sound that belongs to them.

Pure: measurements and the time go in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sfu import PeerId, PeerReport
    from signaling.seat import Seat

LOSES = 0.01
"""Share of packets. With less there is too little to mend for a conversation to wait for it."""

FAR_MS = 40.0
"""Round trip. What comes again sooner than this is not seen to be late."""

SPARE_MS = 50.0
"""For what comes again to be looked for, and sent. What is lost twice comes later still, and then nothing waits."""

STEP_MS = 50
MOST_MS = 300
"""More, and people begin to talk into each other: that is worse than a picture that stands still."""

LASTS = 30.0
"""Seconds for which there must have been no need for it: each change is heard, if one listens for it."""


class HoldBack:
    """Of what one person sends."""

    def __init__(self) -> None:
        self.ms = 0
        self._needed_at = 0.0
        self._lost_before = False

    def look(self, loss: float, rtt_ms: float | None, now: float) -> None:
        """`loss`: the share of their packets that did not come at first. Once is chance: twice in a row counts."""
        loses = loss >= LOSES
        needed = 0
        if loses and self._lost_before and rtt_ms is not None and rtt_ms >= FAR_MS:
            needed = min(math.ceil((rtt_ms + SPARE_MS) / STEP_MS) * STEP_MS, MOST_MS)
        self._lost_before = loses
        if needed >= self.ms or now - self._needed_at >= LASTS:
            self.ms, self._needed_at = needed, now


def hold_back(seats: Iterable[Seat], reports: Mapping[PeerId, PeerReport], now: float) -> None:
    for seat in seats:
        if seat.peer is not None and (report := reports.get(seat.peer)) is not None:
            seat.hold_back.look(report.loss_up, report.rtt_ms, now)
