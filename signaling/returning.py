"""Returning: a seat given back to somebody whom this server does not know, or does not know any more.

A server that was started again knows nobody, and a seat is given up when its person was away for long (a laptop that
was closed). Their resume token says, signed by us, where they sat a moment ago, so they need not wait again.

Rules:
- Only within `RETURN` seconds of what the token says, which is said anew every `RENEW` seconds and with every change.
- Not to a seat that was left or taken away, nor with a link that was revoked. (A server that was started again knows of
  revoked links; that somebody left, in the minutes before, it does not.)
- Whoever waited waits. Whoever was admitted is in the session, if it has room.
- A session that goes on keeps its own facts; one that is made anew takes them from the first who comes back. Encryption
  is as strict as any of them says.
- Their number is theirs again, unless somebody else has come and got it: then they get another, as the state says.

Not here: seats that still exist (`room.py`), and media (`sessions.py`).
"""

from __future__ import annotations

from signaling.clock import Clock
from signaling.liveness import Renewed
from signaling.orders import ConnectionId, Note, Order
from signaling.recording_rules import Rule
from signaling.refusals import Refused
from signaling.revocations import Revocations
from signaling.room import Room
from signaling.seat import Arrival, Entry, Phase, Seat
from signaling.tokens import ResumeClaims, SeatClaims, Tokens

RETURN = 240.0
"""Seconds. Longer, and somebody believed gone could be there again while others speak of them. Shorter, and a laptop
closed for two minutes leads back to the waiting room."""

RENEW = 60.0
"""Seconds between two tokens when nothing has changed. Whoever is lost has at least `RETURN` less this to come back."""


class Returns:
    def __init__(self, *, tokens: Tokens, revocations: Revocations, clock: Clock) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._clock = clock
        self._over: dict[str, float] = {}
        """Seats that were left or taken away, and when that need not be known any longer."""

    def gone(self, seat: str, reason: str) -> None:
        """A seat was given up."""
        now = self._clock.steady()
        self._over = {each: until for each, until in self._over.items() if until > now}
        if reason != "lost":
            self._over[seat] = now + RETURN

    def check(self, room: Room | None, claims: ResumeClaims) -> SeatClaims:
        """Whether they may have the seat, which does not exist now, back. Raises Refused."""
        seat = claims.seat
        if seat is None or seat.until <= self._clock.wall() or claims.sub in self._over:
            raise Refused("resume_expired")
        if seat.link in self._revocations:
            raise Refused("token_revoked")
        if room is None:
            return seat
        if any(other.entry.identity == seat.identity for other in room.seats):
            raise Refused("resume_expired")  # they came in by the door in the meantime
        if seat.admitted and len(room.present()) >= room.limit:
            raise Refused("session_full")
        return seat

    def renewed(self, room: Room) -> list[tuple[ConnectionId, Renewed]]:
        """What is to be told to those whose token does not say any more how they sit."""
        now, wall = self._clock.steady(), self._clock.wall()
        told: list[tuple[ConnectionId, Renewed]] = []
        for seat in room.seats:
            rule = _consent_rule(room, seat)
            whole = (room.locked, room.started_at, room.limit, room.length, room.numbers, room.encryption)
            facts = (seat.resume_ids[0], seat.phase, seat.name, rule, *whole)
            if seat.connection is None or (facts == seat.token_facts and now - seat.token_at < RENEW):
                continue
            seat.token_facts, seat.token_at = facts, now
            claims = ResumeClaims(
                jti=seat.resume_ids[0],
                exp=int(wall + room.length + room.rules.waiting),
                room=room.session,
                sub=seat.id,
                seat=_claims(room, seat, wall),
            )
            told.append((seat.connection, Renewed(resume=self._tokens.sign(claims, wall))))
        return told


def give_back(room: Room, claims: ResumeClaims, sat: SeatClaims, arrival: Arrival, now: float) -> list[Order]:
    """`check` has allowed it, and media is open if there is an offer. The shell has said `joined`."""
    if not room.seats:
        room.limit, room.length, room.locked = sat.limit, sat.length, sat.locked
        room.started_at = None if sat.started_at is None else sat.started_at - room.epoch
    entry = Entry(
        identity=sat.identity,
        role=sat.role,
        name=sat.name,
        token=sat.link,
        token_expires=sat.link_expires,
        limit=sat.limit,
        encryption=sat.encryption,
        consent_rule=sat.consent_rule,
    )
    room.numbers = max(room.numbers, sat.numbers)
    taken = {other.number for other in room.seats}
    seat = Seat(
        id=claims.sub,
        entry=entry,
        phase=Phase.WAITING,
        since=sat.since - room.epoch,
        name=sat.name,
        number=room.next_number() if sat.number in taken else sat.number,
        page=sat.page,
        connection=None,
        resume_ids=(claims.jti,),
        # Where they have not offered, they are told that their media is gone, and do.
        media_gone_at=now,
    )
    room.seats.append(seat)
    seat.encrypts = arrival.encrypts
    room.require(sat.encryption)
    if sat.admitted:
        room.let_in(seat, now)
    orders = room.resume(seat, claims.jti, arrival, now)
    return [Note("returned", seat.role, seat=seat.id), *(each for each in orders if not isinstance(each, Note))]


def _claims(room: Room, seat: Seat, wall: float) -> SeatClaims:
    return SeatClaims(
        until=int(wall + RETURN),
        identity=seat.entry.identity,
        role=seat.role,
        name=seat.name,
        number=seat.number,
        page=seat.page,
        numbers=room.numbers,
        link=seat.entry.token,
        link_expires=seat.entry.token_expires,
        admitted=seat.phase is Phase.PRESENT,
        since=round(seat.since + room.epoch, 3),
        limit=room.limit,
        length=room.length,
        started_at=None if room.started_at is None else round(room.started_at + room.epoch, 3),
        locked=room.locked,
        encryption=room.encryption,
        consent_rule=_consent_rule(room, seat),
    )


def _consent_rule(room: Room, seat: Seat) -> Rule | None:
    return room.recording.rule_of(seat.entry.identity) if room.recording is not None else None
