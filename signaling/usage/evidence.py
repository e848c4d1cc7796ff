"""What flows of whom: the evidence for the meter, from rooms and from what the media server measures. Pure.

A person sends sound if their microphone is on and packets of it came (the media server opened them, so they were
theirs), also the few that a silent one sends; pictures if their camera is on, something comes from them, and no
weakness of the way keeps pictures back. Pictures that nobody looks at are not sent, and count: they would be shown.

Not here: what follows from it (`meter.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from signaling.usage.meter import Seen, Sends

if TYPE_CHECKING:
    from sfu import PeerId, PeerReport
    from signaling.room import Room
    from signaling.seat import Seat

PICTURE_BPS = 150_000.0
"""Whoever is sent so much is sent pictures, and browsers confirm pictures many times a second: if nothing is confirmed,
nothing arrives. Sound alone is not confirmed by all of them."""


class Evidence:
    """Between two looks it is told several times who is heard: a silent microphone sends one packet in 400 ms."""

    def __init__(self) -> None:
        self._heard: set[PeerId] = set()
        self._says_levels: set[PeerId] = set()
        """Of whom a level of sound ever came. Others are believed by what comes from them."""
        self._confirmed: dict[PeerId, int] = {}
        self._deaf: set[PeerId] = set()

    def hear(self, levels: Mapping[PeerId, float]) -> None:
        self._heard.update(levels)

    def look(self, rooms: Iterable[Room], reports: Mapping[PeerId, PeerReport]) -> dict[str, list[Seen]]:
        """By session, who is present; sessions in which nobody is are left out."""
        self._says_levels = (self._says_levels & reports.keys()) | self._heard
        self._find_deaf(reports)
        found: dict[str, list[Seen]] = {}
        for room in rooms:
            present = [self._seen(seat, reports) for seat in room.present() if seat.role != "observer"]
            if present:
                found[room.session] = present
        self._heard = set()
        return found

    def _find_deaf(self, reports: Mapping[PeerId, PeerReport]) -> None:
        """Those whom nothing reaches any more, until they confirm something again."""
        for peer, report in reports.items():
            before = self._confirmed.get(peer)
            if before is None or report.confirmed > before or not report.confirmed:
                self._deaf.discard(peer)
            elif report.bits_out >= PICTURE_BPS:
                self._deaf.add(peer)
        self._confirmed = {peer: report.confirmed for peer, report in reports.items()}
        self._deaf &= reports.keys()

    def _seen(self, seat: Seat, reports: Mapping[PeerId, PeerReport]) -> Seen:
        report = reports.get(seat.peer) if seat.peer is not None else None
        receives = report is not None and report.bits_out > 0 and seat.peer not in self._deaf
        return Seen(seat.entry.identity, seat.role, self._sends(seat, report), receives)

    def _sends(self, seat: Seat, report: PeerReport | None) -> Sends:
        if report is None or not report.bits_in or seat.peer is None:
            return "lost"
        microphone, camera = seat.sends("microphone"), seat.sends("camera")
        if camera and not seat.sparing.no_pictures:
            return "video"
        if microphone and (seat.peer in self._heard or seat.peer not in self._says_levels):
            return "audio"
        return "lost" if microphone or camera else "muted"
