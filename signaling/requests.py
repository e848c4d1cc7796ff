"""Requests: what each message of somebody who has joined does to the room.

Two tables come first: what a message needs to be allowed (`NEEDS`), and who handles it (`HANDLERS`). Joining, resuming
and offering need media and are `entrance.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from signaling.messages import (
    Admit,
    AllowScreen,
    AskToMute,
    Chat,
    ChatFrom,
    Consent,
    Decline,
    Devices,
    End,
    Hand,
    Leave,
    Lock,
    Message,
    MoveAnswer,
    MuteRequested,
    Record,
    Remove,
    Sealed,
    TellName,
    View,
)
from signaling.refusals import Refused
from signaling.roles import Action
from signaling.sealed_messages import RECORDER
from signaling.seat import Phase, Seat, readable_name

if TYPE_CHECKING:
    from signaling.room import Room

NEEDS: dict[type[Message], Action] = {
    Hand: "raise_hand",
    Chat: "chat",
    Admit: "admit",
    Decline: "admit",
    Remove: "remove",
    AskToMute: "ask_to_mute",
    AllowScreen: "allow_screen",
    Lock: "lock",
    End: "end",
    Record: "record",
}
"""Message -> the action that the role must have. All of these also need to be present; the others do not."""

CHATS_REMEMBERED = 32
"""Names of the last chat messages of each person. A client sends again what it wrote in the seconds before a loss."""


def handle(room: Room, seat: Seat, message: Message, now: float) -> None:
    """Changes the room, or raises Refused."""
    handler = HANDLERS.get(type(message))
    if handler is None:
        raise Refused("joined_before")
    action = NEEDS.get(type(message))
    if action is not None:
        if not seat.may(action):
            raise Refused("not_allowed")
        if seat.phase is not Phase.PRESENT:
            raise Refused("waiting")
    handler(room, seat, message, now)


def _devices(room: Room, seat: Seat, message: Devices, now: float) -> None:
    if not seat.may("publish"):
        if message.microphone or message.camera or message.screen:
            raise Refused("not_allowed")
        return
    seat.microphone = message.microphone
    seat.camera = message.camera
    if not message.screen:
        seat.screen = False
    elif not seat.screen:
        # Microphone and camera are already set: a refused screen must not keep them as they were.
        _share_screen(room, seat)


def _share_screen(room: Room, seat: Seat) -> None:
    if seat.phase is not Phase.PRESENT:
        raise Refused("waiting")
    if not seat.may_share:
        raise Refused("screen_not_allowed")
    if any(other.screen for other in room.present() if other is not seat):
        raise Refused("screen_taken")
    if "screen" not in seat.sources:
        raise Refused("no_screen")
    seat.screen = True


def _hand(room: Room, seat: Seat, message: Hand, now: float) -> None:
    seat.hand = message.raised


def _tell_name(room: Room, seat: Seat, message: TellName, now: float) -> None:
    if not room.clear:
        raise Refused("not_sealed")
    if not seat.entry.name:
        seat.name = readable_name(message.name)


def _sealed(room: Room, seat: Seat, message: Sealed, now: float) -> None:
    if message.to == RECORDER:
        _to_the_recorder(room, seat, message, now)
    else:
        room.relay.pass_on(room, seat, message, now)


def _to_the_recorder(room: Room, seat: Seat, message: Sealed, now: float) -> None:
    if not seat.encrypts:
        raise Refused("cannot_encrypt")
    if seat.phase is not Phase.PRESENT:
        raise Refused("waiting")
    if room.recording is None:
        raise Refused("not_recording")
    room.relay.count(seat, RECORDER, now)
    room.recording.hear(seat, message)


def _chat(room: Room, seat: Seat, message: Chat, now: float) -> None:
    room.relay.count_chat(seat, now)
    said = ChatFrom(
        person=seat.id,
        name=seat.name,
        text=message.text,
        sealed=message.sealed,
        at=round(now + room.epoch, 3),
        ref=message.ref,
    )
    if message.ref is None or message.ref not in seat.chat_refs:
        if message.sealed == room.clear:
            # a page that has not noticed: whoever wrote it shall not believe that all can read it, or nobody else
            raise Refused("not_readable" if room.clear else "not_sealed")
        seat.chat_refs = (*seat.chat_refs, message.ref)[-CHATS_REMEMBERED:] if message.ref else seat.chat_refs
        for other in room.present():
            if other is not seat:
                room.tell(other, said.model_copy(update={"ref": None}))
    # It came back, or its first coming back was lost with a socket.
    room.tell(seat, said)


def _admit(room: Room, seat: Seat, message: Admit, now: float) -> None:
    person = _person(room, message.person, Phase.WAITING)
    if len(room.present()) >= room.limit:
        raise Refused("session_full", "This session is full. Somebody has to leave before another can be let in.")
    room.let_in(person, now)
    room.note_admitted(person)


def _decline(room: Room, seat: Seat, message: Decline, now: float) -> None:
    room.release(_person(room, message.person, Phase.WAITING), "declined")


def _remove(room: Room, seat: Seat, message: Remove, now: float) -> None:
    person = _person(room, message.person)
    if person is seat:
        raise Refused("not_yourself")
    room.revoke(person)
    room.release(person, "removed")


def _ask_to_mute(room: Room, seat: Seat, message: AskToMute, now: float) -> None:
    person = _person(room, message.person, Phase.PRESENT)
    if person is seat:
        raise Refused("not_yourself")
    room.tell(person, MuteRequested(person=seat.id, by=seat.name))


def _allow_screen(room: Room, seat: Seat, message: AllowScreen, now: float) -> None:
    person = _person(room, message.person, Phase.PRESENT)
    person.screen_allowed = message.allowed
    if not person.may_share:
        person.screen = False


def _lock(room: Room, seat: Seat, message: Lock, now: float) -> None:
    room.locked = message.locked


def _move_answer(room: Room, seat: Seat, message: MoveAnswer, now: float) -> None:
    if seat.mover is None:
        return  # the other device gave up in the meantime
    if message.allowed:
        room.hand_over(seat.mover.connection)
    else:
        room.refuse_move(seat)


def _record(room: Room, seat: Seat, message: Record, now: float) -> None:
    recording = room.recording
    if recording is None:
        raise Refused("recording_off")
    match message.action:
        case "start":
            recording.start(seat.id, seat.role, now + room.epoch)
        case "pause":
            recording.pause()
        case "resume":
            recording.resume()
        case "stop":
            recording.stop()


def _consent(room: Room, seat: Seat, message: Consent, now: float) -> None:
    if seat.phase is not Phase.PRESENT:
        raise Refused("waiting")
    recording = room.recording
    if recording is None:
        raise Refused("recording_off")
    if message.agreed:
        at = now + room.epoch
        recording.agree(seat.id, seat.role, message.text, message.place, message.signed_as, at)
    else:
        recording.refuse(seat.id, seat.role, now + room.epoch)


def _view(room: Room, seat: Seat, message: View, now: float) -> None:
    seat.watching.look(message, seat.slots.video)


def _leave(room: Room, seat: Seat, message: Leave, now: float) -> None:
    room.release(seat, "left")


def _end(room: Room, seat: Seat, message: End, now: float) -> None:
    room.end("ended")


def _person(room: Room, person_id: str, phase: Phase | None = None) -> Seat:
    for seat in room.seats:
        if seat.id == person_id and phase in (None, seat.phase):
            return seat
    raise Refused("no_such_person")


HANDLERS: dict[type[Message], Callable[[Room, Seat, Any, float], None]] = {
    Devices: _devices,
    Hand: _hand,
    TellName: _tell_name,
    Sealed: _sealed,
    Chat: _chat,
    Admit: _admit,
    Decline: _decline,
    Remove: _remove,
    AskToMute: _ask_to_mute,
    AllowScreen: _allow_screen,
    Lock: _lock,
    MoveAnswer: _move_answer,
    Record: _record,
    Consent: _consent,
    View: _view,
    Leave: _leave,
    End: _end,
}
