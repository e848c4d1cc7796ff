"""What a phone's connection carries while it moves: courses of bit rates from a seed. Pure.

No recordings of real networks are used: their licences differ, and what they show depends on who drove where. The model
says what is in it instead:

- A connection is in one of a few conditions (good, fair, poor, and for some none), each with a mean rate, and stays in
  it for an exponentially distributed time: the cell, its load, the walls around.
- Within a condition the rate moves as exp(x), x being an autoregressive process of first order (step 200 ms, memory
  `memory`, deviation `spread`): fading, and the scheduler's other customers.
- `handover_every` seconds on average nothing is carried for `handover_ms`: what is under way waits.

What it leaves out: retransmissions of the radio link as jitter of each packet (a line's jitter is there for that), and
what a sender's own load does to its share of a cell.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from bench.network.rate import SECOND, Rate

STEP_US = 200_000
LEAST_KBIT = 30.0
"""While it is not down: below, a call is no call, and it would be an outage."""


@dataclass(frozen=True)
class Kind:
    name: str
    conditions: tuple[tuple[float, float], ...]
    """(kbit/s, seconds that it lasts on average)."""
    spread: float
    memory: float
    handover_every: float
    handover_ms: tuple[int, int]
    most_kbit: float


LTE_ROOM = Kind("LTE, in a room", ((4500, 20), (2500, 12), (1200, 6)), 0.20, 0.90, 1e9, (0, 0), 8000)
LTE_STREET = Kind("LTE, on foot", ((5000, 12), (2200, 10), (900, 6)), 0.30, 0.85, 40, (60, 250), 10_000)
LTE_CAR = Kind("LTE, in a car", ((6000, 6), (2500, 6), (700, 4)), 0.40, 0.80, 15, (80, 400), 12_000)
UMTS = Kind("3G, parked car", ((1500, 15), (800, 15), (350, 8)), 0.25, 0.90, 60, (150, 600), 3000)
TRAIN = Kind("train", ((4000, 8), (1200, 8), (300, 6), (0, 2.5)), 0.45, 0.80, 12, (150, 1200), 9000)

TEN = (LTE_ROOM, LTE_STREET, LTE_CAR, UMTS, TRAIN, LTE_ROOM, LTE_STREET, LTE_CAR, UMTS, TRAIN)


def make(kind: Kind, seed: int, seconds: float) -> Rate:
    """The same seed gives the same course. It ends in a condition that carries something."""
    chance = random.Random(f"{kind.name} {seed}")  # noqa: S311 - chance from a seed, no secret
    alive = [each for each in kind.conditions if each[0] > 0]
    number, left, x = 0, chance.expovariate(1 / kind.conditions[0][1]), 0.0
    handover = chance.expovariate(1 / kind.handover_every)
    gap_until = -1.0
    steps: list[tuple[int, float]] = []
    for count in range(math.ceil(seconds * SECOND / STEP_US)):
        now = count * STEP_US / SECOND
        left -= STEP_US / SECOND
        if left <= 0:
            number = chance.choice([each for each in range(len(kind.conditions)) if each != number])
            left = chance.expovariate(1 / kind.conditions[number][1])
        x = kind.memory * x + chance.gauss(0.0, kind.spread * math.sqrt(1 - kind.memory**2))
        mean = kind.conditions[number][0]
        kbit = min(max(mean * math.exp(x), LEAST_KBIT), kind.most_kbit) if mean else 0.0
        if now >= handover:
            gap_until = now + chance.uniform(*kind.handover_ms) / 1000
            handover = gap_until + chance.expovariate(1 / kind.handover_every)
        steps.append((count * STEP_US, 0.0 if now < gap_until else round(kbit * 1000)))
    steps.append((len(steps) * STEP_US, alive[-1][0] * 1000))
    return Rate(tuple(steps))
