"""The keys that frames are opened with, by key id: whose they are, and how long those before the newest stay.

A key id is its sender's number times 256, plus an epoch. The clock is the caller's, in seconds. Memory is bounded,
whatever senders send. Not here: from where keys come (`handshake.py`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from recording.e2ee.errors import BadKey, CannotOpen, Reason
from recording.e2ee.secret import Secret
from recording.e2ee.sframe import Data, Receiver, Suite, read_header

KEY_BYTES = 32
"""Of a sender key."""

EPOCHS = 256

MOST_NUMBER = 65_535

STAYS = 10.0
"""Seconds for which a key still opens frames after a newer one was first used. Shorter loses packets that come late."""

MOST_KEYS = 16
"""Of one sender. There is a new one whenever somebody comes or goes, and each stays for STAYS; beyond this the oldest
goes at once."""


@dataclass(repr=False)
class _Kept:
    receiver: Receiver
    until: float = math.inf


class KeyRing:
    def __init__(self, suite: Suite = Suite.AES_128_GCM_SHA256_128) -> None:
        self._suite = suite
        self._senders: dict[int, dict[int, _Kept]] = {}
        """By number, and then by key id, in the order in which they came."""
        self._due = math.inf
        """When the next key goes."""

    def add(self, sender: int, key_id: int, key: Secret) -> None:
        """The newest key of a sender; it is not kept as it is. The same one again keeps what it has opened; another
        under the same key id takes its place. Raises BadKey if the sender is none or the key id not theirs, or if the
        key has another length."""
        if not 1 <= sender <= MOST_NUMBER or key_id // EPOCHS != sender:
            raise BadKey("The key id is not this sender's.")
        if len(key) != KEY_BYTES:
            raise BadKey("A sender key has 32 bytes.")
        kept = self._senders.setdefault(sender, {})
        there = kept.pop(key_id, None)
        new = _Kept(Receiver(key_id, key, self._suite))
        if there is not None and there.receiver.has_key_of(new.receiver):
            new, there = _Kept(there.receiver), new
        if there is not None:
            there.receiver.forget()
        elif len(kept) == MOST_KEYS:
            kept.pop(next(iter(kept))).receiver.forget()
        kept[key_id] = new

    def retire(self, sender: int, now: float) -> None:
        """The sender has gone: their keys open what is on its way, for STAYS."""
        self._leave(self._senders.get(sender, {}).values(), now)

    def open(self, sender: int, data: Data, metadata: bytes, now: float) -> bytes:
        """What `sender` encrypted. Raises CannotOpen; forged is also what somebody else encrypted."""
        self.expire(now)
        header, _ = read_header(data)
        if header.key_id // EPOCHS != sender:
            raise CannotOpen(Reason.FORGED)
        kept = self._senders.get(sender, {})
        used = kept.get(header.key_id)
        if used is None:
            raise CannotOpen(Reason.NO_KEY)
        plaintext = used.receiver.open(data, metadata)
        self._leave(itertools.takewhile(lambda each: each is not used, kept.values()), now)
        return plaintext

    def expire(self, now: float) -> None:
        """Forgets the keys whose time is over. `open` does it too; this is for when nothing comes."""
        if now < self._due:
            return
        for sender, kept in list(self._senders.items()):
            for key_id in [key_id for key_id, each in kept.items() if each.until <= now]:
                kept.pop(key_id).receiver.forget()
            if not kept:
                del self._senders[sender]
        self._due = min((each.until for kept in self._senders.values() for each in kept.values()), default=math.inf)

    def forget(self) -> None:
        """All keys, now. What can be overwritten is."""
        for kept in self._senders.values():
            for each in kept.values():
                each.receiver.forget()
        self._senders.clear()

    def __len__(self) -> int:
        return sum(map(len, self._senders.values()))

    def __contains__(self, key_id: object) -> bool:
        return any(key_id in kept for kept in self._senders.values())

    def __repr__(self) -> str:
        return f"KeyRing({len(self)} keys)"

    def _leave(self, kept: Iterable[_Kept], now: float) -> None:
        for each in kept:
            each.until = min(each.until, now + STAYS)
            self._due = min(self._due, each.until)
