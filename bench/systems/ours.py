"""This project's own media server, with everything that a call uses: histories, reports, transport-wide feedback,
counters, and the two questions that the signaling asks it all the time.

    ours              every packet on its way at once
    ours, gathering   held back for a moment where that saves work, as it is configured by default

What changes when the server's interface does is here and in `ours_process.py`.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from bench import description
from bench.client import Client, Identity, TcpClient, connect, publishing
from bench.description import Description, Line
from bench.errors import Failed
from bench.processes import BUILD, Cores, Program
from bench.systems import Entry, Kind
from bench.traffic import Endpoint, Receiving, Sending, Traffic

FIRST_SSRC = 100_000

MEDIA_THREAD = "media"
"""How the system calls it."""

SOURCES = {"audio": "microphone", "video": "camera"}


@dataclass
class Person:
    """One client, and what the server calls it."""

    client: Client
    remote: Description
    peer: str
    lines: Sequence[Line]
    room: str = ""

    @cached_property
    def endpoint(self) -> Endpoint:
        """Once it is connected."""
        return self.client.endpoint()

    def sending(self, mid: int = 0) -> Sending:
        return publishing(self.endpoint, self.remote, self.lines[mid].ssrc, mid)

    def receiving(self, mid: int = 0, group: int = 0) -> Receiving:
        slot = self.remote.media[mid]
        told = slot.extensions.get(description.TRANSPORT_URI, 0)
        return Receiving(self.endpoint, slot.ssrcs[0], slot.rtx_of.get(slot.ssrcs[0], 0), group, told)


class Ours:
    def __init__(
        self,
        address: str,
        cores: Cores,
        options: Mapping[str, object],
        environment: Mapping[str, str] | None = None,
        profiled: bool = False,
    ) -> None:
        """`options` are fields of `MediaConfig`. `profiled`: it counts what Python each thread runs."""
        self._address = address
        self._identity = Identity()
        self._asking = threading.Lock()
        self._program = Program(
            [sys.executable, "-m", "bench.systems.ours_process", address, json.dumps(options), str(int(profiled))],
            cores,
            BUILD / "ours" / "log",
            environment,
            talks=True,
        )
        self.ask({"do": "wait"})

    @property
    def pid(self) -> int:
        return self._program.pid

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line of JSON there, one back, from any thread. Raises Failed with what the server said was wrong."""
        with self._asking:
            to, back = self._program.pipes
            to.write(json.dumps(question).encode() + b"\n")
            to.flush()
            line = back.readline()
        if not line:
            raise Failed(f"our server ended: {self._program.last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(f"our server: {answer['error']}")
        return answer

    def counters(self) -> dict[str, int]:
        """The server's own, of all that it did and dropped since its start."""
        found: dict[str, int] = self.ask({"do": "counters"})["counters"]
        return found

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        opened = self.connect_rooms(rooms, subscribers)
        for publisher, *viewers in opened:
            sending = publisher.sending()
            traffic.add_publisher(sending)
            for viewer in viewers:
                traffic.add_subscriber(viewer.receiving(), sending)

    def connect_rooms(self, rooms: int, subscribers: int) -> list[list[Person]]:
        """Connected and wired: in each room one who publishes, then those who watch."""
        opened = []
        for number in range(rooms):
            camera = [Line("sendonly", ssrc=FIRST_SSRC + number)]
            viewers = [self.join([Line("recvonly")], f"room {number}") for _ in range(subscribers)]
            opened.append([self.join(camera, f"room {number}"), *viewers])
        connect([(person.client, person.remote) for room in opened for person in room])
        for publisher, *viewers in opened:
            for viewer in viewers:
                self.wire(publisher, viewer, 0)
        return opened

    def join(self, lines: Sequence[Line], room: str, tcp: bool = False) -> Person:
        """A new client with its server's description. It has yet to connect."""
        client = (TcpClient if tcp else Client)(self._identity, self._address)
        sources = {SOURCES[line.kind]: str(mid) for mid, line in enumerate(lines) if line.direction == "sendonly"}
        offer = description.offer(client.local, lines, setup="actpass", tells=True)
        answer = self.ask({"do": "open", "offer": offer, "sources": sources, "room": room})
        return Person(client, description.read(answer["sdp"]), answer["peer"], lines, room)

    def wire(self, publisher: Person, subscriber: Person, slot: int, source: str = "camera") -> None:
        """From now on `subscriber` gets in its slot what `publisher` sends."""
        question = {"do": "connect", "publisher": publisher.peer, "source": source}
        self.ask({**question, "subscriber": subscriber.peer, "slot": str(slot)})

    def unwire(self, subscriber: Person, slot: int) -> None:
        self.ask({"do": "disconnect", "subscriber": subscriber.peer, "slot": str(slot)})

    def leave(self, person: Person) -> None:
        """As the signaling does it when somebody leaves. Its socket stays open."""
        self.ask({"do": "close", "peer": person.peer})

    def close(self) -> None:
        self._program.stop()


def start(address: str, cores: Cores, **options: object) -> Ours:
    """As the service runs it, but for `options`, which are fields of `MediaConfig`."""
    return Ours(address, cores, options)


def forwarding(kind: Kind) -> dict[str, object]:
    """Options for measuring what a packet costs. A few publishers stand for a server's whole traffic: what one may send
    is set far above."""
    return {"gathering": kind == "gathering", "peer_kbps": 1_000_000, "peer_packets": 100_000}


def _start(kind: Kind, address: str, cores: Cores) -> Ours:
    return start(address, cores, **forwarding(kind))


def _prepare() -> str:
    return "this version"


ENTRIES = (
    Entry("ours", "blocking", partial(_start, "blocking"), _prepare),
    Entry("ours, gathering", "gathering", partial(_start, "gathering"), _prepare),
)
