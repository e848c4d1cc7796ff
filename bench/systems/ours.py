"""This project's own media server, with everything that a call uses: histories, reports, transport-wide feedback,
counters, and the two questions that the signaling asks it all the time.

    ours              as it is configured by default
    ours, gathering   packets held back for a moment where that saves work
"""

from __future__ import annotations

import json
import sys
from functools import partial
from typing import Any

from bench import description
from bench.client import Client, Identity, connect
from bench.errors import Failed
from bench.processes import BUILD, Cores, Program
from bench.systems import Entry, Kind
from bench.traffic import Receiving, Sending, Traffic

FIRST_SSRC = 100_000


class Ours:
    def __init__(self, address: str, cores: Cores, options: dict[str, object]) -> None:
        self._address = address
        self._identity = Identity()
        self._program = Program(
            [sys.executable, "-m", "bench.systems.ours_process", address, json.dumps(options)],
            cores,
            BUILD / "ours" / "log",
            talks=True,
        )
        self.ask({"do": "wait"})

    @property
    def pid(self) -> int:
        return self._program.pid

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """One line of JSON there, one back. Raises Failed with what the server said was wrong."""
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

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        publishers = [self.join("sendonly", FIRST_SSRC + number) for number in range(rooms)]
        viewers = [[self.join("recvonly") for _ in range(subscribers)] for _ in range(rooms)]
        everyone = publishers + [one for room in viewers for one in room]
        connect([(client, remote) for client, remote, _ in everyone])
        for number, (client, remote, peer) in enumerate(publishers):
            ids = remote.media[0].extensions
            publisher = Sending(
                client.endpoint(),
                FIRST_SSRC + number,
                description.VP8,
                "0",
                ids.get(description.MID_URI, 0),
                ids.get(description.TRANSPORT_URI, 0),
            )
            traffic.add_publisher(publisher)
            for viewer, offered, subscriber in viewers[number]:
                self.ask({"do": "connect", "publisher": peer, "subscriber": subscriber, "slot": "0"})
                slot = offered.media[0]
                seen = Receiving(viewer.endpoint(), slot.ssrcs[0], slot.rtx_of.get(slot.ssrcs[0], 0))
                traffic.add_subscriber(seen, publisher)

    def join(self, direction: str, ssrc: int = 0) -> tuple[Client, description.Description, str]:
        """A new client, its server's description, and the server's name for it. It has yet to connect."""
        client = Client(self._identity, self._address)
        sources = {"camera": "0"} if direction == "sendonly" else {}
        offer = description.offer(client.local, direction, ssrc, setup="actpass")
        answer = self.ask({"do": "open", "offer": offer, "sources": sources})
        return client, description.read(answer["sdp"]), answer["peer"]

    def close(self) -> None:
        self._program.stop()


def _start(kind: Kind, address: str, cores: Cores) -> Ours:
    # a few publishers stand for a server's whole traffic: what one may send is set far above
    return Ours(address, cores, {"gathering": kind == "gathering", "peer_kbps": 1_000_000, "peer_packets": 100_000})


def _prepare() -> str:
    return "this version"


ENTRIES = (
    Entry("ours", "blocking", partial(_start, "blocking"), _prepare),
    Entry("ours, gathering", "gathering", partial(_start, "gathering"), _prepare),
)
