"""One simulated session and when it is killed: all of it follows from a seed.

Pure. Not here: carrying it out (`service.py`), killing it (`kill.py`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

from sfu import Source
from signaling.roles import Role

What = Literal["mute", "unmute", "camera_off", "camera_on", "pause", "resume", "newcomer", "agrees", "stop"]
Victim = Literal["both", "service", "writer"]

LONGEST = 6.0
"""Seconds after the beginning within which everything happens."""

EARLIEST = 0.2
"""Seconds after the beginning, for a kill."""

BEFORE, AFTER = 0.15, 0.3
"""Seconds around a step, for kills that are aimed at one."""

AIMED = 0.5
"""The part of all kills that is aimed at a step. The others may come at any moment."""

VICTIMS: dict[Victim, float] = {"both": 0.64, "service": 0.2, "writer": 0.16}
"""Who is killed, and in which part of all sessions: both, as systemd does; the service and not the writer, as when
memory has run out; the writer alone, after which the service goes on for a while until both are killed."""

SEALED = 0.2
"""The part of all services that have the clinic's public key only."""

AGAIN, MOST_AGAIN = 0.3, 3
"""The part of all services that are killed again while they start anew, up to so many times."""

RECOVERS = 0.15
"""Seconds after the beginning of a recovery within which it is killed. Few take longer."""

GOES_ON = (0.2, 1.5)
"""Seconds from the return of a writer that was killed until all is."""

CALM = (0.6, LONGEST)
"""Seconds at most between two steps, either of these. Each step that ends a track has the disk written to at once, so
that much goes by without one too."""

THERAPIST, PATIENT, INTERPRETER = "seat-t", "seat-p", "seat-i"
ROLES: dict[str, Role] = {THERAPIST: "therapist", PATIENT: "patient", INTERPRETER: "interpreter"}

SWITCHES: dict[Source, tuple[What, What]] = {"microphone": ("mute", "unmute"), "camera": ("camera_off", "camera_on")}
"""What switches a source off and on."""


@dataclass(frozen=True)
class Step:
    at: float
    """Seconds after the beginning."""
    what: What
    person: str


@dataclass(frozen=True)
class Plan:
    seed: int
    steps: tuple[Step, ...]
    kill_at: float
    """Seconds after the beginning."""
    victim: Victim = "both"
    goes_on: float = 0.0
    """Where the writer is the victim: seconds from its return until both are killed."""
    sealed: bool = False
    again: tuple[float, ...] = ()
    """Seconds after the beginning of a recovery at which it is killed: of the first one, of the second one."""


def plan(seed: int, longest: float = LONGEST) -> Plan:
    chance = random.Random(f"kill {seed}")
    steps = _steps(chance, longest)
    over = steps[-1].at + AFTER if steps and steps[-1].what == "stop" else longest
    kill_at = chance.uniform(EARLIEST, min(over, longest))
    if steps and chance.random() < AIMED:
        aim = chance.choice(steps)
        kill_at = min(max(EARLIEST, aim.at + chance.uniform(-BEFORE, AFTER)), longest)
    (victim,) = chance.choices(tuple(VICTIMS), tuple(VICTIMS.values()))
    again = chance.randint(1, MOST_AGAIN) if chance.random() < AGAIN else 0
    return Plan(
        seed,
        steps,
        kill_at,
        victim,
        goes_on=chance.uniform(*GOES_ON),
        sealed=chance.random() < SEALED,
        again=tuple(chance.uniform(0.0, RECOVERS) for _ in range(again)),
    )


def _steps(chance: random.Random, longest: float) -> tuple[Step, ...]:
    off: set[tuple[str, Source]] = set()
    present = [THERAPIST, PATIENT]
    paused = False
    steps: list[Step] = []
    at = chance.uniform(0.2, chance.choice(CALM))
    while at < longest:
        weights = (2, 8, 0, 1) if paused else (6, 3, 1, 1)
        what = chance.choices(("switch", "pause", "newcomer", "stop"), weights)[0]
        if what == "pause":
            steps.append(Step(at, "resume" if paused else "pause", THERAPIST))
            paused = not paused
        elif what == "newcomer" and INTERPRETER not in present:
            steps.append(Step(at, "newcomer", INTERPRETER))
            at += chance.uniform(0.1, 0.6)
            steps.append(Step(at, "agrees", INTERPRETER))
            present.append(INTERPRETER)
        elif what == "stop":
            steps.append(Step(at, "stop", THERAPIST))
            break
        else:
            person, source = chance.choice(present), chance.choice(tuple(SWITCHES))
            is_off = (person, source) in off
            steps.append(Step(at, SWITCHES[source][is_off], person))
            off ^= {(person, source)}
        at += chance.uniform(0.1, 0.5 if paused else chance.choice(CALM))
    return tuple(steps)
