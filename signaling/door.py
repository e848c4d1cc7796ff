"""The door of a room: whom it takes at all, before anything is opened for them.

Who enters and who waits then is the room's decision (`room.py`). Not here: tokens and rates (`entrance.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signaling.encryption import Encryption, strictest
from signaling.refusals import Refused
from signaling.roles import PERMISSIONS
from signaling.seat import Entry, Seat

if TYPE_CHECKING:
    from signaling.room import Room

MOST_NUMBER = 65_535
"""People who come to one session, one after another: as many as key ids have room for."""


def check_join(room: Room, entry: Entry, *, move: bool, encrypts: bool) -> Seat | None:
    """Refuses who may not come to the door. Returns the seat that `entry` asks to take over, if there is one."""
    check_encrypts(room, encrypts, entry.encryption)
    seat = next((s for s in room.seats if s.entry.identity == entry.identity), None)
    if seat is not None:
        if not move:
            raise Refused("already_joined")
        if seat.entry.token != entry.token:
            raise Refused("not_yours")
        if seat.mover is not None:
            raise Refused("move_pending")
        return seat
    if room.locked and "lock" not in PERMISSIONS[entry.role]:
        raise Refused("locked")
    if len(room.present()) >= max(room.limit, entry.limit or 0):
        raise Refused("session_full")
    if "enter" not in PERMISSIONS[entry.role] and len(room.waiting()) >= room.rules.waiting_room:
        raise Refused("waiting_room_full")
    if room.numbers >= MOST_NUMBER:
        raise Refused("session_full")
    return None


def check_encrypts(room: Room, encrypts: bool, policy: Encryption | None = None) -> None:
    """Refuses a page that does not encrypt, where it must. `policy`: what its token says."""
    if not encrypts and strictest(room.encryption, policy or room.encryption) == "required":
        raise Refused("cannot_encrypt")


def seat_to_resume(room: Room, person: str, resume_id: str) -> Seat:
    for seat in room.seats:
        if seat.id == person and resume_id in seat.resume_ids:
            return seat
    raise Refused("resume_expired")
