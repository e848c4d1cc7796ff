"""From a stream's RTP time to the recording's time, so that one person's sound and picture stay together.

Each stream counts with a clock of its own, which drifts; the engine's sender reports say what all of them show at one
moment of its own clock. A report is exact, whenever it comes: so the last one counts at once where it shows a step (the
slot has another source, whose timestamps were joined on by guess), and slowly where it shows a few milliseconds (the
publisher's own reports are that noisy). Both streams of a person hear of the same steps at the same time, so what is
not exact is not exact for both alike. Until there is a report the fastest packets of the last seconds tell the time,
for nothing arrives before it was sent.

A publisher may lie in its reports and timestamps, so neither is believed further than arrival bears out.
A pause leaves its length in the timestamps and so in the recording. Not here: reading reports (`rtp.py`), the order of
packets (`reorder.py`).
"""

from __future__ import annotations

STEP_US = 15_000
"""A report that is off by more shows a step. Smaller, a noisy publisher's sound would limp; larger, a change of layer
could leave more of it between sound and picture."""

GAIN = 4
"""A report that is off by less moves the time by a part of that: one in four."""

AHEAD_US = 500_000
"""Nothing is later than its arrival; this much is forgiven, since arrival is judged by the fastest packets only."""

BEHIND_US = 10_000_000
"""A stream on TCP may arrive this late after the line was held up. Later than this, its timestamps have stood still."""

REPORT_BEHIND_US = 500_000
"""And by a report not even the fastest packet of the last seconds is as late as this. While a microphone is muted a
browser's timestamps stand still, and what the engine reports until the publisher's own next report (seconds later) is
wrong by the length of that. Larger, and the sound after a short mute is so much too early; smaller, and more streams
on a line that holds everything up have to go by their arrival."""

WINDOW_US = 10_000_000
"""In each such time the fastest packet is found anew. Longer: drift is seen later. Shorter: jitter is taken for it."""

CROWD_US = 5_000_000
"""Frames in one millisecond are moved apart by one each; at this much they are too many and are dropped."""

_LEAST_STEP_US = 1000
"""The file's timestamps are milliseconds, and no two frames have the same."""


class SlotClock:
    """One slot's timestamps. `rate`: ticks a second. `origin_us`: where the recording's time is zero, by the engine's
    clock."""

    def __init__(self, rate: int, origin_us: int) -> None:
        self._rate = rate
        self._origin = origin_us
        self._last: int | None = None
        self._last_arrived = 0
        self._offset: int | None = None
        """By reports: from the stream's own time to the engine's, microseconds."""
        self._fastest = _Fastest()
        self._early: tuple[int, int] | None = None
        """A report that came before the first packet."""
        self._stamped = -_LEAST_STEP_US
        self.restarts = 0
        self.refused_reports = 0

    def extend(self, timestamp: int, arrived_us: int) -> int:
        """A packet's timestamp, in order of sequence numbers, counted on beyond 32 bits."""
        if self._last is not None and timestamp == self._last & 0xFFFFFFFF:
            return self._last  # another packet of the same picture
        extended = self._nearest(timestamp, arrived_us)
        self._last, self._last_arrived = extended, arrived_us
        delay = arrived_us - self._own_us(extended)
        known = self._known()
        if known is not None and not -AHEAD_US <= delay - known <= BEHIND_US:
            self.restarts += 1
            self._offset = None
            self._fastest = _Fastest()
        self._fastest.take(delay, arrived_us)
        if self._early is not None:
            early, self._early = self._early, None
            self.reported(*early)
        return extended

    def reported(self, at_us: int, timestamp: int) -> None:
        """A sender report of this stream's."""
        if self._last is None:
            self._early = at_us, timestamp
            return
        offset = at_us - self._own_us(self._nearest(timestamp, at_us))
        if not -AHEAD_US <= self._fastest.delay(offset) - offset <= REPORT_BEHIND_US:
            self.refused_reports += 1
        elif self._offset is None or abs(offset - self._offset) > STEP_US:
            self._offset = offset
        else:
            self._offset += (offset - self._offset) // GAIN

    def stamp(self, extended: int) -> int | None:
        """The recording's time of a frame, microseconds, at least a millisecond after the one before. None: so many
        came at once that their times would mean nothing."""
        meant = self._own_us(extended) + (self._known() or 0) - self._origin
        at = max(meant, self._stamped + _LEAST_STEP_US)
        if at - max(meant, 0) > CROWD_US:
            return None
        self._stamped = at
        return at

    def _own_us(self, extended: int) -> int:
        return extended * 1_000_000 // self._rate

    def _known(self) -> int | None:
        return self._offset if self._offset is not None else self._fastest.least

    def _nearest(self, timestamp: int, at_us: int) -> int:
        """Of all numbers that wrap to `timestamp`, the one closest to what a steady stream would show at `at_us`: so a
        pause of many hours is counted right."""
        if self._last is None:
            return 0x100000000 + timestamp
        meant = self._last + (at_us - self._last_arrived) * self._rate // 1_000_000
        return meant + ((timestamp - meant + 0x80000000) & 0xFFFFFFFF) - 0x80000000


class _Fastest:
    """The least delay of the last one or two windows."""

    def __init__(self) -> None:
        self.least: int | None = None
        self._now: int | None = None
        self._since = 0

    def take(self, delay: int, arrived_us: int) -> None:
        """`delay`: from the stream's own time to arrival; its zero means nothing."""
        passed = arrived_us - self._since
        if self._now is None or passed > 2 * WINDOW_US:
            self._now = self.least = delay
            self._since = arrived_us
        elif passed > WINDOW_US:
            self.least = min(self._now, delay)
            self._now = delay
            self._since = arrived_us
        elif delay < self._now:
            self._now = delay
            if self.least is None or delay < self.least:
                self.least = delay

    def delay(self, otherwise: int) -> int:
        return self.least if self.least is not None else otherwise
