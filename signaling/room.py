"""A room: one session with its seats. A pure state machine; `requests.py` has what people may ask of it.

Every method that changes something takes the time, in seconds on a clock that only goes forward, and returns orders
(`orders.py`) for the shell to carry out. A room never holds a socket, a peer connection or a clock.

Rules:
- Nobody is in the session before being admitted, unless their role may `enter`. A waiting person's media reaches no
  one (`wiring.py`) and they learn of no one (`view.py`).
- One seat per identity. A second device is refused, and may take the seat over only with the very same token and only
  when the device in the call agrees. Silence means no.
- A locked session takes nobody new, except those who could unlock it themselves.
- A seat is given up 15 s after both its socket and its media are gone; a resume before that keeps it.
- Nobody is in the session whose browser does not encrypt, where that is required (`encryption.py`).
- Nobody is recorded before everyone present has agreed; a newcomer pauses the recording before anybody hears them
  (`session_recording.py`).
- A removed person's token is revoked. Whoever leaves, or is lost, starts again at the door.
- The session ends by itself some time after the first person came in; it vanishes when its last seat is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from signaling import requests
from signaling.attention import Grade, Grades, Speakers
from signaling.encryption import Encryption, strictest
from signaling.messages import (
    Error,
    Film,
    Message,
    MoreSlots,
    MoveRequested,
    Moving,
    Over,
    OverReason,
    Quality,
    Sealed,
    SealedFrom,
    ServerMessage,
    Speaking,
)
from signaling.orders import ClosePeer, ConnectionId, HandOver, HangUp, JoinAfresh, Note, Order, Revoke, Tell
from signaling.over import OVER
from signaling.recording_rules import Rule
from signaling.recording_view import recording_for
from signaling.refusals import REFUSALS, Refused
from signaling.relay import Relay
from signaling.roles import PERMISSIONS
from signaling.rules import Rules
from signaling.sealed_messages import RECORDER
from signaling.seat import Arrival, Entry, Media, Mover, Phase, Seat, notice_absence, shown_name
from signaling.session_recording import SessionRecording
from signaling.view import facts_of, state_for
from signaling.wiring import rewire

if TYPE_CHECKING:
    from sfu import LayersWanted, PeerId, PictureHeld


class Room:
    def __init__(self, session: str, rules: Rules, epoch: float, recording: SessionRecording | None = None) -> None:
        """`epoch` added to the room's clock gives seconds since 1970, for what people are shown.

        Without `recording` there are no recordings in this session.
        """
        self.session = session
        self.rules = rules
        self.epoch = epoch
        self.recording = recording
        self.encryption = rules.encryption
        self.limit = rules.limit
        self.length = rules.length
        self.locked = False
        self.started_at: float | None = None
        self.film: Film | None = None
        self.seats: list[Seat] = []
        self.numbers = 0
        """The last that was given to a seat."""
        self.relay = Relay()
        self._orders: list[Order] = []
        self._closing: list[Order] = []
        self._revision = 0
        self._speakers = Speakers()
        self._grades = Grades()

    # Asked by the shell before it opens media ----------------------------------------------------------------

    @property
    def empty(self) -> bool:
        return not self.seats

    def present(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.phase is Phase.PRESENT]

    def waiting(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.phase is Phase.WAITING]

    @property
    def clear(self) -> bool:
        """Whether somebody is present who does not encrypt."""
        return not all(seat.encrypts for seat in self.present())

    def seat_of(self, connection: ConnectionId) -> Seat | None:
        return next((seat for seat in self.seats if seat.connection == connection), None)

    # Coming and going ----------------------------------------------------------------------------------------

    def join(self, entry: Entry, arrival: Arrival, seat_id: str, now: float) -> list[Order]:
        """A new seat; `door.check_join` returned None. The shell has said `joined`, what follows is in the orders."""
        # The largest that any token names, whoever comes first: tokens are the clinic's word, their order is chance.
        self.limit = max(self.limit, entry.limit or 0)
        self.length = max(self.length, (entry.minutes or 0) * 60.0)
        enters = "enter" in PERMISSIONS[entry.role]
        seat = Seat(
            id=seat_id,
            entry=entry,
            phase=Phase.WAITING,
            since=now,
            name=shown_name(entry, arrival.name, encrypts=arrival.encrypts),
            number=self.next_number(),
            connection=arrival.connection,
            resume_ids=(arrival.resume_id,),
        )
        self.seats.append(seat)
        self._use(seat, arrival)
        self.require(entry.encryption)
        if enters:
            self.let_in(seat, now)
        self._orders.append(Note("enters" if enters else "waits", seat.role, seat=seat.id))
        return self.settle(now)

    def resume(self, seat: Seat, used_id: str, arrival: Arrival, now: float) -> list[Order]:
        """A lost socket or a reloaded page is back. With another peer, the page is new and the old one is over."""
        old = seat.connection
        if old is not None and old != arrival.connection:
            if arrival.media is not None and arrival.media.peer != seat.peer:
                self._tell(old, Over(reason="moved", error=OVER["moved"]))
            self._orders.append(HangUp(old))
        if seat.mover is not None:
            self._orders.append(Tell(arrival.connection, MoveRequested()))
        seat.resume_ids = (arrival.resume_id, used_id)
        self._use(seat, arrival)
        self._orders.append(Note("resumed", seat.role, seat=seat.id))
        return self.settle(now)

    def ask_to_move(self, seat: Seat, entry: Entry, connection: ConnectionId, now: float) -> list[Order]:
        """Another device of the same person wants this seat: ask the one that has it."""
        seat.mover = Mover(connection, entry, now + self.rules.asking)
        self._tell(connection, Moving())
        if seat.connection is not None:
            self._tell(seat.connection, MoveRequested())
        return self.settle(now)

    def mover_seat(self, connection: ConnectionId) -> Seat | None:
        return next((s for s in self.seats if s.mover is not None and s.mover.connection == connection), None)

    def take_over(self, seat: Seat, entry: Entry, arrival: Arrival, now: float) -> list[Order]:
        """The device in the call agreed (`HandOver`) and media for the new one is open: it has the seat now."""
        if seat.connection is not None:
            self._tell(seat.connection, Over(reason="moved", error=OVER["moved"]))
            self._orders.append(HangUp(seat.connection))
        seat.entry = entry
        seat.mover = None
        seat.name = shown_name(entry, arrival.name, encrypts=arrival.encrypts)
        seat.hand = False
        seat.resume_ids = (arrival.resume_id,)
        self._drop_media(seat)
        self._use(seat, arrival)
        self._orders.append(Note("moved", seat.role, seat=seat.id))
        return self.settle(now)

    def give_up_move(self, connection: ConnectionId, code: str | None) -> list[Order]:
        """The second device went away (`code` None) or cannot have the seat, for this reason."""
        seat = self.mover_seat(connection)
        if seat is not None:
            seat.mover = None
            if code is not None:
                self._refuse(connection, code)
                self._orders.append(HangUp(connection))
        return self.settle()

    def require(self, policy: Encryption | None) -> None:
        """What a token says of encryption. Whoever may not be here with it is put out."""
        self.encryption = strictest(self.encryption, policy or self.encryption)
        if self.encryption == "required":
            for seat in [each for each in self.seats if not each.encrypts]:
                self.release(seat, "unencrypted")

    def next_number(self) -> int:
        self.numbers += 1
        return self.numbers

    def let_in(self, seat: Seat, now: float) -> None:
        seat.phase = Phase.PRESENT
        if self.started_at is None:
            self.started_at = now
        self._tell_anew()

    def release(self, seat: Seat, reason: OverReason) -> None:
        """The person is no longer in the session, whatever phase they were in."""
        if seat.connection is not None:
            self._tell(seat.connection, Over(reason=reason, error=OVER[reason]))
            self._orders.append(HangUp(seat.connection))
        if seat.mover is not None:
            if reason in ("left", "lost", "unencrypted"):
                self._orders.append(JoinAfresh(seat.mover.connection))
            else:
                self._tell(seat.mover.connection, Over(reason=reason, error=OVER[reason]))
                self._orders.append(HangUp(seat.mover.connection))
        seat.phase = Phase.GONE
        seat.connection = None
        seat.mover = None
        self._drop_media(seat)
        self.seats.remove(seat)
        self._speakers.forget(seat.id)
        self._orders.append(Note("gone", seat.role, reason, seat.id))

    def note_admitted(self, seat: Seat) -> None:
        self._orders.append(Note("admitted", seat.role, seat=seat.id))

    def revoke(self, seat: Seat) -> None:
        self._orders.append(Revoke(seat.entry.token, seat.entry.token_expires))

    def hand_over(self, connection: ConnectionId) -> None:
        self._orders.append(HandOver(connection))

    def checked_in(self, identity: str, rule: Rule, now: float) -> list[Order]:
        """They said at check-in to be where this rule for recordings holds."""
        if self.recording is not None:
            self.recording.checked_in(identity, rule)
        return self.settle(now)

    # What connections and the media server report -------------------------------------------------------------

    def receive(self, connection: ConnectionId, message: Message, now: float) -> list[Order]:
        """A message of a connection that has joined. What is refused is answered, never raised."""
        seat = self.seat_of(connection)
        try:
            if seat is None:
                raise Refused("not_joined")
            requests.handle(self, seat, message, now)
        except Refused as refused:
            self._tell(connection, Error(code=refused.code, error=refused.error))
        if isinstance(message, Sealed):
            # Most of all messages, and nobody's state follows from them: to look would cost a hundred times as much.
            return self._relayed()
        return self.settle(now)

    def socket_lost(self, connection: ConnectionId, now: float) -> list[Order]:
        seat = self.seat_of(connection)
        if seat is None:
            return self.give_up_move(connection, None)
        seat.connection = None
        seat.socket_gone_at = now
        seat.told = None
        return self.settle(now)

    def media_offered(self, seat: Seat, media: Media) -> list[Order]:
        """The seat's offer was answered: the same peer with more slots, or a new peer after the old one was lost."""
        self._take_media(seat, media)
        return self.settle()

    def peer_lost(self, peer: PeerId, silent: bool, now: float) -> list[Order]:
        seat = next((s for s in self.seats if s.peer == peer), None)
        if seat is not None:
            seat.lose_media(now - self.rules.silence if silent else now)
        return self.settle(now)

    def hear(self, levels: Mapping[PeerId, float], now: float) -> list[Order]:
        """Microphone levels in dBov by peer: who speaks is told to everybody present."""
        heard = {s.id: levels[s.peer] for s in self.present() if s.peer and s.peer in levels and s.sends("microphone")}
        speaking = self._speakers.look(heard, now)
        if speaking is not None:
            self.tell_present(Speaking(people=list(speaking)))
        return self.settle(now)

    def media_told(self, event: LayersWanted | PictureHeld) -> list[Order]:
        """What the media server says of somebody's pictures."""
        for seat in self.seats:
            if seat.peer == event.peer:
                seat.watching.take(event)
        return self.settle()

    def judge(self, grades: Mapping[PeerId, Grade]) -> list[Order]:
        """How each peer's connection is: told to everybody present."""
        measured: dict[str, Grade] = {}
        for seat in self.present():
            if seat.reconnecting or seat.media_gone_at is not None:
                measured[seat.id] = "lost"
            elif seat.peer is not None and seat.peer in grades:
                measured[seat.id] = grades[seat.peer]
        quality = self._grades.look(measured)
        if quality is not None:
            self.tell_present(Quality(people=dict(quality)))
        return self.settle()

    def capture_began(self, recording: str, now: float) -> list[Order]:
        """What `BeginCapture` ordered is ready, or a capture that had stalled can go on."""
        if self.recording is not None:
            self.recording.began(recording, now + self.epoch)
        return self.settle(now)

    def capture_stalled(self, recording: str, sentence: str, now: float) -> list[Order]:
        """Nothing can be captured for the time being; `sentence` tells people why. Ends with `capture_began`."""
        if self.recording is not None:
            self.recording.stalled(recording, sentence)
        return self.settle(now)

    def capture_warned(self, recording: str, sentence: str | None, now: float) -> list[Order]:
        """There is trouble that does not hold the recording up; None: it is over."""
        if self.recording is not None:
            self.recording.warned(recording, sentence)
        return self.settle(now)

    def capture_failed(self, recording: str, sentence: str, now: float) -> list[Order]:
        """The recording is over; the session goes on. `sentence` tells people why."""
        if self.recording is not None:
            self.recording.failed(recording, sentence, now + self.epoch)
        return self.settle(now)

    def filmed(self, film: Film | None, now: float) -> list[Order]:
        """How far the film of the last recording is; None: there will be none."""
        self.film = film
        return self.settle(now)

    def tick(self, now: float) -> list[Order]:
        """What happens by itself. Due a few times a second; late is harmless."""
        if self.started_at is not None and now >= self.started_at + self.length:
            self.end("expired")
        for seat in list(self.seats):
            expires = seat.expires(self.rules.grace)
            if expires is not None and now >= expires:
                self.release(seat, "lost")
            elif seat.phase is Phase.WAITING and now >= seat.since + self.rules.waiting:
                self.release(seat, "expired")
            elif seat.mover is not None and now >= seat.mover.until:
                self.refuse_move(seat)
        return self.settle(now)

    def refuse_move(self, seat: Seat) -> None:
        """The device in the call said no, or nothing: refuse the other one."""
        if seat.mover is not None:
            self._refuse(seat.mover.connection, "move_refused")
            self._orders.append(HangUp(seat.mover.connection))
            seat.mover = None

    def end(self, reason: OverReason) -> None:
        for seat in list(self.seats):
            self.release(seat, reason)

    # Telling ------------------------------------------------------------------------------------------------

    def tell(self, seat: Seat, message: ServerMessage) -> None:
        if seat.connection is not None:
            self._tell(seat.connection, message)

    def tell_present(self, message: ServerMessage) -> None:
        for seat in self.present():
            self.tell(seat, message)

    def settle(self, now: float | None = None) -> list[Order]:
        """The orders gathered so far, then those that follow from how things are now.

        `now` is needed whenever somebody may have come, gone or answered.
        """
        notice_absence(self.seats, now)
        before, after = self._record(now)
        orders = self._orders + before + rewire(self.seats, self._speakers.recent) + after + self._closing
        self._orders, self._closing = [], []
        facts = facts_of(self)
        others = len(self.present()) - 1
        for seat in self.seats:
            if seat.connection is None:
                continue
            recording = recording_for(seat, self.seats, self.recording)
            state = state_for(seat, self.seats, facts, recording, self._revision)
            if seat.told is None or state != seat.told.model_copy(update={"revision": self._revision}):
                self._revision += 1
                seat.told = state.model_copy(update={"revision": self._revision})
                orders.append(Tell(seat.connection, seat.told))
            if news := seat.watching.news(seat.sparing):
                orders.append(Tell(seat.connection, news))
            pairs = seat.slots.wanted(others, self.limit) if seat.phase is Phase.PRESENT and seat.peer else None
            if pairs is not None:
                orders.append(Tell(seat.connection, MoreSlots(audio=pairs, video=pairs + 1)))
        return orders + self._relayed()

    # Inside -------------------------------------------------------------------------------------------------

    def _relayed(self) -> list[Order]:
        """What follows from sealed messages, and what the recorder says to those who were told that it is there."""
        recording = self.recording
        if recording is not None and recording.recorder is not None:
            self._orders += recording.follow_what_was_heard()
            for person, body in recording.says():
                seat = next((each for each in self.seats if each.id == person), None)
                if seat is not None:
                    self.tell(seat, SealedFrom(person=RECORDER, page=recording.recorder.page, body=body))
        orders, self._orders = self._orders, []
        return orders

    def _record(self, now: float | None) -> tuple[list[Order], list[Order]]:
        if self.recording is None:
            return [], []
        return self.recording.follow(self.seats, None if now is None else now + self.epoch)

    def _use(self, seat: Seat, arrival: Arrival) -> None:
        publishes, rule = seat.may("publish"), seat.entry.consent_rule
        if self.recording is not None and rule is not None:
            self.recording.checked_in(seat.entry.identity, rule)
        seat.connection = arrival.connection
        seat.page += 1
        seat.encrypts = arrival.encrypts
        seat.socket_gone_at = None
        seat.told = None
        seat.watching.page_is_new()
        seat.microphone = arrival.microphone and publishes
        seat.camera = arrival.camera and publishes
        if arrival.media is not None:
            seat.screen = seat.screen and arrival.media.peer == seat.peer  # a new page shares nothing yet
            self._take_media(seat, arrival.media)
        self._tell_anew()

    def _take_media(self, seat: Seat, media: Media) -> None:
        replaced = seat.take_media(media)
        if replaced is not None:
            self._closing.append(ClosePeer(replaced))

    def _drop_media(self, seat: Seat) -> None:
        if peer := seat.drop_media():
            self._closing.append(ClosePeer(peer))

    def _tell_anew(self) -> None:
        """Somebody new listens: what is only told when it changes must be told again."""
        self._speakers.told = ()
        self._grades.told = {}

    def _tell(self, connection: ConnectionId, message: ServerMessage) -> None:
        self._orders.append(Tell(connection, message))

    def _refuse(self, connection: ConnectionId, code: str) -> None:
        self._tell(connection, Error(code=code, error=REFUSALS[code]))
