"""What a simulated service has said until it was killed: what it heard, and so what must have been kept.

Not here: looking for it (`check.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.crash.said import Complains, Ends, Plays, Resumed, Revived, Said, Stalled

Cut = Literal["killed", "writer"]


@dataclass
class Heard:
    killed_us: int = 0
    writer_killed_us: int | None = None
    """If the writer was killed before the rest."""
    plays: dict[str, Plays] = field(default_factory=dict)
    """By slot."""
    ends: dict[str, int] = field(default_factory=dict)
    stalled_us: int | None = None
    revived_us: int | None = None
    resumed_us: int | None = None
    complaints: list[str] = field(default_factory=list)
    recoveries_killed: int = 0
    """Times at which a recovery was killed before it was through."""

    def take(self, said: Said) -> None:
        match said:
            case Plays():
                self.plays[said.slot] = said
            case Ends():
                self.ends[said.slot] = said.at_us
            case Stalled():
                self.stalled_us = said.at_us
            case Revived():
                self.revived_us = said.at_us
            case Resumed():
                self.resumed_us = said.at_us
            case Complains():
                self.complaints.append(said.problem)

    def end_of(self, plays: Plays) -> tuple[int, Cut | None]:
        """Until when it was heard by somebody who writes, and what cut it off; None: it had ended."""
        ended = self.ends.get(plays.slot)
        until = self.killed_us if ended is None else min(ended, self.killed_us)
        if self.writer_killed_us is not None and plays.at_us <= self.writer_killed_us < until:
            return self.writer_killed_us, "writer"
        return until, None if ended is not None else "killed"
