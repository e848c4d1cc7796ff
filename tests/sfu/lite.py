"""The engine as the lite side of ICE: peers with credentials, checks and what comes of them, a clock moved by hand."""

from __future__ import annotations

from dataclasses import dataclass

from sfu.core import Engine
from tests.sfu.client import check

HERE = Engine.udp_address("192.0.2.7", 40_000)
THERE = Engine.udp_address("198.51.100.9", 41_000)
PASSWORD = "our+side+password/0123456789"
SECOND = 1_000_000
HANDSHAKE = b"\x16\xfe\xfd" + bytes(10)


@dataclass(frozen=True)
class Names:
    """What the peer's client knows: how to make a check."""

    peer: int
    ours: str
    theirs: str = "theirs"
    password: str = PASSWORD

    def check(self, *, nominate: bool = False, transaction: bytes | None = None) -> bytes:
        return check(f"{self.ours}:{self.theirs}", self.password, nominate=nominate, transaction=transaction)

    def forged(self) -> bytes:
        """By somebody who knows the names and not the password."""
        return check(f"{self.ours}:{self.theirs}", "x" * 24)


class Lite:
    def __init__(self, max_peers: int = 8, address_hold: int = 15 * SECOND) -> None:
        self.engine = Engine(max_peers=max_peers, address_hold=address_hold)
        self.now = 1_000 * SECOND

    def open(self, ours: str = "ours", theirs: str = "theirs", password: str = PASSWORD) -> Names:
        return self.restart(self.engine.add_peer(), ours, theirs, password)

    def restart(self, peer: int, ours: str, theirs: str = "theirs", password: str = PASSWORD) -> Names:
        self.engine.set_credentials(peer, ours, theirs, password)
        return Names(peer, ours, theirs, password)

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * SECOND)

    def ask(self, data: bytes, address: bytes = HERE) -> bytes | None:
        """What is answered, to that address and no other."""
        self.engine.process([(data, address)], self.now)
        sent = self.engine.drain()
        assert [to for _, to in sent] in ([], [address])
        return sent[0][0] if sent else None

    def answers(self, data: bytes, address: bytes = HERE) -> bool:
        return self.ask(data, address) is not None

    def sends_to(self, names: Names) -> bytes | None:
        """The peer's selected address."""
        self.engine.send_to_peer(names.peer, HANDSHAKE)
        sent = self.engine.drain()
        return sent[0][1] if sent else None

    def takes_from(self, address: bytes) -> int | None:
        """The peer for which the address speaks."""
        self.engine.process([(HANDSHAKE, address)], self.now)
        taken = self.engine.take_events()
        return taken[0][1] if taken else None

    def count(self, name: str) -> int:
        return self.engine.counters()[name]


def port(number: int) -> bytes:
    """One of many addresses."""
    return Engine.udp_address("203.0.113.5", number)
