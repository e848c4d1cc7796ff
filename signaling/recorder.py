"""The recorder: the one participant of a session that is the server's own, with a key pair for one recording.

It shakes hands with everybody present who encrypts, and is told their names and, once everyone has agreed, the keys of
what they send. A pure state machine, driven by `session_recording.py`.

Rules:
- It is there while a recording is asked for, opened, running or paused, and each recording has another one.
- It takes a key only while all present may be recorded and nothing holds the recording, and only one that opens what
  its sender sends.
- It keeps no key: whatever it takes is handed on to the writer at once.
- Whoever goes is forgotten. When it is closed, its private key is gone with all that was said to it.

What people say to it may be hostile: then it is dropped, costs nobody else anything, and memory is bounded. Not here:
the handshake (`recording/e2ee`), and what its keys open (`recording/opening.py`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field

from recording.e2ee import Entropy, Handshake, Name, PrivateKey, Refusal, Refused, SenderKey
from recording.e2ee.keyring import EPOCHS
from signaling.refusals import Refused as BadName
from signaling.sealed_messages import RECORDER
from signaling.seat import Seat, readable_name


@dataclass
class _Hand:
    page: int
    number: int
    handshake: Handshake
    gave: bool = False
    """A key, which has not been forgotten since."""


@dataclass
class Said:
    """What somebody's message comes to."""

    answers: list[str] = field(default_factory=list)
    """To them: bodies of sealed messages."""
    key: SenderKey | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)


class Recorder:
    """Of one recording. `page`: another one for each, as that of a person."""

    def __init__(self, session: str, page: int, entropy: Entropy) -> None:
        self.page = page
        self._session = session
        self._entropy = entropy
        self._identity = PrivateKey.generate(entropy)
        self._hands: dict[str, _Hand] = {}

    def greet(self, present: Sequence[Seat]) -> list[tuple[str, str]]:
        """(person, body): its side of a handshake, for each who is new, and again for each whose socket is."""
        bodies: list[tuple[str, str]] = []
        for seat in present:
            hand = self._hands.get(seat.id)
            if not seat.encrypts or (hand is not None and hand.page == seat.page):
                continue
            if hand is None:
                hand = self._hands[seat.id] = _Hand(seat.page, seat.number, self._handshake(seat.id))
                messages = hand.handshake.messages()
            else:
                hand.page = seat.page
                messages = self._again(seat.id, hand)
            bodies += [(seat.id, _encode(message)) for message in messages]
        return bodies

    def part(self, present: Sequence[Seat]) -> list[int]:
        """Forgets whoever is no longer there; returns the numbers of those whose keys are to be forgotten too."""
        there = {seat.id for seat in present if seat.encrypts}
        gone = [person for person in self._hands if person not in there]
        hands = [self._hands.pop(person) for person in gone]
        return [hand.number for hand in hands if hand.gave]

    def hear(self, seat: Seat, body: str, *, takes_keys: bool) -> Said:
        """What somebody present says."""
        said = Said()
        hand = self._hands.get(seat.id)
        if hand is None or hand.page != seat.page:
            return said
        try:
            taken = hand.handshake.take(_decode(body))
        except binascii.Error:
            return said
        except Refused as refused:
            if refused.why is Refusal.TOO_OFTEN:
                said.answers += map(_encode, self._anew(seat.id, hand))
            return said
        said.answers += map(_encode, taken.send)
        for event in taken.events:
            if isinstance(event, Name):
                said.name = _readable(event.name)
            elif isinstance(event, SenderKey):
                if takes_keys and event.key_id // EPOCHS == seat.number:
                    hand.gave = True
                    said.key = event
                    said.answers.append(_encode(hand.handshake.seal_have(event.key_id)))
                else:
                    event.key.overwrite()
        return said

    def keys_forgotten(self) -> None:
        for hand in self._hands.values():
            hand.gave = False

    def close(self) -> None:
        """OpenSSL overwrites its private key when nothing refers to it."""
        self._hands.clear()
        del self._identity

    def _again(self, person: str, hand: _Hand) -> list[bytes]:
        try:
            return hand.handshake.again()
        except Refused:
            return self._anew(person, hand)

    def _anew(self, person: str, hand: _Hand) -> list[bytes]:
        """Their page was loaded again too often. Nobody compares words with a recorder: it can begin anew."""
        hand.handshake = self._handshake(person)
        return hand.handshake.messages()

    def _handshake(self, person: str) -> Handshake:
        return Handshake(self._session, RECORDER, person, self._identity, self._entropy)

    def __repr__(self) -> str:
        return f"Recorder(page {self.page}, {len(self._hands)} hands)"


def _readable(name: str) -> str | None:
    try:
        return readable_name(name)
    except BadName:
        return None


def _encode(message: bytes) -> str:
    return base64.urlsafe_b64encode(message).rstrip(b"=").decode("ascii")


def _decode(body: str) -> bytes:
    """Raises binascii.Error."""
    return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
