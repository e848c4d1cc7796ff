"""The lite side of ICE (RFC 8445, section 2.5): credentials, and which addresses speak for which peer.

We never send checks and have no role conflict: clients control, we answer. An address is trusted once an
authenticated check came from it, and not before.

Pure. Not here: the STUN format (`stun.py`), sending (`plane.py`, `core`).
"""

from __future__ import annotations

import base64
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sfu import stun

Entropy = Callable[[int], bytes]
"""n -> n unpredictable bytes."""

TRANSACTIONS = 512
"""Transaction ids remembered for each peer: at a check each 2.6 s, the last 20 minutes."""

ADDRESSES_PER_PEER = 16
"""Addresses of one peer that are protected from being claimed by another. A client has as many as it has network
interfaces, times two for TCP."""


@dataclass(frozen=True, repr=False)
class Credentials:
    """Our side's name and password for one ICE generation, and the name that the client chose. Not printable."""

    ufrag: str
    password: str
    remote_ufrag: str

    @classmethod
    def create(cls, entropy: Entropy, remote_ufrag: str) -> Credentials:
        """RFC 8445, section 5.3, wants 24 and 128 bits of randomness: these are 72 and 192."""
        return cls(_text(entropy(9)), _text(entropy(24)), remote_ufrag)

    def __repr__(self) -> str:
        return "Credentials(...)"


class LiteAgent:
    """One peer's credentials through ICE restarts, and the checks that it has seen."""

    def __init__(self, credentials: Credentials, remote_password: str) -> None:
        self.current = credentials
        self.previous: Credentials | None = None
        self._remote_password = remote_password
        self._seen: OrderedDict[bytes, bytes] = OrderedDict()

    def is_restart(self, remote_ufrag: str, remote_password: str) -> bool:
        """Whether an offer with these starts a new generation (RFC 8839, section 4.4.1.1.1)."""
        return remote_ufrag != self.current.remote_ufrag or not hmac.compare_digest(
            remote_password.encode(), self._remote_password.encode()
        )

    def restart(self, credentials: Credentials, remote_password: str) -> Credentials | None:
        """Begins a generation. The one in use answers on until the new one is used: media must not pause meanwhile.

        Returns credentials that are void now (a generation that was begun and never used).
        """
        void = None
        if self.previous is None:
            self.previous = self.current
        else:
            void = self.current
        self.current = credentials
        self._remote_password = remote_password
        return void

    def check(self, data: bytes, username: tuple[str, str], address: bytes) -> tuple[stun.Check, Credentials] | None:
        """A verified check and the credentials that it used; None for anything else.

        A check that was seen before from elsewhere is a copy that somebody took on the way and now sends from an
        address of their own, to draw this peer's media there. Its digest is right all the same.
        """
        for credentials in (self.current, self.previous):
            if credentials is not None and username == (credentials.ufrag, credentials.remote_ufrag):
                break
        else:
            return None
        check = stun.verify(data, username, credentials.password)
        if check is None:
            return None
        if self._seen.setdefault(check.transaction, address) != address:
            return None
        if len(self._seen) > TRANSACTIONS:
            self._seen.popitem(last=False)
        return check, credentials

    def settle(self) -> Credentials | None:
        """The current generation is in use. Returns the previous one, which is void now."""
        void, self.previous = self.previous, None
        return void


class AddressBook:
    """Which peer an address speaks for.

    One client could send its own authenticated check with a forged source, another client's address, and so take
    over what arrives from there. So an address that its holder used within `hold` is not given to anybody else.
    """

    def __init__(self, hold: int) -> None:
        self._hold = hold
        """Microseconds."""
        self._holders: dict[bytes, tuple[int, int]] = {}
        self._addresses: dict[int, OrderedDict[bytes, None]] = {}

    def claim(self, address: bytes, peer: int, now: int) -> bool:
        """A verified check of `peer` came from `address`. False if another peer holds it."""
        holder = self._holders.get(address)
        if holder is not None and holder[0] != peer:
            if now - holder[1] < self._hold:
                return False
            del self._addresses[holder[0]][address]
        self._holders[address] = (peer, now)
        addresses = self._addresses.setdefault(peer, OrderedDict())
        addresses[address] = None
        addresses.move_to_end(address)
        if len(addresses) > ADDRESSES_PER_PEER:
            oldest, _ = addresses.popitem(last=False)
            del self._holders[oldest]
        return True

    def forget(self, peer: int) -> None:
        for address in self._addresses.pop(peer, ()):
            del self._holders[address]

    def __len__(self) -> int:
        return len(self._holders)


def _text(data: bytes) -> str:
    # ice-char is A-Z a-z 0-9 + / (RFC 8839, section 5.4)
    return base64.b64encode(data).decode("ascii")
