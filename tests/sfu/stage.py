"""A running media server with clients: aiortc's peer connections, and bare ones on sockets of their own."""

from __future__ import annotations

import asyncio
import math
import re
import socket
import statistics
import struct
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction

import av
from aioice import stun
from aiortc import MediaStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from sfu import (
    MediaConfig,
    MediaEvent,
    MediaServer,
    PeerAnswer,
    PeerConnected,
    Source,
)
from tests.sfu.client import Client

WITHIN = 20.0


class Picture(MediaStreamTrack):
    """One colour, 30 times a second."""

    kind = "video"

    def __init__(self, luma: int) -> None:
        super().__init__()
        self.luma = luma
        self.count = 0

    async def recv(self) -> av.VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(1 / 30)
        frame = av.VideoFrame(320, 240, "yuv420p")
        for plane, value in zip(frame.planes, (self.luma, 128, 128), strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.pts, frame.time_base = self.count * 3000, Fraction(1, 90000)
        self.count += 1
        return frame


class Tone(MediaStreamTrack):
    """A sine of 440 Hz."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(0.02)
        first = 960 * self.count
        samples = (int(8000 * math.sin(2 * math.pi * 440 * at / 48000)) for at in range(first, first + 960))
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(array("h", samples).tobytes())
        frame.sample_rate, frame.pts, frame.time_base = 48000, 960 * self.count, Fraction(1, 48000)
        self.count += 1
        return frame


class Browser:
    """A peer connection that sends a tone and a colour and has one slot of each kind."""

    def __init__(self, luma: int) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.pc.addTransceiver(Tone(), direction="sendonly")
        self.pc.addTransceiver(Picture(luma), direction="sendonly")
        self.pc.addTransceiver("audio", direction="recvonly")
        self.pc.addTransceiver("video", direction="recvonly")
        self.answer: PeerAnswer | None = None

    @property
    def peer(self) -> PeerAnswer:
        assert self.answer is not None
        return self.answer

    async def join(self, server: MediaServer, room: str = "") -> None:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        sources: dict[Source, str] = {"microphone": "0", "camera": "1"}
        self.answer = server.open_peer(self.pc.localDescription.sdp, sources, room)
        await self.pc.setRemoteDescription(RTCSessionDescription(_for_aiortc(self.answer.sdp), "answer"))

    async def sees(self) -> int:
        """The brightness of the next picture that is not the decoder's first guess."""
        track = next(each.receiver.track for each in self.pc.getTransceivers() if each.mid == self._slot("video"))
        frame = await track.recv()
        assert isinstance(frame, av.VideoFrame)
        return int(statistics.median(bytes(frame.planes[0])[::97]))

    async def hears(self) -> float:
        """The pitch of a second of sound: how often it rises through zero."""
        track = next(each.receiver.track for each in self.pc.getTransceivers() if each.mid == self._slot("audio"))
        rises, heard, before = 0, 0.0, 0
        while heard < 1:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            assert frame.format.name == "s16"
            samples = array("h", bytes(frame.planes[0])[: 2 * frame.samples * len(frame.layout.channels)])
            for sample in samples[:: len(frame.layout.channels)]:
                rises += before < 0 <= sample
                before = sample
            heard += frame.samples / frame.sample_rate
        return rises / heard

    def _slot(self, kind: str) -> str:
        return next(slot.mid for slot in self.peer.slots if slot.kind == kind)


class Stage:
    """A running server, its events, and browsers that are closed at the end."""

    def __init__(self, config: MediaConfig) -> None:
        self.events: list[MediaEvent] = []
        self.server = MediaServer(config, self.events.append)
        self.browsers: list[Browser] = []

    async def browser(self, luma: int = 100) -> Browser:
        self.browsers.append(Browser(luma))
        await self.browsers[-1].join(self.server)
        return self.browsers[-1]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN):
            while not condition():  # noqa: ASYNC110 - it is told by a callback, by aiortc or by a counter
                await asyncio.sleep(0.01)

    async def connected(self, *browsers: Browser) -> None:
        """On both ends: a page that is closed while it still shakes hands can't say goodbye."""
        await self.until(lambda: all(PeerConnected(each.peer.peer) in self.events for each in browsers))
        await self.until(lambda: all(each.pc.connectionState == "connected" for each in browsers))

    def plug(self, publisher: Browser, subscriber: Browser) -> None:
        for slot in subscriber.peer.slots:
            source: Source = "microphone" if slot.kind == "audio" else "camera"
            self.server.connect(publisher.peer.peer, source, subscriber.peer.peer, slot.mid)


@asynccontextmanager
async def stage(**config: object) -> AsyncIterator[Stage]:
    made = Stage(MediaConfig(**({"host": "127.0.0.1", "port": 0} | config)))  # type: ignore[arg-type]
    await made.server.start()
    try:
        yield made
    finally:
        for browser in made.browsers:
            await browser.pc.close()
        await made.server.close()


async def sees(browser: Browser, luma: int) -> None:
    async with asyncio.timeout(WITHIN):
        while abs(await browser.sees() - luma) > 12:
            pass


class Wire:
    """A bare client on a socket of its own: checks and a handshake, over UDP or ICE-TCP."""

    def __init__(self, client: Client, kind: socket.SocketKind, host: str, port: int) -> None:
        self.client = client
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        self.socket.setblocking(False)
        self.host, self.port = host, port
        self.buffer = b""

    async def open(self) -> None:
        await asyncio.get_running_loop().sock_connect(self.socket, (self.host, self.port))

    async def send(self, data: bytes) -> None:
        frame = data if self.socket.type == socket.SOCK_DGRAM else struct.pack("!H", len(data)) + data
        await asyncio.get_running_loop().sock_sendall(self.socket, frame)

    async def receive(self) -> bytes:
        loop = asyncio.get_running_loop()
        if self.socket.type == socket.SOCK_DGRAM:
            return await loop.sock_recv(self.socket, 2048)
        while len(self.buffer) < 2 or len(self.buffer) < 2 + struct.unpack_from("!H", self.buffer)[0]:
            got = await loop.sock_recv(self.socket, 2048)
            assert got, "closed"
            self.buffer += got
        (length,) = struct.unpack_from("!H", self.buffer)
        frame, self.buffer = self.buffer[2 : 2 + length], self.buffer[2 + length :]
        return frame

    async def check(self) -> tuple[str, int]:
        """The address under which the server says that it sees us."""
        await self.send(self.client.check())
        while True:
            data = await self.receive()
            if data[0] < 2:
                message = stun.parse_message(data)
                assert message.check_message_integrity(self.client.server_password.encode())
                ip, port = message.attributes["XOR-MAPPED-ADDRESS"]
                return ip, port

    async def shake(self) -> None:
        going = self.client.dtls.start()
        while True:
            for datagram in going:
                await self.send(datagram)
            if self.client.dtls.done:
                return
            data = await self.receive()
            if 20 <= data[0] <= 63:
                self.client.dtls.feed(data)
            going = self.client.dtls.take()


def _for_aiortc(answer: str) -> str:
    """aiortc wants the candidates in the last m-line of each kind; browsers take them from the first of all."""
    candidates = "".join(line for line in answer.splitlines(keepends=True) if "candidate" in line)
    head, first, *rest = re.split(r"(?=^m=)", answer, flags=re.MULTILINE)
    return head + first + "".join(section + candidates for section in rest)
