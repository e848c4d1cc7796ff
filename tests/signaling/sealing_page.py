"""What a page that encrypts does with the recorder: shakes hands, tells its name, gives it keys when it may.

Not here: frames, and other people's pages (`web/js/e2ee`).
"""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

from recording.e2ee import Agreed, Handshake, Have, PrivateKey, Refused, Secret
from signaling import messages as m
from signaling.sealed_messages import RECORDER


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class SealingPage:
    """`say` sends a message. `take` gets each one that comes, in order."""

    def __init__(
        self, say: Callable[[m.Message], None], *, name: str | None = None, seed: int = 1, honest: bool = True
    ) -> None:
        """`honest`: gives a key when the state says that it may, and a new one after each time that it may not."""
        self._say = say
        self._name = name
        self._honest = honest
        self._entropy = random.Random(seed).randbytes
        self._identity = PrivateKey.generate(self._entropy)
        self._me = self._session = ""
        self._recorder = 0
        self._may = False
        self.number = 0
        self.epoch = -1
        self.key = b""
        self.handshake: Handshake | None = None
        self.agreements = 0
        self.has: list[int] = []
        """Key ids that the recorder has said that it has."""
        self.refused: list[Refused] = []

    @property
    def key_id(self) -> int:
        return self.number * 256 + self.epoch % 256

    def take(self, message: m.Message) -> None:
        if isinstance(message, m.State):
            self._look(message)
        elif isinstance(message, m.SealedFrom) and message.person == RECORDER:
            self._hear(message)

    def send(self, data: bytes) -> None:
        self._say(m.Sealed(to=RECORDER, page=self._recorder, body=encode(data)))

    def give(self, key_id: int, key: bytes) -> None:
        assert self.handshake is not None
        self.send(self.handshake.seal_key(key_id, Secret(key)))

    def new_epoch(self) -> None:
        """A key that the recorder does not get by that."""
        self.epoch += 1
        self.key = self._entropy(32)

    def _look(self, state: m.State) -> None:
        self._me, self._session, self.number = state.you.id, state.session, state.you.number
        recorder = state.recording.recorder if state.recording is not None else None
        if recorder is not None and recorder != self._recorder:
            self._recorder = recorder
            self.handshake = Handshake(self._session, self._me, RECORDER, self._identity, self._entropy)
            for data in self.handshake.messages():
                self.send(data)
        may = state.recording is not None and state.recording.keys
        if may != self._may and self._honest:
            self.new_epoch()
        self._may = may
        self._give()

    def _hear(self, message: m.SealedFrom) -> None:
        if self.handshake is None or message.page != self._recorder:
            return
        try:
            taken = self.handshake.take(decode(message.body))
        except Refused as refused:
            self.refused.append(refused)
            return
        for data in taken.send:
            self.send(data)
        for event in taken.events:
            if isinstance(event, Agreed):
                self.agreements += 1
                if self._name is not None:
                    self.send(self.handshake.seal_name(self._name))
                self._give(again=True)
            elif isinstance(event, Have):
                self.has.append(event.key_id)

    def _give(self, again: bool = False) -> None:
        if not self._honest or not self._may or self.handshake is None or not self.handshake.agreed:
            return
        if again or self.key_id != getattr(self, "_given", None):
            self._given = self.key_id
            self.give(self.key_id, self.key)
