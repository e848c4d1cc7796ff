"""Sessions made up for the meter: people who send what a test says, and clocks that are told.

Not here: what is measured of real media (`test_metered_call.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clinic.usage.records import EVERYBODY, Share, WholeSitting
from signaling.usage.meter import LOOK, Meter, Seen, Sends

WALL = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC."""


def day_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def sends(person: str, what: Sends = "video", *, receives: bool = True, role: str | None = None) -> Seen:
    """People whose ids begin with t are therapists, with i interpreters, the others patients."""
    roles = {"t": "therapist", "i": "interpreter"}
    return Seen(person, role or roles.get(person[0], "patient"), what, receives)


DOCTOR, ALEX, KIM = sends("t1"), sends("p1"), sends("p2")


@dataclass
class Metered:
    """A meter that is looked at every two seconds."""

    now: float = 1000.0
    wall: float = WALL
    kept: dict[str, WholeSitting] = field(default_factory=dict)
    """By id, as the database would have it."""

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        self.new_id: Callable[[], str] = lambda: f"sitting-{next(numbers)}"
        self.meter = Meter(self.new_id, day_of)

    def runs(self, seconds: float, *people: Seen, session: str = "s1") -> None:
        """So long these are there and nobody else anywhere."""
        for _ in range(round(seconds / LOOK)):
            self.passes(LOOK)
            self.looks({session: list(people)} if people else {})

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.wall += seconds

    def looks(self, present: Mapping[str, list[Seen]]) -> None:
        self.meter.look(present, self.now, self.wall)

    def keeps(self, *, everybody: bool = False) -> None:
        taken = self.meter.take(self.now, everybody=everybody)
        for whole in taken:
            before = self.kept.get(whole.sitting.id)
            spans = {(span.person, span.number): span for span in (before.spans if before else ())}
            spans |= {(span.person, span.number): span for span in whole.spans}
            listed = tuple(spans[key] for key in sorted(spans))
            self.kept[whole.sitting.id] = WholeSitting(whole.sitting, whole.shares, listed)
        self.meter.kept(taken)

    def restarts(self, after: float) -> None:
        """As when the process is killed: what was not kept is gone."""
        self.passes(after)
        self.now = 5.0
        self.meter = Meter(self.new_id, day_of)
        unended = [whole for whole in self.kept.values() if whole.sitting.ended_at is None]
        self.meter.adopt(unended, self.now, self.wall)

    @property
    def only(self) -> WholeSitting:
        self.keeps(everybody=True)
        assert len(self.kept) == 1
        return next(iter(self.kept.values()))

    def share(self, person: str) -> Share:
        return next(share for share in self.only.shares if share.person == person)

    def states(self, person: str = EVERYBODY) -> list[tuple[str, float]]:
        """What follows what, with how many seconds of it."""
        return [
            (span.reason or span.state, round(span.ended_at - span.began_at, 3))
            for span in self.only.spans
            if span.person == person
        ]
