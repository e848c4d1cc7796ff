"""Whether somebody's sound is to be made small, because the way to us, or on to one who listens, carries little; and
whether no picture of theirs is to be sent at all, so that the sound gets through.

Sound comes before everything, and nobody can make it smaller on its way: it is encrypted end to end. As a browser
sends it, with encryption and headers, a voice takes 69 kbit/s on the wire; made small 29 kbit/s, with a delay that is
40 ms longer (16 kbit/s, packets of 60 ms); and 17 at the least, 100 ms later (10 kbit/s, packets of 120 ms), which
leaves something of 30 kbit/s for what else is said. What is made small is made so for everybody who listens.

Pure: measurements and the time go in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from signaling.message import Sound

if TYPE_CHECKING:
    from sfu import PeerId, PeerReport
    from signaling.seat import Seat

NARROW_BPS = 90_000.0
"""Below this the sound fills the way. With what a small picture takes as well it would already be held."""

STILL_NARROW_BPS = 45_000.0
"""The same for sound that is small. What carries more is only known by sending more: then that is tried."""

LEAST_BPS = 33_000.0
"""Below this small sound fills the way."""

STILL_LEAST_BPS = 22_000.0
"""The same for the least there is."""

PICTURE_BPS = 80_000.0
"""With less on the way to us even the smallest picture takes from the sound what it needs. On the way to who watches
the media server holds pictures."""

LOSES = 0.1
"""Share of packets. Where so many are lost twice in a row, what comes through is what the way carries: a browser that
fills it is the last to know, and what it tells is lost, too."""

SETTLES = 6.0
"""Seconds until it is known what small sound leaves for a picture: browsers tell every five."""

RESTS = 30.0
LONGEST_REST = 600.0
"""Seconds for which it stays so, the longer the sooner it was needed again: each change is heard, if one listens for
it."""

SOON = 60.0

OLD = 15.0
"""Seconds after which what a browser has told counts no more."""


class Measure:
    """One thing that is spared, for some time at the least."""

    def __init__(self) -> None:
        self.on = False
        self.since = 0.0
        self._needed_at = 0.0
        self._ended_at: float | None = None
        self._rest = RESTS

    def need(self, now: float) -> None:
        if not self.on:
            soon = self._ended_at is not None and now - self._ended_at < SOON
            self._rest = min(2 * self._rest, LONGEST_REST) if soon else RESTS
            self.since = now
        self.on, self._needed_at = True, now

    def rested(self, now: float) -> bool:
        return self.on and now - self._needed_at >= self._rest

    def end(self, now: float) -> None:
        self.on, self._ended_at = False, now


class Sparing:
    """Of what one person sends."""

    def __init__(self) -> None:
        self._sound = Measure()
        self._least = Measure()
        self._pictures = Measure()
        self._tried_at = 0.0
        self._lost_before = False
        self._told: list[tuple[float, float]] = []

    @property
    def sound(self) -> Sound:
        return "least" if self._least.on else "small" if self._sound.on else "usual"

    @property
    def no_pictures(self) -> bool:
        return self._pictures.on

    def told(self, bps: float, now: float) -> None:
        """What this person's browser believes that it can send in all."""
        self._told = [*self._told[-1:], (bps, now)]

    def look(self, down: float | None, now: float, own: PeerReport | None = None) -> None:
        """`down`: bit/s on the narrowest way to anybody who listens; None while that is not known. `own`: how this
        person's connection is."""
        # Once is chance: what a browser that sends little believes goes up and down.
        recent = [bps for bps, at in self._told if now - at < OLD]
        up = max(recent) if len(recent) == 2 else None
        loses = own is not None and own.loss_up >= LOSES
        if own is not None and loses and self._lost_before:
            up = own.bits_in if up is None else min(up, own.bits_in)
        self._lost_before = loses
        known = [bps for bps in (up, down) if bps is not None]
        sound, least, pictures = self._sound, self._least, self._pictures
        settled = sound.on and now - max(sound.since, self._tried_at) >= SETTLES
        if known and min(known) < (STILL_NARROW_BPS if sound.on else NARROW_BPS):
            sound.need(now)
        if known and (settled or least.on) and min(known) < (STILL_LEAST_BPS if least.on else LEAST_BPS):
            least.need(now)
        if up is not None and up < PICTURE_BPS and settled and not pictures.on:
            pictures.need(now)
        # One after the other: small sound, the pictures with it, then the sound as it was.
        if least.on:
            sound.need(now)
            if pictures.on:
                pictures.need(now)
            if known and least.rested(now):
                least.end(now)
                self._tried_at = now
        elif pictures.rested(now):
            pictures.end(now)
            self._tried_at = now
            sound.need(now)
        elif not pictures.on and known and sound.rested(now):
            sound.end(now)


def spare(present: Iterable[Seat], reports: Mapping[PeerId, PeerReport], now: float) -> None:
    """Looks at everybody who is present."""
    ways: dict[str, float] = {}
    seats = [seat for seat in present if seat.peer is not None]
    for seat in seats:
        report = reports.get(seat.peer) if seat.peer is not None else None
        if report is not None and report.carries is not None:
            ways[seat.id] = report.carries
    for seat in seats:
        down = min((bps for id, bps in ways.items() if id != seat.id), default=None)
        seat.sparing.look(down, now, reports.get(seat.peer) if seat.peer is not None else None)
