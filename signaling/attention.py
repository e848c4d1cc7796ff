"""Who is speaking, and how good each person's connection is: judged from what the media server measures at its end, and
from what the person's own browser says of theirs.

Pure: measurements and the time go in, a verdict comes out. Telling people is `room.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Grade = Literal["good", "fair", "poor", "lost"]

HEARD = -50.0
"""dBov (RFC 6464). Lower: breathing and keyboards light up a tile. Higher: quiet speakers never do."""

HELD = 0.6
"""Seconds for which somebody stays marked after they were last heard: the pauses between words."""

FAIR_LOSS, POOR_LOSS = 0.02, 0.08
"""From 2% on video shows repairs; from 8% on repairs no longer keep up."""

FAIR_RTT_MS, POOR_RTT_MS = 200.0, 450.0
"""From 200 ms on people begin to talk into each other (ITU-T G.114 counts both halves of the way)."""

FAIR_FROZEN, POOR_FROZEN = 0.02, 0.1
"""Share of the time in which a picture stood still: a tenth of a second in five is seen, half a second disturbs."""

FAIR_CONCEALED, POOR_CONCEALED = 0.02, 0.08
"""Share of the sound that was invented: one word in fifty is a click, one in twelve has to be said again."""

BETTER_AFTER = 3
"""Looks in a row that must be better before a grade rises; it falls at once. Stops a flickering sign."""


class Speakers:
    def __init__(self) -> None:
        self._heard: dict[str, tuple[float, float]] = {}
        self.told: tuple[str, ...] = ()
        self.recent: tuple[str, ...] = ()
        """Who spoke last, the latest first. Whoever goes on speaking stays before those who begin meanwhile."""

    def look(self, levels: Mapping[str, float], now: float) -> tuple[str, ...] | None:
        """Who speaks, loudest first, if it changed; `levels` holds dBov by person, 0 the loudest."""
        for person, level in levels.items():
            if level >= HEARD:
                self._heard[person] = (level, now)
        self._heard = {p: (level, at) for p, (level, at) in self._heard.items() if now - at <= HELD}
        # Steps of 6 dB: two equal voices would otherwise change places with every look.
        order = sorted(self._heard, key=lambda p: (-round(self._heard[p][0] / 6), p))
        if order and self.recent[:1] not in [(person,) for person in order]:
            self.recent = (order[0], *(person for person in self.recent if person != order[0]))
        if tuple(order) == self.told:
            return None
        self.told = tuple(order)
        return self.told

    def forget(self, person: str) -> None:
        self._heard.pop(person, None)
        self.recent = tuple(each for each in self.recent if each != person)


class Grades:
    def __init__(self) -> None:
        self._grades: dict[str, Grade] = {}
        self._better: dict[str, int] = {}
        self.told: dict[str, Grade] = {}

    def look(self, measured: Mapping[str, Grade]) -> dict[str, Grade] | None:
        """Everybody's grade, if any changed. `measured` holds this look's grade of each person present."""
        ranks: dict[Grade, int] = {"lost": 0, "poor": 1, "fair": 2, "good": 3}
        grades: dict[str, Grade] = {}
        better: dict[str, int] = {}
        for person, grade in measured.items():
            before = self._grades.get(person, grade)
            rises = ranks[grade] > ranks[before] and before != "lost"
            better[person] = self._better.get(person, 0) + 1 if rises else 0
            grades[person] = before if rises and better[person] < BETTER_AFTER else grade
        self._grades, self._better = grades, better
        if grades == self.told:
            return None
        self.told = dict(grades)
        return self.told


@dataclass(frozen=True)
class Felt:
    """What a person's browser says of what they see and hear: shares of the time, 0 to 1."""

    frozen: float = 0.0
    concealed: float = 0.0


def grade(loss: float, rtt_ms: float | None, felt: Felt | None = None) -> Grade:
    """`loss` is the worse direction's share of lost packets, 0 to 1.

    `felt` is the person's own word and can only make their own grade worse.
    """
    rtt = rtt_ms or 0.0
    felt = felt or Felt()
    if loss >= POOR_LOSS or rtt >= POOR_RTT_MS or felt.frozen >= POOR_FROZEN or felt.concealed >= POOR_CONCEALED:
        return "poor"
    if loss >= FAIR_LOSS or rtt >= FAIR_RTT_MS or felt.frozen >= FAIR_FROZEN or felt.concealed >= FAIR_CONCEALED:
        return "fair"
    return "good"
