"""A publisher with clocks that drift, the line to the engine, and what the engine makes of its reports.

All in true time, which nobody on the line knows: microseconds since the beginning.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from recording.frames import RATES, Kind

REPORT_EVERY_US: dict[Kind, int] = {"audio": 5_000_000, "video": 1_000_000}
"""As Chromium reports."""

CLOCK_WINDOW_US, CLOCK_STEP_US = 60_000_000, 2_000_000
"""As in `sfu/core/rtcp.pxi`."""


@dataclass
class Line:
    """Delays of one person's packets: never overtaking, as they come out of `Reorder`."""

    seed: int
    jitter_us: int = 100_000
    delay_us: int = 30_000

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def delay(self) -> int:
        return self.delay_us + int(self._chance.random() * self.jitter_us)


@dataclass
class Source:
    """One stream: its clock, and what the engine knows of it."""

    kind: Kind
    ppm: float
    base: int
    encoding_us: int
    report: tuple[int, int] | None = None
    """NTP time and RTP time of the publisher's last report that has arrived."""
    shift: int = 0
    """What the engine adds to its timestamps."""

    def rtp(self, at_us: int) -> int:
        return self.base + int(at_us * (1 + self.ppm / 1e6) * RATES[self.kind] / 1e6)

    def sent(self, at_us: int) -> int:
        """The timestamp that the slot carries."""
        return (self.rtp(at_us) + self.shift) & 0xFFFFFFFF


@dataclass
class Publisher:
    """One person. The engine's part is as in `sfu/core/rtcp.pxi`: the distance of the clocks is that of the report
    which came through fastest in the last minute or two, and a slot's report is reckoned from the publisher's last
    one."""

    line: Line
    sources: list[Source]
    ntp_ppm: float = 0
    ntp_offset_us: int = 3_000_000_000
    delta_us: int | None = None
    _before_us: int = 0
    _least_us: int = 0
    _window_at: int = 0
    _on_the_way: list[tuple[int, Source, int, int]] = field(default_factory=list)

    def ntp(self, at_us: int) -> int:
        return self.ntp_offset_us + int(at_us * (1 + self.ntp_ppm / 1e6))

    def send_report(self, source: Source, at_us: int) -> None:
        self._on_the_way.append((at_us + self.line.delay(), source, self.ntp(at_us), source.rtp(at_us)))

    def arrive(self, now_us: int) -> None:
        for report in sorted((each for each in self._on_the_way if each[0] <= now_us), key=lambda each: each[0]):
            self._on_the_way.remove(report)
            at_us, source, ntp, timestamp = report
            source.report = ntp, timestamp
            self._measure(at_us - ntp, now_us)

    def _measure(self, delta: int, now_us: int) -> None:
        if self.delta_us is None or delta - self.delta_us > CLOCK_STEP_US:
            self._before_us = self._least_us = delta
            self._window_at = now_us
        elif now_us - self._window_at >= CLOCK_WINDOW_US:
            self._before_us, self._least_us = self._least_us, delta
            self._window_at = now_us
        else:
            self._least_us = min(self._least_us, delta)
        self.delta_us = min(self._before_us, self._least_us)

    def engine_report(self, source: Source, now_us: int) -> tuple[int, int] | None:
        """What the engine tells the recorder at `now_us`."""
        if source.report is None or self.delta_us is None:
            return None
        ntp, timestamp = source.report
        elapsed = (now_us - self.delta_us - ntp) * RATES[source.kind] // 1_000_000
        return now_us, (timestamp + elapsed + source.shift) & 0xFFFFFFFF
