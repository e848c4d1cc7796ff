"""What is sent, to how many, and what else happens meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Condition(Enum):
    """Besides the packets."""

    QUIET = "quiet"
    BUSY = "busy"
    """Python is kept at work 5 ms in every 25: ours only, the others have none."""
    JOINING = "joining"
    """A hundred people connect at once: ours only."""


@dataclass(frozen=True, order=True)
class Load:
    """`rooms` publishers, each watched by `subscribers`."""

    rooms: int
    subscribers: int
    packets_per_s: int
    """Of all publishers together."""

    def __str__(self) -> str:
        return f"{self.rooms}x1->{self.subscribers}@{self.packets_per_s}"

    @property
    def shape(self) -> tuple[int, int]:
        """Loads of one shape need the same connections."""
        return self.rooms, self.subscribers

    @classmethod
    def parse(cls, text: str) -> Load:
        """The reverse of `str`; a colon may stand for the arrow, which shells take for something else. Raises
        ValueError."""
        match = re.fullmatch(r"(\d+)x1(?:->|:)(\d+)@(\d+)", text)
        if match is None or not all(int(number) for number in match.groups()):
            raise ValueError(f"{text!r} is not of the form ROOMSx1:SUBSCRIBERS@PACKETS_PER_SECOND")
        return cls(*(int(number) for number in match.groups()))


FULL = tuple(
    Load.parse(text) for text in ("10x1->1@5000", "10x1->1@20000", "10x1->1@40000", "10x1->4@5000", "10x1->11@2000")
)
QUICK = (Load.parse("10x1->1@5000"), Load.parse("10x1->4@1000"))
