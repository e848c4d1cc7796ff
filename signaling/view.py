"""Views: what each person may know of the session, and nothing else.

A waiting person learns their own name, the session's limit and policy, and of those present who can let them in the
name that the clinic gives them, if it gives one, and what an encrypted hello needs: id, number and page. Not who else
waits or is present, not whether the session runs. Those who may admit see who waits; the others do not.

Not here: what each may know of a recording (`recording_view.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from signaling.messages import Encryption, Film, Recording, State
from signaling.roles import Action
from signaling.seat import Phase, Seat
from signaling.wiring import assignments

if TYPE_CHECKING:
    from signaling.room import Room


@dataclass(frozen=True)
class Facts:
    """What is true of the session as a whole. Times in seconds since 1970."""

    session: str
    started_at: float | None
    ends_at: float | None
    limit: int
    locked: bool
    encryption: Encryption
    clear: bool
    """Whether somebody is present who does not encrypt."""
    epoch: float
    """Added to the room's clock it gives seconds since 1970."""
    records: bool
    """Whether there can be recordings at all."""
    film: Film | None


def facts_of(room: Room) -> Facts:
    return Facts(
        session=room.session,
        started_at=None if room.started_at is None else round(room.started_at + room.epoch, 3),
        ends_at=None if room.started_at is None else round(room.started_at + room.length + room.epoch, 3),
        limit=room.limit,
        locked=room.locked,
        encryption=room.encryption,
        clear=room.clear,
        epoch=room.epoch,
        records=room.recording is not None,
        film=room.film,
    )


def state_for(seat: Seat, seats: Sequence[Seat], facts: Facts, recording: Recording | None, revision: int) -> State:
    present = seat.phase is Phase.PRESENT
    others = [other for other in seats if other is not seat]
    hosts = [other for other in others if other.phase is Phase.PRESENT and other.may("admit")]
    return State(
        revision=revision,
        phase="present" if present else "waiting",
        session=facts.session,
        started_at=facts.started_at if present else None,
        ends_at=facts.ends_at if present else None,
        limit=facts.limit,
        locked=facts.locked and present,
        encryption=facts.encryption,
        clear=facts.clear and present,
        waiting_for=(hosts[0].name or None) if hosts and not present else None,
        hosts=[] if present else [host.as_host() for host in hosts],
        you=seat.as_self(),
        may=actions_of(seat, records=facts.records),
        people=[other.as_person() for other in others if other.phase is Phase.PRESENT] if present else [],
        waiting=[other.as_waiting(facts.epoch) for other in others if other.phase is Phase.WAITING]
        if present and seat.may("admit")
        else [],
        slots=assignments(seat, seats),
        recording=recording,
        film=facts.film if present and seat.may("record") else None,
    )


def actions_of(seat: Seat, *, records: bool) -> list[Action]:
    """What this person may do now, in the order of the table; nothing while they wait."""
    if seat.phase is not Phase.PRESENT:
        return []
    actions: tuple[Action, ...] = get_args(Action)
    may = [a for a in actions if seat.may(a) or (a == "share_screen" and seat.may_share)]
    return [a for a in may if a != "record" or records]
