"""The floor: native/floor.c in a process of its own, told keys and addresses instead of asked for them."""

from __future__ import annotations

import json
import secrets
import sys
from enum import Enum
from functools import partial

from pylibsrtp import Policy

from bench import native
from bench.client import PROFILE, client_socket, session
from bench.errors import Failed
from bench.processes import BUILD, Cores, Program
from bench.systems import Entry, Kind
from bench.traffic import Endpoint, Receiving, Sending, Traffic

FIRST_SSRC = 1000
TICK_US = 1000
FAULT_EVERY = 100
"""Of how many packets one is the faulty one, where a fault is asked for."""


class Fault(Enum):
    """Mistakes that it can be told to make, so that it can be shown that the traffic's checks find them."""

    NONE, LOSE, TWICE, CHANGE_PAYLOAD, CHANGE_SEALED, CHANGE_SSRC, SKIP_PICTURE, LATE = range(8)


class Floor:
    def __init__(self, address: str, cores: Cores, tick_us: int, fault: Fault = Fault.NONE) -> None:
        self._address = address
        self._program = Program(
            [sys.executable, "-m", "bench.systems.floor_process"], cores, BUILD / "floor" / "log", talks=True
        )
        self._told = {"address": address, "tick_us": tick_us, "fault": fault.value, "every": FAULT_EVERY}

    @property
    def pid(self) -> int:
        return self._program.pid

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        told: list[dict[str, object]] = []
        endpoints: list[Endpoint] = []

        def endpoint() -> tuple[Endpoint, dict[str, object]]:
            up, down = (secrets.token_bytes(PROFILE.key_length + PROFILE.salt_length) for _ in range(2))
            opened = client_socket(self._address)
            one = Endpoint(opened, session(up, Policy.SSRC_ANY_OUTBOUND), session(down, Policy.SSRC_ANY_INBOUND))
            endpoints.append(one)
            return one, {"port": opened.getsockname()[1], "up": up.hex(), "down": down.hex()}

        for number in range(rooms):
            one, facts = endpoint()
            publisher = Sending(one, FIRST_SSRC + number, 96, "0", 3, 4)
            traffic.add_publisher(publisher)
            watching = []
            for _ in range(subscribers):
                one, key = endpoint()
                traffic.add_subscriber(Receiving(one, publisher.ssrc), publisher)
                watching.append(key)
            told.append({**facts, "subscribers": watching})
        to, back = self._program.pipes
        to.write(json.dumps({**self._told, "rooms": told}).encode() + b"\n")
        to.flush()
        ready = back.readline()
        if not ready:
            raise Failed(f"the floor didn't start: {self._program.last_words()}")
        server = (self._address, json.loads(ready)["port"])
        for one in endpoints:
            one.socket.connect(server)

    def close(self) -> None:
        self._program.stop()


def _start(kind: Kind, address: str, cores: Cores) -> Floor:
    return Floor(address, cores, TICK_US if kind == "gathering" else 0)


def _prepare() -> str:
    native.load("floor")
    return "native/floor.c"


ENTRIES = (
    Entry("floor", "blocking", partial(_start, "blocking"), _prepare),
    Entry("floor, gathering", "gathering", partial(_start, "gathering"), _prepare),
)
