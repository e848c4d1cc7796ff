"""A media plane on an engine without sockets, and a clock that is moved by hand."""

from __future__ import annotations

import itertools

import pytest

from sfu.config import MediaConfig
from sfu.dtls import Identity
from sfu.errors import PeerError
from sfu.events import MediaEvent, PeerAnswer, PeerConnected, Source
from sfu.plane import MediaPlane
from sfu.sdp.answer import Endpoints
from tests.sfu.client import Client
from tests.sfu.recorder import CLIENT, Recorder

IDENTITY = Identity.generate()
SOURCES: dict[Source, str] = {"microphone": "0", "camera": "1", "screen": "2"}
SECOND = 1_000_000
START = 1_000 * SECOND


class World:
    def __init__(self, room: int = 8, **config: float) -> None:
        self.engine = Recorder(max_peers=room)
        counter = itertools.count(1)
        self.plane = MediaPlane(
            MediaConfig(**config),  # type: ignore[arg-type]
            self.engine,
            Endpoints(("192.0.2.1",), 10000),
            IDENTITY,
            lambda size: next(counter).to_bytes(size, "big"),
        )
        self.now = START
        self.plane.tick(self.now)
        self.events: list[MediaEvent] = []

    def open(self, client: Client, sources: dict[Source, str] = SOURCES) -> PeerAnswer:
        answer = self.plane.open_peer(client.offer(), sources)
        client.accept(answer.sdp)
        return answer

    def stun(self, data: bytes, address: bytes = CLIENT) -> bool:
        """Whether it was answered."""
        self.engine.process([(data, address)], self.now)
        return address in [to for _, to in self.engine.take_answers()]

    def dtls(self, handle: int, datagrams: list[bytes]) -> None:
        self.plane.handle([("dtls", handle, datagram) for datagram in datagrams], self.now)
        self.events += self.plane.take_events()

    def shake(self, client: Client) -> int:
        """Finishes a handshake; returns the peer's handle."""
        handle = self.handle(client)
        going = client.dtls.start()
        while going:
            self.dtls(handle, going)
            self.feed(client)
            going = client.dtls.take()
        return handle

    def feed(self, client: Client) -> None:
        """The client gets what was sent to it."""
        for datagram, _ in self.engine.take_flights():
            client.dtls.feed(datagram)

    def handle(self, client: Client) -> int:
        """The peer's number in the engine."""
        return next(
            handle
            for handle, peer in self.engine.peers.items()
            if client.server_ufrag in [ufrag for ufrag, _, _ in peer["credentials"]]
        )

    def connect(self, client: Client, address: bytes = CLIENT) -> PeerAnswer:
        answer = self.open(client)
        assert self.stun(client.check(), address)
        self.shake(client)
        assert self.events[-1] == PeerConnected(answer.peer)
        return answer

    def wait(self, seconds: float, *, checking: list[tuple[Client, bytes]] | None = None) -> None:
        end = self.now + int(seconds * SECOND)
        next_check = self.now
        while self.now < end:
            self.now += SECOND // 20
            if checking is not None and self.now >= next_check:
                next_check = self.now + 2_650_000
                for client, address in checking:
                    assert self.stun(client.check(), address)
            self.plane.tick(self.now)
            self.events += self.plane.take_events()


def code_of(caught: pytest.ExceptionInfo[PeerError]) -> str:
    return caught.value.code


def again(client: Client, **changes: str) -> Client:
    """The same client with new ICE credentials."""
    restarted = Client(ufrag=changes.get("ufrag", "cliU2"), password="another+password/012345678")
    restarted.dtls = client.dtls
    return restarted
