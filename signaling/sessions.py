"""Sessions: the rooms of this server, and the shell that carries out their orders.

Feeds each room with messages, media events and the time, and does what it orders: tells connections, wires media,
revokes tokens. Who may come in at all is `entrance.py`'s; what happens inside is `room.py`'s. A fault of ours in one
session ends that session and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from sfu import MediaEvent, MediaServer, PeerConnected, PeerError, PeerId, PeerLost
from signaling import door
from signaling import orders as o
from signaling.captures import Captures
from signaling.clock import Clock
from signaling.hold_back import hold_back
from signaling.limits import Limiter
from signaling.media import WiringOrder, offer_again, wire
from signaling.messages import Answer, Answered, Error, Film, Join, Joined, Message, Offer, OfferAgain, Resume
from signaling.metrics import Metrics
from signaling.outlet import Outlet
from signaling.pseudonyms import Pseudonyms
from signaling.quality_watch import QualityWatch
from signaling.recording_rules import Rule
from signaling.refusals import REFUSALS, Refused
from signaling.returning import Returns, give_back
from signaling.revocations import Revocations
from signaling.revoking import Revoking
from signaling.roles import Role
from signaling.room import Room
from signaling.rules import Rules
from signaling.seat import Arrival, Entry, Media, Seat, notice_silence, shown_name
from signaling.session_recording import SessionRecording
from signaling.sparing import spare
from signaling.stats import Stats
from signaling.tokens import JoinClaims, ResumeClaims, Tokens
from signaling.told_calls import ToldCalls

log = structlog.get_logger("sessions")

LOOK = 0.25
"""Seconds between two looks at voices and deadlines. Lower, and the speaker's frame is no quicker than the eye."""

JUDGE = 8
"""Looks between two judgements of connections: every 2 s."""

RENEW_LOOKS = 4
"""Looks between two at resume tokens: what has changed is in them a second later at most."""

CLOSE_OVER = 1000
CLOSE_FAULT = 1011
CLOSE_RESTART = 1012
"""Close codes (RFC 6455, section 7.4.1, and IANA's registry): over, a fault of ours, come back in a moment."""


@dataclass(frozen=True)
class _Mover:
    outlet: Outlet
    room: Room
    entry: Entry
    message: Join


class Sessions:
    def __init__(
        self,
        *,
        media: MediaServer,
        tokens: Tokens,
        revocations: Revocations,
        rules: Rules,
        clock: Clock,
        new_id: Callable[[], str],
        metrics: Metrics,
        pseudonyms: Pseudonyms,
        vanished: Callable[[str], None],
        quality: QualityWatch,
        captures: Captures | None = None,
        told: ToldCalls | None = None,
    ) -> None:
        """`vanished` is called with a session's id when its last seat is empty. Without `captures` nothing can be
        recorded; without `told` the audit log hears nothing."""
        self._media = media
        self._tokens = tokens
        self._revoking = Revoking(revocations)
        self._rules = rules
        self._clock = clock
        self._new_id = new_id
        self._metrics = metrics
        self._pseudonyms = pseudonyms
        self._vanished = vanished
        self._quality = quality
        self._captures = captures
        self._told = told
        self._returns = Returns(tokens=tokens, revocations=revocations, clock=clock)
        if captures is not None:
            captures.told = self
        self._rooms: dict[str, Room] = {}
        self._outlets: dict[o.ConnectionId, tuple[Outlet, Room]] = {}
        self._movers: dict[o.ConnectionId, _Mover] = {}
        self._peers: dict[PeerId, Room] = {}
        self._looks = 0
        # Reading an offer costs a thousand times what another message does.
        self._offers = Limiter(rate=0.5, burst=10)

    # Coming in, called by the entrance -------------------------------------------------------------------------

    def join(self, outlet: Outlet, claims: JoinClaims, message: Join) -> None:
        """Raises Refused."""
        room = self._rooms.get(claims.room) or self._new_room(claims.room)
        entry = Entry(
            identity=claims.sub,
            role=claims.role,
            name=claims.name or "",
            token=claims.jti,
            token_expires=claims.exp,
            limit=claims.limit,
            minutes=claims.minutes,
            encryption=claims.encryption,
            consent_rule=claims.consent_rule,
        )
        with self._guarded(room):
            seat = door.check_join(room, entry, move=message.move, encrypts=message.encrypts)
            shown_name(entry, message.name, encrypts=message.encrypts)
            if seat is None:
                self._take_seat(room, outlet, entry, message)
            else:
                self._movers[outlet.id] = _Mover(outlet, room, entry, message)
                self._outlets[outlet.id] = (outlet, room)
                self._carry_out(room, room.ask_to_move(seat, entry, outlet.id, self._clock.steady()))

    def resume(self, outlet: Outlet, claims: ResumeClaims, message: Resume) -> None:
        """Raises Refused."""
        room = self._rooms.get(claims.room)
        if room is None or all(seat.id != claims.sub for seat in room.seats):
            self._give_back(outlet, room, claims, message)
            return
        with self._guarded(room):
            seat = door.seat_to_resume(room, claims.sub, claims.jti)
            door.check_encrypts(room, message.encrypts)
            media, answer = self._open(room, message.offer, seat.role, seat.peer)
            arrival = self._arrive(room, outlet, message, media)
            self._welcome(outlet, room, seat.id, arrival, answer)
            self._carry_out(room, room.resume(seat, claims.jti, arrival, self._clock.steady()))

    def _give_back(self, outlet: Outlet, room: Room | None, claims: ResumeClaims, message: Resume) -> None:
        sat = self._returns.check(room, claims)
        room = room or self._new_room(claims.room)
        with self._guarded(room):
            door.check_encrypts(room, message.encrypts, sat.encryption)
            media, answer = self._open(room, message.offer, sat.role)
            self._rooms[room.session] = room
            arrival = self._arrive(room, outlet, message, media)
            self._welcome(outlet, room, claims.sub, arrival, answer)
            self._carry_out(room, give_back(room, claims, sat, arrival, self._clock.steady()))

    def _new_room(self, session: str) -> Room:
        return Room(session, self._rules, self._clock.wall() - self._clock.steady(), self._recording(session))

    def _take_seat(self, room: Room, outlet: Outlet, entry: Entry, message: Join) -> None:
        media, answer = self._open(room, message.offer, entry.role)
        self._rooms[room.session] = room
        arrival = self._arrive(room, outlet, message, media)
        seat_id = self._new_id()
        self._welcome(outlet, room, seat_id, arrival, answer)
        self._carry_out(room, room.join(entry, arrival, seat_id, self._clock.steady()))

    def _hand_over(self, connection: o.ConnectionId) -> None:
        mover = self._movers.pop(connection, None)
        seat = mover.room.mover_seat(connection) if mover is not None else None
        if mover is None or seat is None:
            return
        try:
            door.check_encrypts(mover.room, mover.message.encrypts)
            media, answer = self._open(mover.room, mover.message.offer, seat.role)
        except Refused as refused:
            self._carry_out(mover.room, mover.room.give_up_move(connection, refused.code))
            return
        arrival = self._arrive(mover.room, mover.outlet, mover.message, media)
        self._welcome(mover.outlet, mover.room, seat.id, arrival, answer)
        self._carry_out(mover.room, mover.room.take_over(seat, mover.entry, arrival, self._clock.steady()))

    def _join_afresh(self, connection: o.ConnectionId) -> None:
        mover = self._movers.pop(connection, None)
        if mover is None:
            return
        try:
            door.check_join(mover.room, mover.entry, move=False, encrypts=mover.message.encrypts)
            self._take_seat(mover.room, mover.outlet, mover.entry, mover.message)
        except Refused as refused:
            mover.outlet.send(Error(code=refused.code, error=refused.error))
            self._hang_up(connection, CLOSE_OVER)

    def _open(
        self, room: Room, offer: Offer | None, role: Role, peer: PeerId | None = None
    ) -> tuple[Media | None, Answer | None]:
        return (None, None) if offer is None else offer_again(self._media, peer, offer, role, room.session)

    def _arrive(self, room: Room, outlet: Outlet, message: Join | Resume, media: Media | None) -> Arrival:
        self._outlets[outlet.id] = (outlet, room)
        if media is not None:
            self._peers[media.peer] = room
        return Arrival(
            connection=outlet.id,
            resume_id=self._new_id(),
            media=media,
            microphone=message.microphone,
            camera=message.camera,
            encrypts=message.encrypts,
            name=message.name if isinstance(message, Join) else None,
        )

    def _welcome(self, outlet: Outlet, room: Room, seat_id: str, arrival: Arrival, answer: Answer | None) -> None:
        # Good for as long as the seat can last; it dies with the seat, or when two newer ones were handed out.
        now = self._clock.wall()
        expires = int(now + room.length + self._rules.waiting)
        claims = ResumeClaims(jti=arrival.resume_id, exp=expires, room=room.session, sub=seat_id)
        outlet.send(Joined(you=seat_id, resume=self._tokens.sign(claims, now), answer=answer))

    # While they are in ------------------------------------------------------------------------------------------

    def receive(self, connection: o.ConnectionId, message: Message) -> None:
        """A message of a connection that came in. What is refused is answered."""
        if connection not in self._outlets:
            return  # it was hung up, and this was on its way
        outlet, room = self._outlets[connection]
        log.debug("message", connection=connection, kind=type(message).__name__)
        with self._guarded(room):
            seat = room.seat_of(connection)
            if isinstance(message, OfferAgain) and seat is not None:
                self._offer(outlet, room, seat, message)
            elif isinstance(message, Stats) and seat is not None:
                now = self._clock.steady()
                if message.send_limit is not None:
                    seat.sparing.told(message.send_limit, now)
                self._quality.told(room, seat, message, now)
            else:
                self._carry_out(room, room.receive(connection, message, self._clock.steady()), seat)

    def lost(self, connection: o.ConnectionId) -> None:
        """The connection is gone, for whatever reason."""
        outlet_room = self._outlets.pop(connection, None)
        self._movers.pop(connection, None)
        if outlet_room is not None:
            room = outlet_room[1]
            with self._guarded(room):
                self._carry_out(room, room.socket_lost(connection, self._clock.steady()))

    def _offer(self, outlet: Outlet, room: Room, seat: Seat, message: OfferAgain) -> None:
        try:
            if self._offers.take(outlet.id, self._clock.steady()) > 0:
                raise Refused("too_many_messages")
            media, answer = offer_again(self._media, seat.peer, message.offer, seat.role, room.session)
        except Refused as refused:
            self._metrics.refused.labels(refused.code).inc()
            outlet.send(Error(code=refused.code, error=refused.error))
            return
        self._peers[media.peer] = room
        outlet.send(Answered(answer=answer))
        self._quality.offered(room, seat, media, self._clock.steady())
        self._carry_out(room, room.media_offered(seat, media))

    def media_event(self, event: MediaEvent) -> None:
        """From the media server, on the event loop."""
        room = self._peers.get(event.peer)
        if room is None:
            return
        with self._guarded(room):
            if isinstance(event, PeerLost):
                del self._peers[event.peer]
                self._quality.lost(room, event.peer, event.reason, self._clock.steady())
                self._metrics.peers_lost.labels(event.reason).inc()
                log.debug("media lost", session=self._pseudonyms.of(room.session), reason=event.reason)
                self._carry_out(room, room.peer_lost(event.peer, event.reason == "silent", self._clock.steady()))
            elif isinstance(event, PeerConnected):
                self._metrics.peers_connected.inc()
                self._quality.connected(room, event.peer, self._clock.steady())
                log.debug("media connected", session=self._pseudonyms.of(room.session))
            else:
                self._carry_out(room, room.media_told(event))

    def capture_began(self, session: str, recording: str) -> None:
        """What a recording says of itself, like the three below."""
        self._of_recording(session, lambda room, now: room.capture_began(recording, now))

    def capture_stalled(self, session: str, recording: str, problem: str) -> None:
        self._of_recording(session, lambda room, now: room.capture_stalled(recording, problem, now))

    def capture_warned(self, session: str, recording: str, problem: str | None) -> None:
        self._of_recording(session, lambda room, now: room.capture_warned(recording, problem, now))

    def capture_failed(self, session: str, recording: str, problem: str) -> None:
        self._of_recording(session, lambda room, now: room.capture_failed(recording, problem, now))

    def filmed(self, session: str, film: Film | None) -> None:
        """How far the film of its last recording is, if the session still goes on."""
        self._of_recording(session, lambda room, now: room.filmed(film, now))

    def checked_in(self, session: str, identity: str, rule: Rule) -> None:
        """Somebody, in the session or not, says to be where this rule for recordings holds."""
        self._of_recording(session, lambda room, now: room.checked_in(identity, rule, now))

    def _of_recording(self, session: str, change: Callable[[Room, float], list[o.Order]]) -> None:
        room = self._rooms.get(session)
        if room is not None:
            with self._guarded(room):
                self._carry_out(room, change(room, self._clock.steady()))

    def look(self) -> None:
        """Looks at voices, connections and deadlines. Due every `LOOK` seconds."""
        self._looks += 1
        if not self._rooms:
            return
        judge = self._looks % JUDGE == 0
        levels = self._media.levels()
        reports = self._media.reports() if judge else {}
        silent = {peer for peer, report in reports.items() if not report.bits_in}
        for room in list(self._rooms.values()):
            with self._guarded(room):
                now = self._clock.steady()
                self._carry_out(room, room.hear(levels, now))
                if self._looks % RENEW_LOOKS == 0:
                    self._carry_out(room, [o.Tell(*each) for each in self._returns.renewed(room)])
                if judge:
                    notice_silence(room.present(), silent)
                    hold_back(room.present(), reports, now)
                    spare(room.present(), reports, now)
                    self._carry_out(room, room.judge(self._quality.look(room, reports, now)))
                self._carry_out(room, room.tick(now))

    @property
    def rooms(self) -> list[Room]:
        return list(self._rooms.values())

    def counts(self) -> dict[str, int]:
        """For the metrics: how many sessions, and how many people in each phase."""
        rooms = self._rooms.values()
        return {
            "sessions": len(self._rooms),
            "present": sum(len(room.present()) for room in rooms),
            "waiting": sum(len(room.waiting()) for room in rooms),
        }

    async def close(self) -> None:
        """Tells everybody to come back in a moment; nobody's session is over. Waits for what is being written."""
        for connection in list(self._outlets):
            self._hang_up(connection, CLOSE_RESTART)
        await self._revoking.close()

    # Orders -----------------------------------------------------------------------------------------------------

    def _carry_out(self, room: Room, orders: list[o.Order], by: Seat | None = None) -> None:
        if self._told is not None:
            self._told.carried_out(room, orders, by)
        # Last, what makes the room change again: nobody must be told an older state after a newer one.
        for order in sorted(orders, key=lambda each: isinstance(each, o.HandOver | o.JoinAfresh)):
            match order:
                case o.Tell(connection, message):
                    if connection in self._outlets:
                        self._outlets[connection][0].send(message)
                    if isinstance(message, Error):
                        self._metrics.refused.labels(message.code).inc()
                case o.HangUp(connection):
                    self._movers.pop(connection, None)
                    self._hang_up(connection, CLOSE_OVER)
                case o.Revoke(token, until):
                    self._revoking.revoke(token, until)
                case o.HandOver(connection):
                    self._hand_over(connection)
                case o.JoinAfresh(connection):
                    self._join_afresh(connection)
                case o.Note(event, role, reason, seat) as note:
                    self._quality.noted(room, note, self._clock.steady())
                    if event == "gone":
                        self._returns.gone(seat, reason)
                    self._metrics.people.labels(event, reason).inc()
                    log.info(event, session=self._pseudonyms.of(room.session), role=role, reason=reason or None)
                case o.Connect() | o.Disconnect() | o.Show() | o.Rank() | o.Pause() | o.ClosePeer():
                    self._wire(order)
                case _:
                    self._record(room, order)
        if room.empty and self._rooms.get(room.session) is room:
            self._forget(room)
            log.info("vanished", session=self._pseudonyms.of(room.session))

    def _wire(self, order: WiringOrder) -> None:
        if isinstance(order, o.ClosePeer):
            self._peers.pop(order.peer, None)
        try:
            wire(self._media, order)
        except PeerError as error:
            # The peer was lost a moment ago and its event is on the way; or the client offered other than it said.
            self._metrics.wiring_refused.labels(error.code).inc()
            log.debug("not wired", code=error.code)

    def _recording(self, session: str) -> SessionRecording | None:
        captures = self._captures
        if captures is None:
            return None
        return SessionRecording(session, captures.policy, captures.new_id, captures.entropy)

    def _record(self, room: Room, order: o.RecordingOrder) -> None:
        if self._captures is not None and room.recording is not None:
            person = getattr(order, "person", None)
            seat = next((each for each in room.seats if each.id == person), None)
            self._captures.carry_out(order, room.session, room.recording.consents.rule, seat)

    def _hang_up(self, connection: o.ConnectionId, code: int) -> None:
        outlet_room = self._outlets.pop(connection, None)
        if outlet_room is not None:
            outlet_room[0].hang_up(code)

    @contextmanager
    def _guarded(self, room: Room) -> Iterator[None]:
        try:
            yield
        except Refused:
            raise
        except Exception as error:  # a fault of ours: see the module's docstring
            log.exception("fault", session=self._pseudonyms.of(room.session), error_type=type(error).__name__)
            self._metrics.faults.inc()
            self._abandon(room)

    def _abandon(self, room: Room) -> None:
        for connection, (outlet, its_room) in list(self._outlets.items()):
            if its_room is room:
                outlet.send(Error(code="internal", error=REFUSALS["internal"]))
                self._movers.pop(connection, None)
                self._hang_up(connection, CLOSE_FAULT)
        for peer, its_room in list(self._peers.items()):
            if its_room is room:
                self._wire(o.ClosePeer(peer))
        if self._rooms.get(room.session) is room:
            self._forget(room)

    def _forget(self, room: Room) -> None:
        del self._rooms[room.session]
        self._quality.over(room, self._clock.steady())
        if self._told is not None:
            self._told.over(room)
        if self._captures is not None:
            self._captures.session_over(room.session)
        self._vanished(room.session)
