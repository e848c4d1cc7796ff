"""A room on a stage: people with inboxes, a media server that only remembers its orders, and a clock that is told."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from sfu import PeerId
from signaling import door
from signaling import messages as m
from signaling import orders as o
from signaling.recording_rules import ConsentPolicy
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.room import Room
from signaling.rules import Rules
from signaling.seat import Arrival, Entry, Media, Seat, permitted_sources, shown_name
from signaling.session_recording import SessionRecording
from signaling.wiring import Tap

ALL_SOURCES = m.Sources(microphone="0", camera="1", screen="2")
NO_SOURCES = m.Sources()
EPOCH = 1_800_000_000.0

M = TypeVar("M", bound=m.Message)


@dataclass
class Actor:
    """One device of one person."""

    stage: Stage
    connection: int
    entry: Entry
    name: str
    seat_id: str = ""
    inbox: list[m.Message] = field(default_factory=list)
    hung_up: bool = False
    resume_id: str = ""
    peer: PeerId | None = None
    encrypts: bool = True
    tells_name: bool = True
    """Not so from a page: here names are told so that tests can say who is who."""

    @property
    def seat(self) -> Seat:
        return next(seat for seat in self.stage.room.seats if seat.id == self.seat_id)

    @property
    def state(self) -> m.State:
        return self.last(m.State)

    def says(self, message: m.Message) -> None:
        self.stage.carry_out(self.stage.room.receive(self.connection, message, self.stage.now))

    def all(self, kind: type[M]) -> list[M]:
        return [message for message in self.inbox if isinstance(message, kind)]

    def last(self, kind: type[M]) -> M:
        return self.all(kind)[-1]

    @property
    def refused(self) -> str:
        """The code of the last error."""
        return self.last(m.Error).code

    def hears_and_sees(self) -> set[tuple[str, str]]:
        """(name, source) of all that the media server forwards to this device: connected and not paused."""
        stage = self.stage
        by_peer = {actor.peer: actor.name for actor in stage.actors if actor.peer is not None}
        return {
            (by_peer[publisher], source)
            for (subscriber, _), (publisher, source) in stage.wires.items()
            if subscriber == self.peer and not stage.paused.get((publisher, source), False)
        }

    def agrees(self, place: str | None = None, signed_as: str | None = None) -> None:
        """Answers the question that is shown."""
        question = self.state.recording
        assert question is not None
        assert question.text is not None, f"{self.name} is not asked"
        self.says(m.Consent(agreed=True, text=question.text.version, place=place, signed_as=signed_as))

    def refuses(self) -> None:
        self.says(m.Consent(agreed=False))

    def records(self, action: Literal["start", "pause", "resume", "stop"]) -> None:
        self.says(m.Record(action=action))

    @property
    def shown(self) -> m.Recording:
        """The recording, as this person is told of it."""
        recording = self.state.recording
        assert recording is not None
        return recording

    def loses_socket(self) -> None:
        self.stage.carry_out(self.stage.room.socket_lost(self.connection, self.stage.now))
        self.hung_up = True

    def loses_media(self, silent: bool = False) -> None:
        peer, self.peer = self.peer, None
        assert peer is not None
        self.stage.wires = {k: v for k, v in self.stage.wires.items() if k[0] != peer and v[0] != peer}
        self.stage.carry_out(self.stage.room.peer_lost(peer, silent, self.stage.now))

    def resumes(self, reloaded: bool = False, resume_id: str | None = None) -> Actor:
        return self.stage.resume(self, reloaded, resume_id)


class Stage:
    def __init__(self, consent: ConsentPolicy | None = None, session: str = "session-1", **rules: Any) -> None:
        self._numbers = itertools.count(1)
        recording = None
        if consent is not None:
            chance = random.Random(session).randbytes
            recording = SessionRecording(session, consent, lambda: f"recording-{next(self._numbers)}", chance)
        self.room = Room(session, Rules(**rules), EPOCH, recording)
        self.now = 100.0
        self.actors: list[Actor] = []
        self.orders: list[o.Order] = []
        self.wires: dict[tuple[PeerId, str], tuple[PeerId, str]] = {}
        self.paused: dict[tuple[PeerId, str], bool] = {}
        self.closed: list[PeerId] = []
        self.revoked: list[str] = []
        self.captures: dict[str, str] = {}
        """Recording -> opening, running, held, or why it ended."""
        self.taps: dict[Tap, PeerId] = {}
        self.consents: list[o.KeepConsent] = []
        self.keys: dict[int, dict[int, bytes]] = {}
        """What the writer has: by number, by key id."""
        self.names: dict[str, str] = {}
        """Of those who have told the recorder."""
        self.sealed: dict[str, bool] = {}

    def entry(self, role: Role, identity: str, **more: Any) -> Entry:
        fields: dict[str, Any] = {"name": "", "token": f"token-{identity}", "token_expires": EPOCH + 10_000} | more
        return Entry(identity=identity, role=role, **fields)

    def join(
        self,
        role: Role,
        name: str,
        *,
        identity: str | None = None,
        move: bool = False,
        sources: m.Sources | None = ALL_SOURCES,
        slots: tuple[int, int] = (3, 4),
        on: bool = True,
        encrypts: bool = True,
        tells_name: bool = True,
        entry_name: str = "",
        **entry: Any,
    ) -> Actor:
        """Raises Refused, as the shell would be told."""
        actor = Actor(self, next(self._numbers), self.entry(role, identity or name, name=entry_name, **entry), name)
        actor.encrypts, actor.tells_name = encrypts, tells_name
        self.actors.append(actor)
        seat = door.check_join(self.room, actor.entry, move=move, encrypts=encrypts)
        if seat is not None:
            self.carry_out(self.room.ask_to_move(seat, actor.entry, actor.connection, self.now))
            return actor
        shown_name(actor.entry, name if tells_name else None, encrypts=encrypts)
        media = self.media(actor, sources, slots)
        actor.seat_id = f"person-{actor.connection}"
        self.carry_out(self.room.join(actor.entry, self.arrival(actor, media, on), actor.seat_id, self.now))
        return actor

    def therapist(self, name: str = "Dr. Blue", **more: Any) -> Actor:
        return self.join("therapist", name, **more)

    def patient(self, name: str = "Alex", **more: Any) -> Actor:
        return self.join("patient", name, **more)

    def admitted(self, host: Actor, role: Role, name: str, **more: Any) -> Actor:
        actor = self.join(role, name, **more)
        host.says(m.Admit(person=actor.seat_id))
        assert actor.state.phase == "present"
        return actor

    def resume(self, actor: Actor, reloaded: bool, resume_id: str | None) -> Actor:
        used = resume_id or actor.resume_id
        seat = door.seat_to_resume(self.room, actor.seat_id, used)
        back = Actor(self, next(self._numbers), actor.entry, actor.name, actor.seat_id, peer=actor.peer)
        back.encrypts, back.tells_name = actor.encrypts, actor.tells_name
        if not reloaded:
            actor.peer = None
        self.actors.append(back)
        media = self.media(back, ALL_SOURCES, (3, 4)) if reloaded else None
        self.carry_out(self.room.resume(seat, used, self.arrival(back, media, True), self.now))
        return back

    def media(self, actor: Actor, sources: m.Sources | None, slots: tuple[int, int]) -> Media | None:
        if sources is None:
            return None
        actor.peer = PeerId(f"peer-{next(self._numbers)}")
        audio, video = slots
        return Media(
            peer=actor.peer,
            sources=permitted_sources(actor.entry.role, sources),
            audio=tuple(f"a{n}" for n in range(audio)),
            video=tuple(f"v{n}" for n in range(video)),
        )

    def offer(self, actor: Actor, *, same: bool = True, slots: tuple[int, int] = (3, 4)) -> None:
        """Offers again: for the connection that the seat has now, as the shell does, or for a new one."""
        old = actor.seat.peer
        media = self.media(actor, ALL_SOURCES, slots)
        assert media is not None
        if same and old is not None:
            actor.peer = old
            media = Media(old, media.sources, media.audio, media.video)
        self.carry_out(self.room.media_offered(actor.seat, media))

    def arrival(self, actor: Actor, media: Media | None, on: bool) -> Arrival:
        actor.resume_id = f"resume-{next(self._numbers)}"
        name = actor.name if actor.tells_name else None
        return Arrival(actor.connection, actor.resume_id, media, on, on, actor.encrypts, name)

    def hears(self, **levels: float) -> None:
        by_peer = {actor.peer: levels[actor.name] for actor in self.actors if actor.peer and actor.name in levels}
        self.carry_out(self.room.hear(by_peer, self.now))

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.carry_out(self.room.tick(self.now))

    @property
    def recording(self) -> str:
        """The newest one that was ordered."""
        return list(self.captures)[-1]

    def capture_begins(self, recording: str | None = None) -> None:
        """The shell reports that it is ready to capture, or again ready."""
        recording = recording or self.recording
        if self.captures[recording] == "opening":
            self.captures[recording] = "running"
        self.carry_out(self.room.capture_began(recording, self.now))

    def capture_fails(self, sentence: str = "The disk is full.") -> None:
        self.carry_out(self.room.capture_failed(self.recording, sentence, self.now))

    def capture_stalls(self, sentence: str = "The disk does not answer.") -> None:
        self.carry_out(self.room.capture_stalled(self.recording, sentence, self.now))

    def recorded(self) -> set[tuple[str, str]]:
        """(name, source) of all that is captured now."""
        names = {seat.id: seat.name for seat in self.room.seats}
        return {(names[person], source) for _, person, source in self.taps}

    def actor(self, connection: int) -> Actor:
        return next(actor for actor in self.actors if actor.connection == connection)

    def carry_out(self, orders: list[o.Order]) -> None:
        self.orders += orders
        for order in sorted(orders, key=lambda each: isinstance(each, o.HandOver | o.JoinAfresh)):
            match order:
                case o.Tell(connection, message):
                    actor = self.actor(connection)
                    assert not actor.hung_up, f"{actor.name} was told {message} after the connection was closed"
                    actor.inbox.append(message)
                case o.HangUp(connection):
                    self.actor(connection).hung_up = True
                case o.Connect(publisher, source, subscriber, slot):
                    assert publisher not in self.closed
                    assert subscriber not in self.closed
                    self.wires[(subscriber, slot)] = (publisher, source)
                case o.Disconnect(subscriber, slot):
                    self.wires.pop((subscriber, slot), None)
                case o.Pause(publisher, source, paused):
                    assert publisher not in self.closed
                    self.paused[(publisher, source)] = paused
                case o.ClosePeer(peer):
                    assert peer not in self.taps.values(), "a peer was closed while it is captured"
                    self.wires = {key: value for key, value in self.wires.items() if key[0] != peer}
                    self.closed.append(peer)
                case o.BeginCapture() | o.HoldCapture() | o.GoOnCapture() | o.EndCapture():
                    self._turn_capture(order)
                case o.Capture(recording, person, source, publisher, sealed):
                    assert self.captures[recording] == "running"
                    assert publisher not in self.closed
                    self.sealed[recording] = sealed
                    self.taps[recording, person, source] = publisher
                case o.Release(recording, person, source):
                    del self.taps[recording, person, source]
                case o.KeepConsent():
                    self.consents.append(order)
                case o.SealCapture(recording, sealed):
                    self.sealed[recording] = sealed
                case o.OpenWith(recording, number, key_id, key):
                    assert self.captures[recording] in ("opening", "running"), "a key for a recording that is held"
                    kept = self.keys.setdefault(number, {})
                    kept.pop(key_id, None)
                    kept[key_id] = bytes(key.reveal())
                case o.ForgetKeys(recording, number):
                    assert recording in self.captures
                    for each in [number] if number is not None else list(self.keys):
                        self.keys.pop(each, None)
                case o.NameCaptured(_, person, name):
                    self.names[person] = name
                case o.Revoke(token, _):
                    self.revoked.append(token)
                case o.HandOver(connection):
                    self._hand_over(self.actor(connection))
                case o.JoinAfresh(connection):
                    actor = self.actor(connection)
                    try:
                        door.check_join(self.room, actor.entry, move=False, encrypts=actor.encrypts)
                    except Refused as refused:
                        actor.inbox.append(m.Error(code=refused.code, error=refused.error))
                        actor.hung_up = True
                        continue
                    actor.seat_id = f"person-{actor.connection}"
                    media = self.media(actor, ALL_SOURCES, (3, 4))
                    arrival = self.arrival(actor, media, True)
                    self.carry_out(self.room.join(actor.entry, arrival, actor.seat_id, self.now))

        assert not {publisher for publisher, _ in self.wires.values()} & set(self.closed), "a wire to a closed peer"

    def _turn_capture(self, order: o.BeginCapture | o.HoldCapture | o.GoOnCapture | o.EndCapture) -> None:
        before = self.captures.get(order.recording)
        match order:
            case o.BeginCapture(recording):
                assert before is None
                self.captures[recording] = "opening"
            case o.HoldCapture(recording):
                assert before == "running"
                self.captures[recording] = "held"
            case o.GoOnCapture(recording):
                assert before == "held"
                self.captures[recording] = "running"
            case o.EndCapture(recording, reason):
                assert before in ("opening", "running", "held")
                self.captures[recording] = reason
                self.keys.clear()
        if not isinstance(order, o.GoOnCapture):
            assert not self.taps, "something is still captured"

    def _hand_over(self, actor: Actor) -> None:
        seat = self.room.mover_seat(actor.connection)
        assert seat is not None
        actor.seat_id = seat.id
        media = self.media(actor, ALL_SOURCES, (3, 4))
        self.carry_out(self.room.take_over(seat, actor.entry, self.arrival(actor, media, True), self.now))


def code_of(refused: Any) -> str:
    """The code of what `pytest.raises(Refused)` caught."""
    assert isinstance(refused.value, Refused)
    return refused.value.code
