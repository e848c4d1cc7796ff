"""Every network that is tried, as data: the cases of RFC 8867, ten phones on the move, loss, delay, steps, outages.

The bottleneck is between the server and the people who see and hear: that is where the server decides how much is sent.
What the publishers' own browsers make of their uplinks is measured with real ones (`compared.py`).

Of RFC 8867 are the courses of capacity, the delays, the queue of 300 ms, jitter of at most 30 ms, and cameras of 150
kbit/s to 1.5 Mbit/s. A flow is a call: its camera and its microphone. Several calls through one bottleneck are several
people behind one router.

Not here: how it is simulated (`simulation.py`), how it is judged (`score.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

from bench.network import traces
from bench.network.rate import SECOND, Rate

RFC_MOST = 1_500.0
CAMERA_MOST = 2_500.0
"""kbit/s: what the web client lets a camera of 720p take (`web/js/peer.js`)."""

LARGE_MOST, LARGE_LINES = 4_000.0, 1080
"""And one of 1080p."""

OWN_DELAY_MS = 5
"""Between a publisher and the server, one way."""

Span = tuple[float, float]
"""Seconds: from, until."""


@dataclass(frozen=True)
class Flow:
    """One call, in the direction that is tried. `delay_ms`: one way, beyond the bottleneck; None: the case's."""

    begins: float = 0.0
    delay_ms: float | None = None
    pauses: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Downloads:
    """Others' TCP. `segments` of each, from and to; None: without end. Short ones pause `every` seconds in the mean."""

    count: int
    begins: float
    segments: tuple[int, int] | None = None
    every: float = 0.0


@dataclass(frozen=True)
class Wanted:
    """What is judged. None: told, and no more."""

    used: float | None = 0.85
    """Of what could have been carried in steady state, at least."""
    standing_ms: float | None = 100.0
    recovered_s: float | None = None
    frozen_s_per_minute: float | None = None
    concealed: float | None = None
    gap_ms: float | None = None


@dataclass(frozen=True)
class Case:
    key: str
    title: str
    seconds: float
    down: Rate
    up: Rate | None = None
    """Of the way back, where feedback goes; None: as much as anybody needs."""
    flows: tuple[Flow, ...] = (Flow(),)
    delay_ms: float = 25.0
    queue_ms: float = 300.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    """Of packets, in both directions."""
    outages_down: tuple[Span, ...] = ()
    outages_up: tuple[Span, ...] = ()
    returns: tuple[Span, ...] = ()
    """From when on there was less, and when it came back: after it recovery is timed."""
    downloads: Downloads | None = None
    most_kbit: float = CAMERA_MOST
    lines: int = 720
    encodings: int = 3
    """Simulcast of each camera; 1: none."""
    sound_bytes: int = 80
    """Of Opus in 20 ms."""
    camera: bool = True
    both_ways: bool = False
    """The one who sees sends too, on the way back."""
    settles_s: float = 10.0
    """After a change, before anything is called steady."""
    wanted: Wanted = field(default_factory=Wanted)

    @cached_property
    def steady(self) -> list[Span]:
        """When nothing has changed for `settles_s`."""
        changes = {0.0, self.seconds}
        changes |= {at / SECOND for at in self.down.changes() + (self.up.changes() if self.up else [])}
        changes |= {flow.begins for flow in self.flows}
        for times in (*(flow.pauses for flow in self.flows), self.outages_down, self.outages_up):
            changes |= {at for span in times for at in span}
        if self.downloads is not None:
            changes.add(self.downloads.begins)
        ordered = sorted(at for at in changes if at <= self.seconds)
        spans = [(one + self.settles_s, other) for one, other in pairwise(ordered)]
        return [span for span in spans if span[1] - span[0] >= 2.0 and not self._is_out(span)]

    def _is_out(self, span: Span) -> bool:
        return any(begin < span[1] and span[0] < end for begin, end in (*self.outages_down, *self.outages_up))


def _rfc_case(section: str, title: str, seconds: float, down: Rate, **more: Any) -> Case:
    path = {"delay_ms": 50.0, "queue_ms": 300.0, "jitter_ms": 30.0, "most_kbit": RFC_MOST}
    return Case(f"rfc8867-{section}", f"RFC 8867, {section}: {title}", seconds, down, **{**path, **more})


def _rfc() -> list[Case]:
    several = (Flow(0), Flow(20), Flow(40))
    competing = Wanted(used=None, standing_ms=None, concealed=0.02)
    back = Wanted(recovered_s=10)
    return [
        _rfc_case(
            "5.1",
            "capacity changes, one call",
            100,
            Rate.of_seconds([(0, 1000), (40, 2500), (60, 600), (80, 1000)]),
            returns=((60, 80),),
            wanted=back,
        ),
        _rfc_case(
            "5.2",
            "capacity changes, two calls",
            125,
            Rate.of_seconds([(0, 4000), (25, 2000), (50, 3500), (75, 1000), (100, 2000)]),
            flows=(Flow(), Flow()),
            returns=((25, 50), (75, 100)),
            wanted=back,
        ),
        _rfc_case(
            "5.3",
            "congested way back, both send",
            100,
            Rate.of_seconds([(0, 2000), (20, 1000), (40, 500), (60, 2000)]),
            up=Rate.of_seconds([(0, 2000), (35, 800), (70, 2000)]),
            both_ways=True,
            returns=((20, 60),),
            settles_s=5.0,
            wanted=back,
        ),
        _rfc_case("5.4", "three calls, one after the other", 120, Rate.constant(3_500_000), flows=several),
        _rfc_case(
            "5.5",
            "five calls, 10 to 150 ms away",
            300,
            Rate.constant(4_000_000),
            flows=tuple(Flow(10.0 * at, delay) for at, delay in enumerate((10.0, 25.0, 50.0, 100.0, 150.0))),
        ),
        _rfc_case(
            "5.6",
            "beside a long download",
            120,
            Rate.constant(2_000_000),
            flows=(Flow(5),),
            downloads=Downloads(1, 0.0),
            wanted=competing,
        ),
        _rfc_case(
            "5.7",
            "two calls beside short downloads",
            300,
            Rate.constant(2_000_000),
            flows=(Flow(5), Flow(5)),
            downloads=Downloads(10, 5.0, (20, 34), 10.0),
            wanted=competing,
        ),
        _rfc_case(
            "5.8",
            "three calls, one pauses",
            120,
            Rate.constant(3_500_000),
            flows=(Flow(), Flow(pauses=((40, 60),)), Flow()),
            returns=((40, 60),),
        ),
    ]


def _mobile() -> list[Case]:
    return [
        Case(
            f"mobile-{number}",
            f"mobile {number}: {kind.name}",
            90,
            traces.make(kind, number, 90),
            delay_ms=30,
            queue_ms=500,
            jitter_ms=10,
            settles_s=0.0,
            wanted=Wanted(used=None, standing_ms=None),
        )
        for number, kind in enumerate(traces.TEN, 1)
    ]


def _conditions() -> list[Case]:
    capacity = Rate.constant(2_000_000)
    lossy = [
        Case(
            f"loss-{percent}",
            f"{percent}% loss, 100 ms round trip",
            60,
            capacity,
            delay_ms=50,
            loss=percent / 100,
            wanted=Wanted(
                used=0.85 if percent <= 10 else None,
                frozen_s_per_minute=1.0 if percent <= 5 else None,
                concealed=0.02 if percent <= 10 else None,
            ),
        )
        for percent in (1, 5, 10, 30)
    ]
    far = [
        Case(f"rtt-{each}", f"{each} ms round trip", 60, capacity, delay_ms=each / 2, wanted=Wanted(concealed=0.005))
        for each in (20, 100, 300)
    ]
    return lossy + far


def _changes() -> list[Case]:
    back = Wanted(recovered_s=10)
    out = ((30.0, 40.0),)
    capacity = Rate.constant(2_000_000)
    return [
        Case(
            "steps",
            "4, 1, 4 Mbit/s",
            90,
            Rate.of_seconds([(0, 4000), (30, 1000), (60, 4000)]),
            most_kbit=LARGE_MOST,
            lines=LARGE_LINES,
            returns=((30, 60),),
            wanted=back,
        ),
        Case(
            "outage",
            "nothing for 10 s",
            80,
            capacity,
            outages_down=out,
            outages_up=out,
            returns=out,
            wanted=back,
        ),
        Case(
            "outage-down",
            "nothing for 10 s, media's way only",
            80,
            capacity,
            outages_down=out,
            returns=out,
            wanted=back,
        ),
        Case(
            "outage-up",
            "nothing for 10 s, feedback's way only",
            80,
            capacity,
            outages_up=out,
            returns=out,
            wanted=back,
        ),
        Case(
            "64k",
            "64 kbit/s in all",
            60,
            Rate.constant(64_000),
            up=Rate.constant(64_000),
            delay_ms=50,
            wanted=Wanted(used=None, standing_ms=None, concealed=0.01, gap_ms=100),
        ),
    ]


def every() -> list[Case]:
    return _rfc() + _mobile() + _conditions() + _changes()
