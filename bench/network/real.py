"""Networks for real browsers, as data: a line for the right one, the left one's is good. A subset of `cases.py`: each
takes as long as it lasts, several times over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.network import traces
from bench.network.places import link
from bench.network.rate import Rate

SETTLE_SECONDS = 15.0
"""After `begin`, before anything is counted."""


@dataclass(frozen=True)
class Real:
    """A network for real browsers. `down` and `up` are the right one's line."""

    key: str
    title: str
    seconds: float
    down: Rate | None = None
    up: Rate | None = None
    round_trip_ms: float = 50.0
    queue_ms: float = 300.0
    loss: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()
    emulated: Mapping[str, float] = field(default_factory=dict)
    settles_s: float = SETTLE_SECONDS
    frozen_s_per_minute: float | None = None
    concealed: float | None = None
    sound_only: bool = False

    def links(self, seed: int) -> dict[str, dict[str, dict[str, Any]]]:
        """Of the round trip the left one's line takes a fifth."""
        near = link(delay_ms=self.round_trip_ms / 10)
        far = {"delay_ms": self.round_trip_ms * 0.4, "queue_ms": self.queue_ms, "loss": self.loss}
        return {
            "left": {"up": near, "down": near},
            "right": {
                "down": link(self.down, outages=self.outages, seed=seed, **far),
                "up": link(self.up, outages=self.outages, seed=seed + 1, **far),
            },
        }


def _both(rate: Rate) -> dict[str, Any]:
    return {"down": rate, "up": rate}


CASES = (
    Real("narrow", "1 Mbit/s", 60, **_both(Rate.constant(1_000_000))),
    Real(
        "lossy",
        "5% loss, 100 ms, 2 Mbit/s",
        60,
        round_trip_ms=100,
        loss=0.05,
        frozen_s_per_minute=1.0,
        **_both(Rate.constant(2_000_000)),
    ),
    Real("far", "300 ms, 1.5 Mbit/s", 60, round_trip_ms=300, **_both(Rate.constant(1_500_000))),
    Real("stairs", "4, 1, 4 Mbit/s", 75, **_both(Rate.of_seconds([(0, 4000), (25, 1000), (50, 4000)]))),
    Real("gone", "nothing for 10 s", 60, outages=((20.0, 30.0),), **_both(Rate.constant(2_000_000))),
    Real("on-foot", "mobile: LTE, on foot", 60, round_trip_ms=60, **_both(traces.make(traces.LTE_STREET, 2, 60))),
    Real(
        "least",
        "64 kbit/s",
        45,
        round_trip_ms=100,
        concealed=0.02,
        sound_only=True,
        **_both(Rate.constant(64_000)),
    ),
    Real(
        "thirty",
        "30 kbit/s after a while",
        105,
        round_trip_ms=100,
        settles_s=35.0,
        concealed=0.1,
        sound_only=True,
        **_both(Rate.of_seconds([(0, 2000), (10, 30)])),
    ),
    Real(
        "emulated",
        "Chromium's own 5% loss",
        45,
        round_trip_ms=20,
        emulated={"latency": 40, "packetLoss": 5, "packetQueueLength": 100},
    ),
)
