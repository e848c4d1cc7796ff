"""Views: what each person may know of the session, and nothing else.

A waiting person learns their own name, the session's limit and the therapist's name: not who else waits or is present,
not whether the session runs. Those who may admit see who waits; the others do not.

Not here: what each may know of a recording (`recording_view.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from signaling.messages import Film, Recording, State, WaitingPerson
from signaling.roles import Action
from signaling.seat import Phase, Seat
from signaling.wiring import assignments


@dataclass(frozen=True)
class Facts:
    """What is true of the session as a whole. Times in seconds since 1970."""

    session: str
    started_at: float | None
    ends_at: float | None
    limit: int
    locked: bool
    epoch: float
    """Added to the room's clock it gives seconds since 1970."""
    records: bool
    """Whether there can be recordings at all."""
    film: Film | None


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
        waiting_for=hosts[0].name if hosts and not present else None,
        you=seat.as_self(),
        may=actions_of(seat, records=facts.records),
        people=[other.as_person() for other in others if other.phase is Phase.PRESENT] if present else [],
        waiting=[
            WaitingPerson(id=other.id, name=other.name, role=other.role, since=round(other.since + facts.epoch, 3))
            for other in others
            if other.phase is Phase.WAITING
        ]
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
