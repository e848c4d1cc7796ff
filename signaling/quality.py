"""How one person's connection is, gathered while they are in the session: what the media server measures, and what
their own browser says.

What somebody's browser says counts for nobody but themselves. It cannot make their grade better than the media server
measured, it cannot touch another person's figures, and it never counts for more time than has passed. Memory is
bounded whatever is said and however long it goes on.

Pure: time is an argument. Not here: who is in the session and when this is kept (`quality_sessions.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from signaling.attention import Felt
from signaling.message import Source
from signaling.quality_figures import Connection, Failure, ReconnectKind, Way, measure
from signaling.quality_spread import Spread
from signaling.quality_tally import OtherTally, ReceivedTally, SentTally, bits, count, rounded, shares, times
from signaling.stats import PathStats, ReceivedStats, Stats

if TYPE_CHECKING:
    from sfu import LostReason, PeerReport

OTHERS = 24
"""People of whom one person's figures are kept apart: twice what a session holds, as people come and go."""

FRESH = 12.0
"""Seconds for which a browser's word counts for its grade: two reports and some delay."""

GRADED = 2.0
"""Seconds that a report must be about to count for a grade: in a shorter time one late frame is a bad connection."""

PATIENCE = 5.0
"""Seconds after which a media connection should have come about: then browsers begin to try something else."""


class PersonQuality:
    def __init__(self, now: float) -> None:
        self._came_at = now
        self._felt: dict[str, Felt] = {}
        self._felt_at = now
        self._opened_at: float | None = None
        """Since when a media connection is awaited; None while none is."""
        self._connected = False
        self._lost: Failure | None = None
        self._measured_s = 0.0
        self._told_s = 0.0
        self._join_ms: int | None = None
        self._connect_ms: int | None = None
        self._round_trip = times()
        self._up, self._down = (bits(), shares()), (bits(), shares())
        self._candidates: dict[str, float] = {}
        self._transports: dict[str, float] = {}
        self._sent: dict[Source, SentTally] = {}
        self._received: dict[Source, ReceivedTally] = {}
        self._others: dict[str, OtherTally] = {}
        self._reconnects: dict[ReconnectKind, int] = {}
        self._attempts = 0
        self._losses: dict[str, int] = {}
        self.frozen_s = 0.0
        """Of all pictures that they received, so far."""

    # What happens to their media connection ---------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether there ever was one."""
        return self._connected

    def failure(self, now: float) -> Failure | None:
        """Why there never was one; None if there was, or if they never offered any."""
        if self._connected or not self._attempts:
            return None
        return self._lost or ("timeout" if self._waits_long(now) else "unfinished")

    def opened(self, now: float) -> None:
        """An offer was answered: a media connection may come about."""
        if self._waits_long(now):
            # The browser has given up the one before, and told nobody but by beginning anew.
            self._losses["timeout"] = self._losses.get("timeout", 0) + 1
            if not self._connected:
                self._lost = self._lost or "timeout"
        self._attempts += 1
        self._opened_at = now

    def came_about(self, now: float) -> float | None:
        """It did. The seconds since it was opened, if it is the first one."""
        opened_at, self._opened_at = self._opened_at, None
        first, self._connected = not self._connected, True
        if not first or opened_at is None:
            return None
        self._connect_ms = round(1000 * (now - opened_at))
        return now - opened_at

    def lost(self, reason: LostReason) -> None:
        self._lost, self._opened_at = reason, None
        self._losses[reason] = self._losses.get(reason, 0) + 1

    def reconnected(self, kind: ReconnectKind) -> None:
        self._reconnects[kind] = self._reconnects.get(kind, 0) + 1

    def _waits_long(self, now: float) -> bool:
        return self._opened_at is not None and now - self._opened_at >= PATIENCE

    # How it is --------------------------------------------------------------------------------------------------

    def measured(self, report: PeerReport, seconds: float) -> None:
        """The media server's measures, which held for `seconds`."""
        self._measured_s += seconds
        for (bitrate, loss), bits_now, loss_now in (
            (self._up, report.bits_in, report.loss_up),
            (self._down, report.bits_out, report.loss_down),
        ):
            bitrate.add(bits_now, seconds)
            loss.add(loss_now, seconds)
        if report.rtt_ms is not None:
            self._round_trip.add(report.rtt_ms, seconds)

    def told(self, stats: Stats, others: Collection[str], now: float) -> float:
        """Their browser's word. `others`: whom they can have received something from, and sent it to. Returns for how
        many seconds it counts."""
        seconds = max(0.0, min(stats.ms / 1000, now - self._came_at - self._told_s))
        self._told_s += seconds
        if self._join_ms is None:
            self._join_ms = stats.join_ms
        if stats.path is not None:
            count(self._candidates, stats.path.candidate, seconds)
            count(self._transports, _transport(stats.path), seconds)
        for sent in {each.source: each for each in stats.sent if others}.values():
            self._sent.setdefault(sent.source, SentTally()).add(sent, seconds)
        heard = {(each.person, each.source): each for each in stats.received if each.person in others}.values()
        for received in heard:
            self._received.setdefault(received.source, ReceivedTally()).add(received, seconds)
            if received.person in self._others or len(self._others) < OTHERS:
                self._others.setdefault(received.person, OtherTally()).add(received, seconds)
        self.frozen_s += sum(each.frozen_ms or 0 for each in heard) / 1000
        if seconds >= GRADED:
            self._felt_at, self._felt = now, _felt(heard, seconds)
        return seconds

    def felt(self, reliable: Collection[str], now: float) -> Felt:
        """The worst of what their browser said lately of what it gets from these people."""
        if now - self._felt_at > FRESH:
            return Felt()
        felt = [each for person, each in self._felt.items() if person in reliable]
        return Felt(
            frozen=max((each.frozen for each in felt), default=0.0),
            concealed=max((each.concealed for each in felt), default=0.0),
        )

    def figures(self) -> Connection:
        return Connection(
            measured_s=round(self._measured_s, 1),
            told_s=round(self._told_s, 1),
            join_ms=self._join_ms,
            connect_ms=self._connect_ms,
            round_trip_ms=measure(self._round_trip, 1),
            up=_way(*self._up),
            down=_way(*self._down),
            candidates=rounded(self._candidates),
            transports=rounded(self._transports),
            sent={source: each.figures() for source, each in self._sent.items()},
            received={source: each.figures() for source, each in self._received.items()},
            others={person: each.figures() for person, each in self._others.items()},
            reconnects=dict(self._reconnects),
            attempts=self._attempts,
            losses=dict(self._losses),
        )


def _felt(received: Collection[ReceivedStats], seconds: float) -> dict[str, Felt]:
    """By the person from whom it comes."""
    felt: dict[str, Felt] = {}
    for each in received:
        before = felt.get(each.person, Felt())
        frozen = min(1.0, (each.frozen_ms or 0) / 1000 / seconds)
        felt[each.person] = Felt(max(before.frozen, frozen), max(before.concealed, each.concealed or 0.0))
    return felt


def _way(bitrate: Spread, loss: Spread) -> Way:
    return Way(bitrate=measure(bitrate, 0), loss=measure(loss, 4))


def _transport(path: PathStats) -> str:
    return path.protocol if path.candidate != "relay" else f"relay-{path.relay or path.protocol}"
