"""Transport-wide sequence numbers, and the feedback that is made of them (`transport.pxi`).

Input: a script. Each step is a packet: its number (two bytes) and, in the rest, how long after the one before it came.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterable, Iterator

from tests.fuzz import models
from tests.fuzz.checks import TRANSPORT_FEEDBACK, check_sent
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import OPUS, PAUSES_US, VOICE, Datagram, World, is_rtcp, world
from tests.sim.browser import TRANSPORT_CC_ID, rtp

MOST = 800
"""Packets of one input: more than are waited for before feedback is sent early."""

WRAP_US = 64_000 << 24
SPAN = 2048
"""Numbers that can wait for feedback at one time."""

LATEST_US = 300_000
"""Until everything that came is reported."""


def run(data: bytes) -> Hashable:
    with world() as on:
        reader = _Reader()
        highest: int | None = None
        orderly = True
        for index, step in enumerate(split_steps(data)[:MOST]):
            pause = PAUSES_US[step[0] & 7] + sum(step[3:5]) * 50
            reader.read(on, on.wait(pause) if pause >= 5_000 or index % 64 == 63 else _pass(on, pause))
            number = int.from_bytes(step[1:3], "big")
            if highest is not None:
                orderly &= 0 < (number - highest) & 0xFFFF < SPAN
            highest = number
            reader.came.setdefault(number, []).append(on.now)
            element = bytes([TRANSPORT_CC_ID << 4 | 1]) + struct.pack("!H", number)
            reader.read(on, on.give(rtp(OPUS, index, 0, VOICE, b"", extensions=element), on.hostile.address))
        reader.read(on, on.wait(LATEST_US))
        if orderly:
            assert not any(reader.came.values()), "a packet is never reported"
        return reader.messages, reader.largest, orderly


def _pass(on: World, microseconds: int) -> list[Datagram]:
    on.now += microseconds
    return []


class _Reader:
    """Compares what is reported with what came."""

    def __init__(self) -> None:
        self.came: dict[int, list[int]] = {}
        """When packets of each number came that were not reported yet."""
        self.messages = 0
        self.largest = 0
        """How many packets one message spoke of, in powers of two."""

    def read(self, on: World, sent: Iterable[Datagram]) -> None:
        sent = list(sent)
        check_sent(on, sent)
        for data, address in sent:
            if address != on.hostile.address or not is_rtcp(data):
                continue
            for part in models.split_rtcp(data):
                if part[1] == TRANSPORT_FEEDBACK and part[0] & 31 == 15:
                    self._compare(models.read_arrivals(part))

    def _compare(self, report: models.Arrivals) -> None:
        assert report.number == self.messages & 0xFF
        assert report.count
        self.messages += 1
        self.largest = max(self.largest, report.count.bit_length())
        for number, at in report.arrived.items():
            times = self.came.get(number, [])
            # of a packet that came twice one arrival is reported
            assert any(0 <= (time - at) % WRAP_US < 250 for time in times), "reported at another time than it came"
            del self.came[number]


def seeds() -> Iterator[bytes]:
    def packet(number: int, op: int = 0, late: bytes = b"") -> bytes:
        return bytes([op]) + struct.pack("!H", number & 0xFFFF) + late

    yield join_steps([packet(number, 2) for number in range(20)])
    yield join_steps([packet(number, 2, b"\x40\x40") for number in range(65_530, 65_545) if number % 3])
    yield join_steps([packet(5), packet(4), packet(1500), packet(1400), packet(40_000), packet(39_999, 5)])
    yield join_steps([packet(number) for number in range(0, 1600, 4)])
    yield join_steps([packet(1, 0), packet(2, 7), packet(3, 6), packet(300, 5)])


TARGET = Target("feedback", run, seeds, shape=STEPS, brief=700)
