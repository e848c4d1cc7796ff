"""One side of the handshake that gives two people keys and names of each other, as a state machine without a socket.

The messages are those of docs/e2ee-messages.md, which says why the rules are these:

1. A nonce is revealed once, and only after the other side's commitment is here. If another commitment comes later,
   there is a new nonce. So whoever commits does so without knowing what it will be put together with.
2. It is revealed as soon as the other side has shown that it has this side's commitment, by naming it.
3. A commitment that names another than this side's is answered with this side's. One that names it is not: so two that
   begin at once, or again, come to an end.
4. Two sides have agreed when each has the other's reveal for the same two commitments. What one seals from then on is
   numbered; numbers rise.
5. What may have been lost is said again, with the same nonce (`again`). Whoever had it keeps what was agreed.
6. There are only so many nonces in one handshake: each one is a try for somebody in the middle to get the same code.

Not here: when there is a handshake with whom, what is done with names and keys, and how messages travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from recording.e2ee import hpke
from recording.e2ee.errors import BadKey, CannotOpen, E2eeError, Reason
from recording.e2ee.hpke import Entropy, PrivateKey, PublicKey
from recording.e2ee.messages import (
    LARGEST_SEQUENCE,
    LONGEST,
    NONCE_BYTES,
    BadMessage,
    Commit,
    Content,
    Have,
    Name,
    Reveal,
    Sealed,
    SenderKey,
    read_content,
    read_message,
    write_content,
    write_message,
)
from recording.e2ee.secret import Secret
from recording.e2ee.transcript import Revealed, code, commitment, sealing_info, transcript

MOST_NONCES = 64
"""Of one side of one handshake. With each, somebody in the middle has one more chance in 2^32; people reload pages less
often than this."""


class Refusal(Enum):
    TOO_LONG = "too long"
    MALFORMED = "malformed"
    UNEXPECTED = "unexpected"
    """It belongs to another handshake, an earlier one perhaps, or comes before its time."""
    FORGED = "forged"
    """It was not sealed by the other side in this handshake; left over from an earlier one looks the same."""
    REPLAYED = "replayed"
    TOO_OFTEN = "too often"


class Refused(E2eeError):
    """A message was dropped, and has changed nothing."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(f"A message of a handshake was dropped: {why.value}.")
        self.why = why


class NotAgreed(E2eeError):
    """Nothing can be sealed before both sides have agreed."""


@dataclass(frozen=True)
class Agreed:
    """Both sides have what they need. All that was sealed before may be lost: names and keys are to be sent (again)."""

    public: PublicKey
    """The other side's. Another than before is another browser, or somebody in the middle."""
    code: int
    """32 bits, the same on both sides if nobody is in the middle."""


@dataclass(frozen=True)
class DoesNotFit:
    """The other side revealed something else than it had committed to, or no key. This handshake is over: a message
    was forged. Another begins with `restart`, or if the other side begins one."""


@dataclass(frozen=True)
class Missing:
    """So many sealed messages before this one did not come, and will not."""

    count: int


Event = Agreed | DoesNotFit | Missing | Content


class Taken(NamedTuple):
    send: list[bytes]
    """Messages for the other side, in this order."""
    events: list[Event]


class Handshake:
    """With one other. What `messages` returns is sent first, then what `take` returns, in order; what is lost on the
    way is mended by `again`. Memory does not grow."""

    def __init__(self, session: str, me: str, other: str, identity: PrivateKey, entropy: Entropy) -> None:
        """`me`, `other`: ids. Raises ValueError if they are the same, or can't be hashed (`transcript`)."""
        if me == other:
            raise ValueError("nobody shakes hands with themselves")
        transcript(session, me, other)
        self._session, self._me, self._other = session, me, other
        self._identity = identity
        self._entropy = entropy
        self._nonces = 0
        self._revealed = False
        """My nonce is, against `_theirs`."""
        self._theirs: bytes | None = None
        """Their commitment."""
        self._peer: Revealed | None = None
        """What fits it. Then mine is revealed too."""
        self._renew()

    @property
    def agreed(self) -> bool:
        return self._peer is not None

    def messages(self) -> list[bytes]:
        """What the other side has to have of this one by now, to be sent first. What was sealed is not among them."""
        messages = [self._commit()]
        if self._revealed and self._theirs is not None:
            messages.append(self._reveal(self._theirs))
        return messages

    def again(self) -> list[bytes]:
        """What is to be sent when messages may have been lost: `messages`, and no new nonce. After a forgery only a new
        beginning leads on. Raises Refused: too often."""
        return self.restart() if self._revealed and self._theirs is None else self.messages()

    def restart(self) -> list[bytes]:
        """Begins anew, with a new nonce, and returns what is to be sent. Raises Refused: too often."""
        self._renew()
        self._theirs = None
        return self.messages()

    def take(self, message: bytes) -> Taken:
        """A message of the other side, or of whoever forged it. Raises Refused, and nothing else."""
        if len(message) > LONGEST:
            raise Refused(Refusal.TOO_LONG)
        try:
            read = read_message(message)
        except BadMessage:
            raise Refused(Refusal.MALFORMED) from None
        if isinstance(read, Commit):
            return self._take_commit(read)
        if isinstance(read, Reveal):
            return self._take_reveal(read)
        return self._take_sealed(read)

    def seal_name(self, name: str) -> bytes:
        """Raises NotAgreed; BadMessage for what is no name."""
        return self._seal(Name(name))

    def seal_key(self, key_id: int, key: Secret) -> bytes:
        """Raises NotAgreed; BadMessage for what is no sender key or key id."""
        sealed = self._seal(SenderKey(key_id, key, self._keys_sent))
        self._keys_sent += 1
        return sealed

    def seal_have(self, key_id: int) -> bytes:
        """Raises NotAgreed; BadMessage for what is no key id."""
        return self._seal(Have(key_id))

    def __repr__(self) -> str:
        return f"Handshake({self._me!r}, {self._other!r}, {'agreed' if self.agreed else 'not agreed'})"

    def _renew(self) -> None:
        """A new nonce, that nobody has seen. Raises Refused, with nothing changed."""
        if self._nonces >= MOST_NONCES:
            raise Refused(Refusal.TOO_OFTEN)
        self._nonces += 1
        self._nonce = self._entropy(NONCE_BYTES)
        self._mine = commitment(self._session, self._me, self._identity.public.data, self._nonce)
        self._revealed = False
        self._peer = None
        self._sent = self._keys_sent = 0
        self._last = self._last_key = -1
        """Sequence numbers of what came."""

    def _commit(self) -> bytes:
        return write_message(Commit(self._mine, self._theirs))

    def _take_commit(self, message: Commit) -> Taken:
        if message.commitment == self._mine:
            raise Refused(Refusal.FORGED)  # my own, sent back
        if message.commitment != self._theirs:
            if self._revealed:
                self._renew()
            self._theirs = message.commitment
        if message.answers == self._mine:
            return Taken([self._reveal(message.commitment)], [])
        if self._revealed:
            raise Refused(Refusal.REPLAYED)
        return Taken([self._commit()], [])

    def _take_reveal(self, message: Reveal) -> Taken:
        if self._theirs is None or self._peer is not None or message.answers != self._mine:
            raise Refused(Refusal.UNEXPECTED)
        peer = self._fitting(message)
        if peer is None:
            self._theirs = None
            return Taken([], [DoesNotFit()])
        send = [] if self._revealed else [self._reveal(self._theirs)]
        self._peer = peer
        mine = Revealed(self._me, self._identity.public, self._nonce)
        return Taken(send, [Agreed(peer.public, code(self._session, mine, peer))])

    def _fitting(self, message: Reveal) -> Revealed | None:
        if commitment(self._session, self._other, message.public, message.nonce) != self._theirs:
            return None
        try:
            return Revealed(self._other, PublicKey(message.public), message.nonce)
        except BadKey:
            return None

    def _reveal(self, theirs: bytes) -> bytes:
        """Also once more, as their commitment came once more: what answers it may have been lost."""
        self._revealed = True
        return write_message(Reveal(self._identity.public.data, self._nonce, theirs))

    def _take_sealed(self, message: Sealed) -> Taken:
        if self._peer is None:
            raise Refused(Refusal.UNEXPECTED)
        if message.sequence <= self._last:
            raise Refused(Refusal.REPLAYED)
        info = sealing_info(self._session, self._other, self._me, self._peer.nonce, self._nonce)
        sealed = hpke.Sealed(message.enc, message.ciphertext)
        try:
            opened = hpke.open_sealed(self._identity, info, _aad(message.sequence), sealed, self._peer.public)
            content = read_content(opened)
        except CannotOpen as error:
            raise Refused(Refusal.FORGED if error.reason is Reason.FORGED else Refusal.MALFORMED) from None
        except BadMessage:
            raise Refused(Refusal.MALFORMED) from None
        if isinstance(content, SenderKey):
            if content.sequence <= self._last_key:
                raise Refused(Refusal.REPLAYED)
            self._last_key = content.sequence
        missing = message.sequence - self._last - 1
        self._last = message.sequence
        return Taken([], [Missing(missing), content] if missing else [content])

    def _seal(self, content: Content) -> bytes:
        if self._peer is None or self._sent > LARGEST_SEQUENCE:
            raise NotAgreed("Nothing can be sealed before both sides have agreed.")
        info = sealing_info(self._session, self._me, self._other, self._nonce, self._peer.nonce)
        plaintext, aad = write_content(content), _aad(self._sent)
        sealed = hpke.seal(self._peer.public, info, aad, plaintext, self._entropy, self._identity)
        self._sent += 1
        return write_message(Sealed(sealed.enc, sealed.ciphertext, self._sent - 1))


def _aad(sequence: int) -> bytes:
    return sequence.to_bytes(8, "big")
