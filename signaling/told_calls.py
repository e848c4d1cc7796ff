"""What the audit log is told of calls: who came, waited, was let in, left; what was said to being recorded; and what
became of recordings.

Looks at what a room orders, and at how it is then; the room itself knows nothing of it. Never waits: a call goes on
whatever the log does. Not here: who was not let in at the door (`told_door.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signaling.audit_port import Audit
from signaling.orders import EndCapture, GoOnCapture, HoldCapture, KeepConsent, Note, Order
from signaling.roles import Role
from signaling.seat import Phase, Seat

if TYPE_CHECKING:
    from signaling.room import Room

SERVER = "sessions"
"""Who did what nobody in the session asked for."""

CONSENTS = {"agree": "consent.give", "refuse": "consent.refuse", "withdraw": "consent.withdraw"}


@dataclass
class _Person:
    identity: str
    role: Role
    present: bool = False


@dataclass
class _Seen:
    """What is known of a session."""

    people: dict[str, _Person] = field(default_factory=dict)
    """By seat."""
    patients: set[str] = field(default_factory=set)
    """Whoever came as one."""
    asked: str = ""
    """The recording that was asked for last."""
    asked_by: str | None = None
    begun: set[str] = field(default_factory=set)
    """Recordings that run or are paused."""
    begun_last: str = ""


class ToldCalls:
    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._seen: dict[str, _Seen] = {}

    def carried_out(self, room: Room, orders: Sequence[Order], by: Seat | None) -> None:
        """`orders` are about to be carried out; `by`: whose message has led to them."""
        if room.empty and room.session not in self._seen:
            return  # it is over, and somebody still looked at it
        seen = self._seen.setdefault(room.session, _Seen())
        asker = by.entry.identity if by is not None else None
        self._asked(room, seen, asker)
        self._began(room, seen)
        notes = [each for each in orders if isinstance(each, Note)]
        if notes:
            self._noted(room, seen, notes, asker)
        for order in orders:
            if isinstance(order, KeepConsent):
                self._answered(room, seen, order)
            elif isinstance(order, HoldCapture | GoOnCapture) and order.recording in seen.begun:
                kind = "record.pause" if isinstance(order, HoldCapture) else "record.resume"
                self._tell(room, seen, kind, asker, subject=order.recording)
            elif isinstance(order, EndCapture):
                self._ended(room, seen, order.recording, order.reason, asker)

    def over(self, room: Room) -> None:
        """The room is gone. Whoever was still in it was put out by a fault of ours."""
        seen = self._seen.pop(room.session, None)
        if seen is None:
            return
        for recording in sorted(seen.begun):
            self._tell(room, seen, "record.stop", None, subject=recording, why="fault")
        if seen.people:
            self._tell(room, seen, "call.end", None, why="fault")
        for person in seen.people.values():
            self._tell(room, seen, "call.leave", person.identity, of=person, role=person.role, why="fault")

    # People -----------------------------------------------------------------------------------------------------

    def _noted(self, room: Room, seen: _Seen, notes: Sequence[Note], asker: str | None) -> None:
        for seat in room.seats:
            person = seen.people.setdefault(seat.id, _Person(seat.entry.identity, seat.role))
            person.present |= seat.phase is Phase.PRESENT
            if seat.role == "patient":
                seen.patients.add(seat.entry.identity)
        ends = {note.reason for note in notes if note.event == "gone" and self._ends(seen, note)}
        for why in sorted(ends):
            self._tell(room, seen, "call.end", asker, why=why)
        for note in notes:
            if note.seat not in seen.people:
                continue  # it came and went within one change, and was never known
            person = seen.people[note.seat]
            match note.event:
                case "enters":
                    self._tell(room, seen, "call.join", person.identity, of=person, role=note.role)
                case "returned":
                    why = "returned"
                    self._tell(room, seen, "call.join", person.identity, of=person, role=note.role, why=why)
                case "waits":
                    self._tell(room, seen, "call.join", person.identity, of=person, role=note.role)
                    self._tell(room, seen, "call.wait", person.identity, of=person, role=note.role)
                case "admitted":
                    self._tell(room, seen, "call.admit", asker, of=person, subject=person.identity, role=note.role)
                case "moved":
                    self._tell(room, seen, "call.move", person.identity, of=person, role=note.role)
                case "gone":
                    self._gone(room, seen, note, person, asker)

    def _gone(self, room: Room, seen: _Seen, note: Note, person: _Person, asker: str | None) -> None:
        del seen.people[note.seat]
        if note.reason in ("declined", "removed"):
            kind = "call.decline" if note.reason == "declined" else "call.remove"
            self._tell(room, seen, kind, asker, of=person, subject=person.identity, role=note.role)
        else:
            self._tell(room, seen, "call.leave", person.identity, of=person, role=note.role, why=note.reason)

    def _ends(self, seen: _Seen, note: Note) -> bool:
        """Whether the session is over for all. Somebody who waited for too long has expired alone."""
        person = seen.people.get(note.seat)
        return note.reason == "ended" or (note.reason == "expired" and person is not None and person.present)

    # Recordings ---------------------------------------------------------------------------------------------------

    def _asked(self, room: Room, seen: _Seen, asker: str | None) -> None:
        take = room.recording.take if room.recording is not None else None
        if take is not None and take.id != seen.asked:
            seen.asked, seen.asked_by = take.id, asker
            self._tell(room, seen, "consent.ask", asker, subject=take.id)

    def _began(self, room: Room, seen: _Seen) -> None:
        take = room.recording.take if room.recording is not None else None
        if take is not None and take.started_at is not None and take.id != seen.begun_last:
            seen.begun.add(take.id)
            seen.begun_last = take.id
            self._tell(room, seen, "record.start", seen.asked_by, subject=take.id)

    def _answered(self, room: Room, seen: _Seen, order: KeepConsent) -> None:
        person = seen.people.get(order.person)
        if person is None:
            seat = next((each for each in room.seats if each.id == order.person), None)
            person = _Person(seat.entry.identity if seat is not None else order.person, order.role)
        kind = CONSENTS[order.kind]
        self._tell(
            room,
            seen,
            kind,
            person.identity,
            of=person,
            subject=order.recording,
            role=order.role,
            rule=order.rule,
            text=order.text_version,
        )

    def _ended(self, room: Room, seen: _Seen, recording: str, reason: str, asker: str | None) -> None:
        if reason == "failed":
            self._tell(room, seen, "record.fail", None, subject=recording)
        elif recording in seen.begun:
            self._tell(room, seen, "record.stop", asker, subject=recording, why=reason)
        seen.begun.discard(recording)

    def _tell(
        self,
        room: Room,
        seen: _Seen,
        kind: str,
        actor: str | None,
        *,
        of: _Person | None = None,
        subject: str | None = None,
        **details: Any,
    ) -> None:
        """`of`: whom it is about. Where that is nobody's or no patient's, it is about the session's only patient."""
        if of is not None and of.role == "patient":
            patient: str | None = of.identity
        else:
            patient = next(iter(seen.patients)) if len(seen.patients) == 1 else None
        self._audit.told(
            kind,
            "server" if actor is None else "link",
            SERVER if actor is None else actor,
            session=room.session,
            patient=patient,
            subject=subject,
            **details,
        )
