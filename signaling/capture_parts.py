"""What all recordings of a server have in common, and what they tell the rooms that they are of.

Not here: what a recording does (`capture.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from recording.age import Entropy, Identity
from recording.writer import Writer
from sfu import MediaServer
from signaling.capture_books import Books
from signaling.clock import Clock

PROBLEMS = {
    "disk_full": "The clinic's disk is full.",
    "disk_slow": "The clinic's disk does not answer.",
    "disk_failed": "The clinic's disk does not take it.",
    "writer_died": "It was interrupted and is being taken up again.",
    "locked": "What somebody sends cannot be opened, and is missing in it.",
    "records": "The clinic's records cannot be reached.",
    "fault": "Something went wrong in the service.",
}
"""Sentences for the people in the session, behind one that says what this does to the recording."""


class Told(Protocol):
    """The room, as its recording sees it."""

    def capture_began(self, session: str, recording: str) -> None: ...

    def capture_stalled(self, session: str, recording: str, problem: str) -> None: ...

    def capture_warned(self, session: str, recording: str, problem: str | None) -> None: ...

    def capture_failed(self, session: str, recording: str, problem: str) -> None: ...


Ended = Callable[[str, Mapping[str, Identity]], Awaitable[None]]
"""Is told of a recording that is over and kept, with what opens it, by person: for as long as it takes to make a film
of it, where the server cannot unwrap their keys. Never raises."""


async def unheard(_recording: str, _identities: Mapping[str, Identity]) -> None:
    """Nobody makes anything of it."""


@dataclass(frozen=True)
class Parts:
    """What all recordings of a server have in common."""

    media: MediaServer
    writer: Writer
    books: Books
    folder: Path
    """Each recording has a folder of its own in it."""
    clock: Clock
    entropy: Entropy
    new_id: Callable[[], str]
    told: Told
    ended: Ended
    unopened: Callable[[int], None]
    """Is told how many frames nobody's key opened."""
