"""Attendance: who waits and since when, who is present, when therapist and patient met, who is late and who never came.

Looks at rooms every few seconds; what it finds is kept (`keeper.py`), and asked for by the page of the day. Pure: time
is an argument, seconds since 1970 everywhere. Not here: minutes that are billed (`signaling/usage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from clinic.appointments.comings import Coming, Meeting
from clinic.appointments.records import Appointment, AppointmentState, Guest
from signaling.appointments.rules import VisitRules
from signaling.roles import Role

if TYPE_CHECKING:
    from signaling.room import Room

KEEP_EVERY = 30.0
"""Seconds between two records of a meeting that goes on: so much is missing after a crash, at most."""

VisitState = Literal["upcoming", "open", "waiting", "running", "late", "missed", "held", "cancelled"]
PersonState = Literal["away", "waiting", "present", "gone"]


@dataclass(frozen=True)
class Seen:
    """Somebody with a seat in a session."""

    identity: str
    role: Role
    present: bool
    since: float
    """When they took the seat."""


def seen_in(rooms: Iterable[Room]) -> dict[str, list[Seen]]:
    """By session."""
    return {
        room.session: [
            Seen(seat.entry.identity, seat.role, present, seat.since + room.epoch)
            for present, seats in ((True, room.present()), (False, room.waiting()))
            for seat in seats
        ]
        for room in rooms
    }


@dataclass
class _Visit:
    people: dict[str, Coming] = field(default_factory=dict)
    present: dict[str, float] = field(default_factory=dict)
    """Since when, who is present now."""
    changed: set[str] = field(default_factory=set)
    met_at: float | None = None
    over_at: float = 0.0
    kept_at: float | None = None
    therapist: bool = False


class Attendance:
    def __init__(self) -> None:
        self._visits: dict[str, _Visit] = {}
        self._ended: list[tuple[list[Coming], list[Meeting]]] = []

    def look(self, sessions: Mapping[str, Sequence[Seen]], now: float) -> None:
        """How it is now in all sessions; one that is not named is over."""
        for session, people in sessions.items():
            self._look(session, self._visits.setdefault(session, _Visit()), people, now)
        for session in [each for each in self._visits if each not in sessions]:
            visit = self._visits.pop(session)
            self._look(session, visit, (), now)
            self._ended.append(self._due(session, visit))

    def _look(self, session: str, visit: _Visit, people: Sequence[Seen], now: float) -> None:
        here = {each.identity: each for each in people if each.role != "therapist"}
        for identity, seen in here.items():
            before = visit.people.get(identity) or Coming(session, identity, seen.since, None, None, None)
            let_in = before.let_in_at
            if seen.present:
                visit.present.setdefault(identity, now)
                let_in = let_in if let_in is not None else now
            else:
                visit.present.pop(identity, None)
            waits = None if seen.present else seen.since
            self._becomes(visit, replace(before, waits_since=waits, let_in_at=let_in, gone_at=None))
        for identity, coming in list(visit.people.items()):
            if identity not in here and coming.gone_at is None:
                visit.present.pop(identity, None)
                self._becomes(visit, replace(coming, waits_since=None, gone_at=now))
        visit.therapist = any(each.role == "therapist" and each.present for each in people)
        if visit.therapist and any(each.role == "patient" and each.present for each in people):
            visit.met_at = now if visit.met_at is None else visit.met_at
            visit.over_at = now

    def _becomes(self, visit: _Visit, coming: Coming) -> None:
        if visit.people.get(coming.identity) != coming:
            visit.people[coming.identity] = coming
            visit.changed.add(coming.identity)

    # What is kept -----------------------------------------------------------------------------------------------------

    def take(self) -> tuple[list[Coming], list[Meeting]]:
        """What has changed since it was last asked. What cannot be kept is given back (`again`)."""
        comings: list[Coming] = []
        meetings: list[Meeting] = []
        for some, met in self._ended:
            comings += some
            meetings += met
        self._ended.clear()
        for session, visit in self._visits.items():
            some, met = self._due(session, visit)
            comings += some
            meetings += met
        return comings, meetings

    def again(self, comings: Sequence[Coming], meetings: Sequence[Meeting]) -> None:
        self._ended.insert(0, (list(comings), list(meetings)))

    def _due(self, session: str, visit: _Visit) -> tuple[list[Coming], list[Meeting]]:
        comings = [visit.people[identity] for identity in sorted(visit.changed)]
        visit.changed.clear()
        met = visit.met_at
        ended = session not in self._visits
        if met is None or (visit.kept_at is not None and visit.over_at - visit.kept_at < KEEP_EVERY and not ended):
            return comings, []
        visit.kept_at = visit.over_at
        return comings, [Meeting(session, met, visit.over_at)]

    # What is asked ----------------------------------------------------------------------------------------------------

    def therapist_in(self, session: str) -> bool:
        visit = self._visits.get(session)
        return visit is not None and visit.therapist

    def met_at(self, session: str) -> float | None:
        visit = self._visits.get(session)
        return visit.met_at if visit is not None else None

    def person(self, session: str, identity: str) -> tuple[Coming | None, float | None]:
        """How they come and go, and since when they are present; of what was before this server started it is not
        known."""
        visit = self._visits.get(session)
        if visit is None:
            return None, None
        return visit.people.get(identity), visit.present.get(identity)


def identity_of(guest: Guest) -> str:
    """As tokens name somebody who is invited."""
    return guest.patient_id if guest.relation == "patient" and guest.patient_id is not None else guest.id


def person_state(guest: Guest, live: Coming | None, present_since: float | None) -> PersonState:
    """`live`: of the session as it is now, if there is one; otherwise what was kept counts."""
    if live is not None and live.gone_at is None:
        return "present" if present_since is not None else "waiting"
    return "gone" if live is not None or guest.came_at is not None else "away"


def visit_state(
    appointment: Appointment, people: Sequence[PersonState], therapist: bool, rules: VisitRules, now: float
) -> VisitState:
    """How a visit stands. `people`: those who are invited."""
    if appointment.state is AppointmentState.CANCELLED:
        return "cancelled"
    if therapist and "present" in people:
        return "running"
    if "waiting" in people or "present" in people:
        return "waiting"
    if appointment.state is AppointmentState.SEEN:
        return "open" if therapist and now < appointment.ends_at else "held"
    if now >= rules.closes_at(appointment):
        return "missed"
    if now >= appointment.starts_at + rules.late:
        return "late"
    return "open" if now >= rules.opens_at(appointment) else "upcoming"
