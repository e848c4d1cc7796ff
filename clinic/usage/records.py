"""What the store of usage takes and gives back: a sitting, who had which part of it, what happened when, and sums.

A sitting is one meeting in a session: a session whose id is used each week has many. Times are seconds since 1970
(UTC), lengths whole milliseconds. People are ids as their tokens give them. Not here: what counts (`signaling/usage`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SpanState = Literal["video", "audio", "muted", "lost", "gap"]
"""Of a person: what they sent, or that they had switched everything off, or that no media came or went. Of the sitting:
`video` or `audio` while it was two-way, else `gap`."""

GapReason = Literal["alone", "connection", "muted", "server"]
"""`alone`: only one side was there. `muted`: somebody who is needed for it had switched everything off. `server`: the
service was stopped, or stood still."""

SumKind = Literal["all", "therapist", "patient"]

EVERYBODY = ""
"""In place of a person: the sitting as a whole."""


@dataclass(frozen=True)
class Sitting:
    id: str
    session: str
    day: str
    """YYYY-MM-DD on which it began, as the clinic's calendar says: all of it counts there."""
    started_at: float
    known_until: float
    """The last moment at which it was looked at."""
    ended_at: float | None = None
    two_way_ms: int = 0
    video_ms: int = 0
    """Of `two_way_ms`, with pictures both ways."""
    patients: int = 0
    """How many had two-way media."""
    therapist: str | None = None
    """Who of the therapists had most of it."""
    appointment: str | None = None


@dataclass(frozen=True)
class Share:
    """One person's part of a sitting."""

    person: str
    role: str
    came_at: float
    known_until: float
    present_ms: int = 0
    two_way_ms: int = 0
    video_ms: int = 0
    """Of `two_way_ms`, with their own picture and one of the other side."""


@dataclass(frozen=True)
class Span:
    person: str
    """`EVERYBODY`: the sitting's own."""
    number: int
    """From 0, in the order of time."""
    began_at: float
    ended_at: float
    state: SpanState
    reason: GapReason | None = None


@dataclass(frozen=True)
class WholeSitting:
    sitting: Sitting
    shares: tuple[Share, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def gaps(self) -> list[Span]:
        return [span for span in self.spans if span.person == EVERYBODY and span.state == "gap"]


@dataclass(frozen=True)
class Sum:
    """Of ended sittings: of one day, or of as many as were asked for."""

    who: str
    period: str
    """YYYY-MM, or a year, or empty."""
    sittings: int = 0
    held: int = 0
    """Those with any two-way time."""
    present_ms: int = 0
    two_way_ms: int = 0
    video_ms: int = 0


@dataclass(frozen=True)
class Wanted:
    """Which sittings; all that is given must hold."""

    first_day: str | None = None
    last_day: str | None = None
    therapist: str | None = None
    patient: str | None = None
    session: str | None = None


@dataclass(frozen=True)
class SittingPage:
    sittings: tuple[WholeSitting, ...]
    """With shares, without spans; the newest first."""
    after: tuple[float, str] | None
    """Where the next page begins; None: there is none."""


@dataclass(frozen=True)
class CodeTable:
    """One version of the table of service codes. Versions are only ever added."""

    version: int
    since: float
    by: str
    codes: Mapping[str, Any] = field(default_factory=dict)
