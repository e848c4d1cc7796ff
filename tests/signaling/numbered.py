"""Callers each of whose packets says whose it is, from which source, and which one: so that it is known of each where
it went. The frames are real (a picture that can be shown, a sound that can be played) with a stamp behind them, which
decoders pass over and which is in files as it was sent.

Not here: what a call is made of (`test_call.py`), how it is recorded (`test_recorded_call.py`).
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from sfu import KIND_OF_SOURCE, Source
from tests.recording.media.content import Camera, Microphone
from tests.signaling.server import Client
from tests.signaling.test_call import Caller

PATTERN_BYTES = 32
RATE: dict[Source, int] = {"microphone": 50, "camera": 30}
"""Frames a second, each of one packet."""

TICKS: dict[Source, int] = {"microphone": 48_000, "camera": 90_000}
LETTER: dict[Source, bytes] = {"microphone": b"m", "camera": b"c"}

ARRIVES = 3.0
"""Seconds for the last packets, with those that have to be sent again."""

Numbers = dict[Source, set[int]]


def find(data: bytes, pattern: bytes) -> Numbers:
    """The numbers of all packets with that pattern whose stamps stand in `data`."""
    found: Numbers = {source: set() for source in RATE}
    stamps = re.compile(re.escape(pattern) + rb"([mc])(.{4})", re.DOTALL)
    for letter, number in stamps.findall(data):
        source: Source = "microphone" if letter == LETTER["microphone"] else "camera"
        found[source].add(struct.unpack("!I", number)[0])
    return found


class Sends(MediaStreamTrack):
    """One source of a person who is marked by `pattern`."""

    def __init__(self, source: Source, pattern: bytes) -> None:
        super().__init__()
        self.kind = KIND_OF_SOURCE[source]
        self.source = source
        self.sent = 0
        """How many; the next one has this number."""
        self._pattern = pattern
        # each picture is a key frame, so that no slot waits for one
        picture, sound = Camera("VP8", 96, 48).picture(0, 0, key=True), Microphone().sound(0, 0)
        self._body = picture.data if source == "camera" else sound.data
        self._goes = asyncio.Event()
        self._goes.set()
        self._began: float | None = None
        self._due = 0.0

    def stop_sending(self) -> None:
        self._goes.clear()

    async def recv(self) -> av.Packet[Any]:
        if self.readyState != "live":
            raise MediaStreamError
        await self._goes.wait()
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = self._due = now
        self._due = max(self._due + 1 / RATE[self.source], now - 0.2)
        await asyncio.sleep(max(0.0, self._due - now))
        stamp = self._pattern + LETTER[self.source] + struct.pack("!I", self.sent)
        packet = av.Packet(self._body + stamp)
        packet.pts = int((self._due - self._began) * TICKS[self.source])
        packet.time_base = Fraction(1, TICKS[self.source])
        self.sent += 1
        return packet


class NumberedCaller(Caller):
    def __init__(self, client: Client, pattern: bytes) -> None:
        super().__init__(client, 0)
        self.pattern = pattern
        self.sends: dict[Source, Sends] = {source: Sends(source, pattern) for source in RATE}
        self._received: list[bytes] = []
        microphone, camera, *slots = self.pc.getTransceivers()
        microphone.sender.replaceTrack(self.sends["microphone"])
        camera.sender.replaceTrack(self.sends["camera"])
        for slot in slots:
            self._listen(slot.receiver)

    @property
    def sent(self) -> dict[Source, int]:
        return {source: sends.sent for source, sends in self.sends.items()}

    def has_heard(self, other: NumberedCaller) -> Numbers:
        """What has arrived of what the other one has sent."""
        return find(b"".join(self._received), other.pattern)

    def stop_sending(self) -> None:
        for sends in self.sends.values():
            sends.stop_sending()

    def _listen(self, receiver: Any) -> None:
        # nothing that is public shows a packet as it came
        goes_on = receiver._handle_rtp_packet

        async def take(packet: Any, arrival_time_ms: int) -> None:
            self._received.append(bytes(packet.payload))
            await goes_on(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = take


async def heard_everything(callers: Iterable[NumberedCaller]) -> None:
    """Stops sending; every packet that anybody has sent, from the first one that arrived, arrives at everybody else."""
    callers = list(callers)
    for each in callers:
        each.stop_sending()
    try:
        async with asyncio.timeout(ARRIVES):
            while _missing(callers):  # noqa: ASYNC110 - packets are not told of
                await asyncio.sleep(0.05)
    except TimeoutError:
        missing = _missing(callers)
        raise AssertionError(f"never arrived: {missing}") from None


def _missing(callers: Iterable[NumberedCaller]) -> list[str]:
    callers = list(callers)
    missing = []
    for who, each in enumerate(callers):
        for whose, other in enumerate(callers):
            if other is each:
                continue
            for source, numbers in each.has_heard(other).items():
                lost = set(range(min(numbers, default=0), other.sent[source])) - numbers
                if lost:
                    missing.append(f"{len(lost)} of {whose}'s {source} at {who}: {sorted(lost)[:8]}")
    return missing
