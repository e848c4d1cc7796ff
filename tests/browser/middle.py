"""An evil server: what two people seal for each other it does not hand on, but shakes hands with each of them in the
name of the other. So it is given the keys of both, hands them on so that nobody misses anything, and listens in.

It is the real service with another relay and a pair of ears. All that it does an evil server could do; it breaks
nothing that is encrypted. Not here: what people see of it.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from recording.e2ee import (
    Agreed,
    CannotOpen,
    Event,
    Handshake,
    Have,
    KeyRing,
    Name,
    PrivateKey,
    Refused,
    SenderKey,
    Source,
    open_frame,
)
from recording.frames import CODECS, depacketizer
from sfu import MediaServer, PeerId, Run, split_heard
from signaling.relay import Relay
from signaling.room import Room
from signaling.sealed_messages import Sealed, SealedFrom
from signaling.seat import Seat

LISTENS = 4.0
"""Seconds, within which a key frame that is asked for has come."""


@dataclass
class _Hand:
    """What there is with one person, in another one's name."""

    handshake: Handshake
    name: str | None = None
    key: SenderKey | None = None
    """What they have told: as if to the other one."""


@dataclass
class Stolen:
    """What was got of somebody's camera."""

    frames: list[bytes] = field(default_factory=list)
    """Opened."""
    locked: int = 0
    """Frames that no stolen key opens."""


class Middle:
    """`steps_in` begins it. Before, everything is handed on as it should be."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, str] = {}
        """By person: what they have told."""
        self._attacks = False
        self._keys = KeyRing()
        self._hands: dict[tuple[str, str], _Hand] = {}
        """By whom it is with, and in whose name."""
        self._room: Room | None = None
        self._media: MediaServer | None = None
        pass_on, open_peer = Relay.pass_on, MediaServer.open_peer

        def relayed(relay: Relay, room: Room, seat: Seat, message: Sealed, now: float) -> None:
            self._room = room
            if self._attacks:
                self._take(room, seat, message)
            else:
                pass_on(relay, room, seat, message, now)

        def opened(media: MediaServer, *offer: Any, **more: Any) -> Any:
            self._media = media
            return open_peer(media, *offer, **more)

        patch.setattr(Relay, "pass_on", relayed)
        patch.setattr(MediaServer, "open_peer", opened)

    def steps_in(self) -> None:
        """Before anybody has come, or later: then it begins handshakes of its own with those who are there."""
        self._attacks = True
        seats = self._room.seats if self._room is not None else []
        for seat in seats:
            for other in seats:
                if other is not seat:
                    self._say(seat, other, self._hand(seat, other).handshake.messages())

    async def listens_to(self, person: str) -> Stolen:
        """To somebody's camera for a while, and opens what can be opened."""
        assert self._media is not None
        assert self._room is not None
        seat = next(each for each in self._room.seats if each.id == person)
        assert seat.peer is not None
        stolen = Stolen()
        ear = self._media.open_listener(self._room.session)
        slot = self._media.open_slot(ear, "video")
        self._media.connect(seat.peer, "camera", ear, slot)
        self._media.ask_for_picture(ear, slot)
        try:
            await self._hear(ear, seat.number, stolen)
        finally:
            self._media.close_peer(ear)
        return stolen

    async def _hear(self, ear: PeerId, number: int, stolen: Stolen) -> None:
        assert self._media is not None

        def opens(data: bytes) -> bytes | None:
            try:
                return open_frame(self._keys, number, "VP8", Source.CAMERA, data, time.monotonic())
            except CannotOpen:
                stolen.locked += 1
                return None

        frames = depacketizer("VP8", opens)
        end = time.monotonic() + LISTENS
        while time.monotonic() < end:
            await asyncio.sleep(0.1)
            for run in split_heard(self._media.take(ear).packets):
                if not isinstance(run, Run):
                    continue
                assert CODECS[run.payload_type] == "VP8"
                for place, payload in enumerate(run.payloads, 1):
                    frame = frames.push(run.timestamp, run.marker and place == len(run.payloads), payload)
                    if frame is not None:
                        stolen.frames.append(frame.data)

    def _take(self, room: Room, seat: Seat, message: Sealed) -> None:
        other = next((each for each in room.seats if each.id == message.to), None)
        if other is None:
            return
        handshake = self._hand(seat, other).handshake
        try:
            taken = handshake.take(_decode(message.body))
        except Refused:
            return  # of an earlier handshake
        self._say(seat, other, taken.send)
        for event in taken.events:
            self._learn(seat, other, event)

    def _learn(self, seat: Seat, other: Seat, event: Event) -> None:
        """From what `seat` has sealed for `other`, as they believe."""
        mine, theirs = self._hand(seat, other), self._hand(other, seat)
        if isinstance(event, Agreed):
            self._pass(theirs.name, seat, other)
            self._pass(theirs.key, seat, other)
        elif isinstance(event, Name):
            mine.name = self.names[seat.id] = event.name
            self._pass(event.name, other, seat)
        elif isinstance(event, SenderKey):
            mine.key = event
            self._keys.add(seat.number, event.key_id, event.key)
            self._pass(event, other, seat)
        elif isinstance(event, Have):
            self._pass(event, other, seat)

    def _pass(self, what: str | SenderKey | Have | None, seat: Seat, other: Seat) -> None:
        """To `seat`, sealed as if by `other`."""
        handshake = self._hand(seat, other).handshake
        if what is None or not handshake.agreed:
            return  # it will be, once they have agreed
        if isinstance(what, str):
            sealed = handshake.seal_name(what)
        elif isinstance(what, SenderKey):
            sealed = handshake.seal_key(what.key_id, what.key)
        else:
            sealed = handshake.seal_have(what.key_id)
        self._say(seat, other, [sealed])

    def _hand(self, seat: Seat, other: Seat) -> _Hand:
        assert self._room is not None
        if (seat.id, other.id) not in self._hands:
            identity = PrivateKey.generate(os.urandom)
            handshake = Handshake(self._room.session, other.id, seat.id, identity, os.urandom)
            self._hands[seat.id, other.id] = _Hand(handshake)
        return self._hands[seat.id, other.id]

    def _say(self, seat: Seat, other: Seat, messages: list[bytes]) -> None:
        assert self._room is not None
        for message in messages:
            self._room.tell(seat, SealedFrom(person=other.id, page=other.page, body=_encode(message)))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
