"""Sittings that nobody had, for tests of the store.

Not here: how they come to be (`tests/signaling/usage`).
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from clinic.usage.records import EVERYBODY, Share, Sitting, Span, WholeSitting

START = 1_800_000_000.125
"""2027-01-15 08:00:00 UTC and a bit."""


def day_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def whole(
    id: str = "s1",
    at: float = START,
    *,
    therapist: str = "t1",
    patients: tuple[str, ...] = ("p1",),
    two_way: int = 3_000_000,
    video: int = 2_000_000,
    gap: int = 60_000,
    ended: bool = True,
    **more: Any,
) -> WholeSitting:
    until = round(at + (two_way + gap) / 1000, 3)
    turn, gone = round(at + video / 1000, 3), round(at + two_way / 1000, 3)
    sitting = Sitting(
        id=id,
        session=f"session-{id}",
        day=day_of(at),
        started_at=at,
        known_until=until,
        ended_at=until if ended else None,
        two_way_ms=two_way,
        video_ms=video,
        patients=len(patients) if two_way else 0,
        therapist=therapist,
    )
    people = [(therapist, "therapist"), *((patient, "patient") for patient in patients)]
    shares = [Share(who, role, at, until, two_way + gap, two_way, video) for who, role in people]
    spans = [
        Span(EVERYBODY, 0, at, turn, "video"),
        Span(EVERYBODY, 1, turn, gone, "audio"),
        Span(EVERYBODY, 2, gone, until, "gap", "alone"),
    ]
    kept = [span for span in spans if span.ended_at > span.began_at]
    fields = vars(sitting) | more
    return WholeSitting(Sitting(**fields), tuple(sorted(shares, key=lambda each: each.person)), tuple(kept))


def random_sittings(seed: int, count: int, days: int = 40) -> list[WholeSitting]:
    chance = random.Random(seed)
    found = []
    for number in range(count):
        two_way = chance.choice([0, 1, 59_999, 60_000, chance.randrange(0, 5_400_000)])
        found.append(
            whole(
                f"r{seed}-{number}",
                round(START + chance.randrange(days) * 86_400 + chance.randrange(50_000), 3),
                therapist=f"t{chance.randrange(3)}",
                patients=tuple(sorted({f"p{chance.randrange(9)}" for _ in range(chance.choice([1, 1, 1, 2, 4]))})),
                two_way=two_way,
                video=chance.randint(0, two_way),
                gap=chance.randrange(1, 90_000),
                ended=chance.random() < 0.9,
            )
        )
    return found
