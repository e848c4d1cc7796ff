"""The relay: who may send sealed messages to whom, and how many. What is in them nobody here understands.

Whoever waits learns of no one but those who may let them in, and reaches no one else. Each pair of people has a limit
of its own, so that nobody can fill the socket of another; a connection has one for all together (`connection.py`).

Not here: what the recorder does with what it is sent (`recorder.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signaling.limits import Limiter
from signaling.refusals import Refused
from signaling.sealed_messages import Sealed, SealedFrom
from signaling.seat import Phase, Seat

if TYPE_CHECKING:
    from signaling.room import Room

RATE, BURST = 4.0, 48
"""Messages from one person to another, a second and at once. A handshake has five; after a restart of the server, when
twelve people are back within a second, each pair has about thirty. Lower, and they would not get each other's keys;
higher, and one could fill the other's queue (`connection.QUEUE`)."""

WAITING_RATE, WAITING_BURST = 1.0, 12
"""From somebody who waits: a handshake and a name, and some more for a connection that comes and goes."""

CHAT_RATE, CHAT_BURST = 4.0, 40
"""Chat messages of one person: more than anybody writes, and at once what a page sends again that was away
(`requests.CHATS_REMEMBERED`). Each may have 24 kB and goes to everybody."""


class Relay:
    """Of one session."""

    def __init__(self) -> None:
        self._present = Limiter(RATE, BURST)
        self._waiting = Limiter(WAITING_RATE, WAITING_BURST)
        self._chat = Limiter(CHAT_RATE, CHAT_BURST)

    def pass_on(self, room: Room, seat: Seat, message: Sealed, now: float) -> None:
        """Tells one other. Raises Refused."""
        if not seat.encrypts:
            raise Refused("cannot_encrypt")
        other = next((each for each in room.seats if each.id == message.to), None)
        if other is seat:
            raise Refused("not_yourself")
        if other is None or not reaches(seat, other):
            raise Refused("no_such_person")
        self.count(seat, other.id, now)
        if message.page == other.page and other.encrypts:
            room.tell(other, SealedFrom(person=seat.id, page=seat.page, body=message.body))

    def count(self, seat: Seat, to: str, now: float) -> None:
        """Raises Refused: `too_many_messages`. `to` is there: what is remembered of strangers would have no end."""
        limiter = self._present if seat.phase is Phase.PRESENT else self._waiting
        if limiter.take((seat.id, to), now) > 0:
            raise Refused("too_many_messages")

    def count_chat(self, seat: Seat, now: float) -> None:
        """Raises Refused: `too_many_messages`."""
        if self._chat.take(seat.id, now) > 0:
            raise Refused("too_many_messages")


def reaches(one: Seat, other: Seat) -> bool:
    """Whether these two may send to each other."""
    if one.phase is Phase.PRESENT and other.phase is Phase.PRESENT:
        return True
    return _admits(one, other) or _admits(other, one)


def _admits(host: Seat, guest: Seat) -> bool:
    return host.phase is Phase.PRESENT and host.may("admit") and guest.phase is Phase.WAITING
