"""What a simulated service says to whoever is about to kill it: small values on a pipe.

Each is one write, so that a kill cuts none in two. Not here: who says what when (`service.py`, `stand_in.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sfu import Kind, Source


@dataclass(frozen=True)
class Ready:
    writer: int
    """The process that writes."""


@dataclass(frozen=True)
class Began:
    """Everyone has agreed, and is captured from now on."""

    at_us: int


@dataclass(frozen=True)
class Plays:
    """A person's source is heard in a slot, and shall be kept as this track."""

    slot: str
    track: str
    person: str
    source: Source
    kind: Kind
    at_us: int


@dataclass(frozen=True)
class Ends:
    """And no longer."""

    slot: str
    at_us: int


@dataclass(frozen=True)
class Stalled:
    """People were told that the recording cannot go on, for its writer was killed."""

    at_us: int


@dataclass(frozen=True)
class Revived:
    """There is a writer again."""

    writer: int
    at_us: int


@dataclass(frozen=True)
class Resumed:
    """People were told that they are recorded again."""

    at_us: int


@dataclass(frozen=True)
class Complains:
    """The recording has told people of trouble, before anything was killed."""

    problem: str


@dataclass(frozen=True)
class Recovers:
    """A service that was started again begins to recover what the one before has left."""

    at_us: int


@dataclass(frozen=True)
class HasRecovered:
    """And is through."""


Said = Ready | Began | Plays | Ends | Stalled | Revived | Resumed | Complains | Recovers | HasRecovered
