"""The quality of all sessions here, watched: who came and went, how their media did, what their browsers say.

Fed by `sessions.py` with what happens; gives grades for people to see, observations for the metrics, and records to
keep (`quality_keeper.py`). A person is their seat here: no name and no id of the clinic's ever comes in.

Pure but for the metrics: time is an argument. Not here: what one person's figures are made of (`quality.py`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinic import Quality
from signaling.attention import FAIR_LOSS, Grade, grade
from signaling.limits import Limiter
from signaling.orders import Note
from signaling.quality import PersonQuality
from signaling.quality_figures import ReconnectKind
from signaling.quality_metrics import QualityMetrics
from signaling.stats import Stats

if TYPE_CHECKING:
    from sfu import LostReason, PeerId, PeerReport
    from signaling.room import Room
    from signaling.seat import Media, Seat

KEEP_EVERY = 60.0
"""Seconds between two records of somebody who is still there: so much is missing after a crash, at most."""

LONGEST_LOOK = 10.0
"""Seconds that one measurement may stand for. The looks come every 2 s; after a pause of ours nobody knows."""

GRADED_LOOKS = 3
"""Looks whose losses are taken together for a grade: of the packets of one second, one lost by chance is much."""

GONE = 10_000
"""Records of people who are gone that wait to be kept, while the database is away. Beyond it the oldest are lost."""


@dataclass
class _Watched:
    """One seat."""

    session: str
    person: str
    role: str
    came_at: float
    """Seconds since 1970."""
    quality: PersonQuality
    peer: PeerId | None = None
    looked_at: float | None = None
    kept_at: float = 0.0
    """On the steady clock."""
    frozen_s: float = 0.0
    """As of then."""
    path: bool = False
    joined: bool = False
    """Whether the way of their media, and how long joining took, were counted for everybody."""
    losses: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=GRADED_LOOKS))
    """On the way up and down, at the last looks."""

    @property
    def loss_up(self) -> float:
        return sum(up for up, _ in self.losses) / max(len(self.losses), 1)

    @property
    def loss_down(self) -> float:
        return sum(down for _, down in self.losses) / max(len(self.losses), 1)

    def record(self, now: float, wall: float, gone: str | None = None) -> Quality:
        """`gone`: why, if they are. `wall` is now in seconds since 1970."""
        return Quality(
            session=self.session,
            person_id=self.person,
            came_at=self.came_at,
            role=self.role,
            kept_at=wall,
            gone_at=wall if gone is not None else None,
            gone=gone,
            connected=self.quality.connected,
            failure=self.quality.failure(now),
            figures=self.quality.figures().model_dump(mode="json", exclude_none=True),
        )


class QualityWatch:
    """`now` is the rooms' steady clock everywhere."""

    def __init__(self, metrics: QualityMetrics) -> None:
        self._metrics = metrics
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._gone: dict[tuple[str, str, float], Quality] = {}
        self._told = Limiter(rate=0.5, burst=5)

    # What happens -------------------------------------------------------------------------------------------------

    def noted(self, room: Room, note: Note, now: float) -> None:
        """Somebody came, was let in, is back, took another device, or is gone."""
        seat = next((each for each in room.seats if each.id == note.seat), None)
        if seat is not None:
            watched = self._follow(room, seat, now)
            if note.event in ("resumed", "returned"):
                self._reconnected(watched, "socket")
            elif note.event == "moved":
                self._reconnected(watched, "device")
        elif note.event == "gone":
            self._leaves((room.session, note.seat), room.epoch, note.reason, now)

    def offered(self, room: Room, seat: Seat, media: Media, now: float) -> None:
        """They offered again, and `media` is what came of it; the seat still has what it had before."""
        watched = self._follow(room, seat, now)
        if media.peer != seat.peer:
            self._reconnected(watched, "media")
            watched.peer = media.peer
            watched.quality.opened(now)
        elif (len(media.audio), len(media.video)) == (len(seat.slots.audio), len(seat.slots.video)):
            self._reconnected(watched, "ice")

    def connected(self, room: Room, peer: PeerId, now: float) -> None:
        """A media connection came about."""
        watched = self._of_peer(room, peer, now)
        if watched is None:
            return
        first = not watched.quality.connected
        taken = watched.quality.came_about(now)
        if first:
            self._metrics.joins.labels("connected").inc()
        if taken is not None:
            self._metrics.connect_seconds.observe(taken)

    def lost(self, room: Room, peer: PeerId, reason: LostReason, now: float) -> None:
        """A media connection is gone, or never came about. To be told before the room is."""
        watched = self._of_peer(room, peer, now)
        if watched is not None:
            watched.quality.lost(reason)

    def over(self, room: Room, now: float) -> None:
        """The session is over; whoever is left in it was put out by a fault of ours."""
        for key in [key for key in self._watched if key[0] == room.session]:
            self._leaves(key, room.epoch, "fault", now)

    # How it is ------------------------------------------------------------------------------------------------------

    def told(self, room: Room, seat: Seat, stats: Stats, now: float) -> None:
        """What somebody's browser says. Too much of it is dropped and counted."""
        if self._told.take((room.session, seat.id), now) > 0:
            self._metrics.stats.labels("dropped").inc()
            return
        watched = self._follow(room, seat, now)
        others = {each.id for each in room.present()} - {seat.id}
        seconds = watched.quality.told(stats, others, now)
        self._metrics.told(stats, seconds)
        if stats.path is not None and not watched.path:
            watched.path = True
            self._metrics.takes(stats.path)
        if stats.join_ms is not None and not watched.joined:
            watched.joined = True
            self._metrics.join_seconds.observe(stats.join_ms / 1000)

    def look(self, room: Room, reports: Mapping[PeerId, PeerReport], now: float) -> dict[PeerId, Grade]:
        """Takes the media server's measures of everybody in this room; how each one's connection is.

        Whoever waits, or is alone, neither sends nor gets anything: that would only dilute their figures.
        """
        present = {seat.id for seat in room.present()}
        together = present if len(present) > 1 else set()
        measured = {
            seat.id: reports[seat.peer] for seat in room.seats if seat.peer is not None and seat.peer in reports
        }
        followed = [(seat, self._follow(room, seat, now)) for seat in room.seats]
        for seat, watched in followed:
            if (report := measured.get(seat.id)) is not None:
                watched.losses.append((report.loss_up, report.loss_down))
        reliable = {seat.id for seat, watched in followed if seat.id in measured and watched.loss_up < FAIR_LOSS}
        grades: dict[PeerId, Grade] = {}
        for seat, watched in followed:
            before, watched.looked_at = watched.looked_at, now
            report = measured.get(seat.id)
            if report is None or seat.peer is None:
                continue
            if before is not None and seat.id in together:
                watched.quality.measured(report, min(now - before, LONGEST_LOOK))
                self._metrics.measured(report)
            # what never reached us whole says nothing of the connection of whoever gets it from us
            felt = watched.quality.felt(reliable - {seat.id}, now)
            grades[seat.peer] = grade(max(watched.loss_up, watched.loss_down), report.rtt_ms, felt)
        return grades

    # What is kept ---------------------------------------------------------------------------------------------------

    def take(self, now: float, wall: float, *, everybody: bool = False) -> list[Quality]:
        """What is to be kept now: those who are gone, and those of whom nothing was kept for a minute, or all.

        Those who are gone are remembered until `kept` is told of them.
        """
        records = list(self._gone.values())
        for watched in self._watched.values():
            if everybody or now - watched.kept_at >= KEEP_EVERY:
                self._minute(watched, now)
                records.append(watched.record(now, wall))
        return records

    def kept(self, records: list[Quality], *, lost: bool = False) -> None:
        """They need not be remembered: they are in the database, or never can be."""
        for record in records:
            self._gone.pop(_key(record), None)
        if lost:
            self._metrics.records_lost.inc(len(records))

    def of_session(self, session: str, now: float, wall: float) -> list[Quality]:
        """What is known and perhaps not kept yet."""
        gone = [record for record in self._gone.values() if record.session == session]
        here = [watched.record(now, wall) for key, watched in self._watched.items() if key[0] == session]
        return gone + here

    # Inside ---------------------------------------------------------------------------------------------------------

    def _follow(self, room: Room, seat: Seat, now: float) -> _Watched:
        """The seat, as it is watched; from now on if it was not before."""
        key = (room.session, seat.id)
        watched = self._watched.get(key)
        if watched is None:
            came_at = round(now + room.epoch, 3)
            watched = _Watched(room.session, seat.id, seat.role, came_at, PersonQuality(now), kept_at=now)
            self._watched[key] = watched
        if seat.peer is not None and seat.peer != watched.peer:
            watched.peer = seat.peer
            watched.quality.opened(now)
        return watched

    def _of_peer(self, room: Room, peer: PeerId, now: float) -> _Watched | None:
        seat = next((each for each in room.seats if each.peer == peer), None)
        return None if seat is None else self._follow(room, seat, now)

    def _reconnected(self, watched: _Watched, kind: ReconnectKind) -> None:
        watched.quality.reconnected(kind)
        self._metrics.reconnects.labels(kind).inc()

    def _leaves(self, key: tuple[str, str], epoch: float, reason: str, now: float) -> None:
        watched = self._watched.pop(key, None)
        if watched is None:
            return
        self._minute(watched, now)
        if not watched.quality.connected:
            self._metrics.joins.labels(watched.quality.failure(now) or "no_media").inc()
        record = watched.record(now, round(now + epoch, 3), reason)
        if len(self._gone) >= GONE:
            del self._gone[next(iter(self._gone))]
            self._metrics.records_lost.inc()
        self._gone[_key(record)] = record

    def _minute(self, watched: _Watched, now: float) -> None:
        """A minute of theirs, or what there is of one at the end, goes into the metrics."""
        seconds = now - watched.kept_at
        if watched.quality.connected and seconds >= KEEP_EVERY / 4:
            frozen = watched.quality.frozen_s - watched.frozen_s
            self._metrics.freezes.observe(min(60.0, 60.0 * frozen / seconds))
        watched.kept_at, watched.frozen_s = now, watched.quality.frozen_s


def _key(record: Quality) -> tuple[str, str, float]:
    return record.session, record.person_id, record.came_at
