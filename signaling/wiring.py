"""Wiring: from what everybody should hear and see to orders for the media server.

The one place that decides whose media reaches whom. It compares what should be with what the media server was last
told, so it can be called after every change. Only people who are present are wired, in either direction: what a
waiting person sends is paused at its source and connected to nobody, and their own slots stay empty. A recording is
fed in the same manner.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from signaling.messages import Assignment, Source
from signaling.orders import Capture, Connect, Disconnect, Order, Pause, Release
from signaling.seat import Phase, Seat
from signaling.watching import CHOSEN, OTHERS, SPEAKING, Standing

if TYPE_CHECKING:
    from sfu import PeerId

Tap = tuple[str, str, Source]
"""What of whom is captured: the recording, the person, the source."""


def assignments(seat: Seat, seats: Collection[Seat]) -> list[Assignment]:
    """What plays in the slots of `seat`: those who are present, in the order in which they came."""
    if seat.phase is not Phase.PRESENT:
        return []
    others = [other for other in seats if other is not seat and other.phase is Phase.PRESENT]
    screen = next((other.id for other in others if other.sends("screen")), None)
    assigned = seat.slots.assign([(other.id, other.sources.keys()) for other in others], screen)
    delays = {other.id: other.hold_back.ms for other in others}
    weak = {other.id for other in others if other.sparing.no_pictures}
    return [
        _as_told(each, each.mid in seat.watching.held or _is_weak(each, weak), delays[each.person]) for each in assigned
    ]


def _is_weak(assignment: Assignment, weak: Collection[str]) -> bool:
    """Whether it is a picture that does not come for want of room on its first way."""
    return assignment.source != "microphone" and assignment.person in weak


def _as_told(assignment: Assignment, held: bool, delay: int) -> Assignment:
    return assignment.model_copy(update={"held": held, "delay": delay}) if held or delay else assignment


def rewire(seats: Sequence[Seat], speakers: Sequence[str] = ()) -> list[Order]:
    """The orders that bring the media server from what it was last told to what should be. `speakers`: who spoke last,
    the latest first."""
    orders: list[Order] = []
    for seat in seats:
        orders += _pauses(seat)
    by_id = {seat.id: seat for seat in seats}
    for seat in seats:
        assigned = assignments(seat, seats)
        orders += _slots(seat, assigned, by_id)
        if seat.peer is not None:
            orders += seat.watching.orders(seat.peer, seat.slots.video, _standings(seat, assigned, by_id, speakers))
    return orders


def _pauses(seat: Seat) -> list[Order]:
    if seat.peer is None:
        return []
    orders: list[Order] = []
    for source in seat.sources:
        paused = not (seat.phase is Phase.PRESENT and seat.sends(source))
        if seat.paused.get(source) != paused:
            seat.paused[source] = paused
            orders.append(Pause(seat.peer, source, paused))
    return orders


def _slots(seat: Seat, assigned: list[Assignment], by_id: dict[str, Seat]) -> list[Order]:
    if seat.peer is None:
        return []
    wanted = {}
    for assignment in assigned:
        publisher = by_id[assignment.person]
        if publisher.peer is not None:
            wanted[assignment.mid] = (publisher.peer, assignment.source)
    orders: list[Order] = [Disconnect(seat.peer, mid) for mid in seat.wired if mid not in wanted]
    orders += [
        Connect(peer, source, seat.peer, mid)
        for mid, (peer, source) in wanted.items()
        if seat.wired.get(mid) != (peer, source)
    ]
    seat.wired = wanted
    return orders


def _standings(
    seat: Seat, assigned: Sequence[Assignment], by_id: Mapping[str, Seat], speakers: Sequence[str]
) -> dict[str, Standing]:
    """Whose picture matters how much to this person: what they chose and screens, then who spoke last; an interpreter
    who signs is seen before anybody is seen well."""
    speaker = next((person for person in speakers if person != seat.id), None)
    standings = {}
    for each in assigned:
        if each.source == "microphone":
            continue
        rank = SPEAKING if each.person == speaker else OTHERS
        if each.source == "screen" or each.person == seat.watching.pinned:
            rank = CHOSEN
        standings[each.mid] = (rank, by_id[each.person].role == "interpreter" and each.source == "camera")
    return standings


def taps(recording: str, seats: Sequence[Seat], permits: Callable[[str], bool]) -> dict[Tap, PeerId]:
    """What a running recording captures: what those send who are present and may be recorded."""
    return {
        (recording, seat.id, source): seat.peer
        for seat in seats
        if seat.phase is Phase.PRESENT and seat.peer is not None and permits(seat.id)
        for source in seat.sources
        if seat.sends(source)
    }


def retap(told: Mapping[Tap, PeerId], wanted: Mapping[Tap, PeerId], *, sealed: bool) -> tuple[list[Order], list[Order]]:
    """The orders that end what is no longer to be captured, and those that begin what is new. `sealed`: everybody
    present encrypts."""
    released: list[Order] = [Release(*tap) for tap, peer in told.items() if wanted.get(tap) != peer]
    captured: list[Order] = [Capture(*tap, peer, sealed) for tap, peer in wanted.items() if told.get(tap) != peer]
    return released, captured
