"""LiveKit's server, built from its Go module: each participant a WebSocket that carries protobuf, publishers with the
connection that they send on, viewers with the one that they receive on.

    livekit             one UDP port, lite ICE, no congestion control (nothing is congested here)
    livekit, batching   the same with its `batch_io`, which holds packets back for up to 2 ms
"""

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import jwt

from bench import description, protobuf
from bench.client import Client, Identity, connect, publishing
from bench.description import Description, Line, Media
from bench.errors import Failed, NotAvailable
from bench.processes import BUILD, Cores, Program, run
from bench.systems import Entry
from bench.traffic import Receiving, Traffic

MODULE = "github.com/livekit/livekit-server/cmd/server"
VERSION = "v1.9.12"
"""The newest whose module replaces none of its dependencies: others can't be built by `go install`."""

BINARY = BUILD / "bin" / "livekit-server"
PORT = 17880
MEDIA_PORT = 17882
KEY, SECRET = "bench", "a secret of thirty-two characters or more"
FIRST_SSRC = 300_000
START_SECONDS = 15.0
ANSWER_SECONDS = 20.0

CONFIGURATION = """
port: {port}
bind_addresses: ["127.0.0.1"]
keys: {{ "{key}": "{secret}" }}
logging: {{ level: error }}
room: {{ auto_create: true }}
rtc:
  udp_port: {media_port}
  tcp_port: 0
  node_ip: {address}
  use_external_ip: false
  use_ice_lite: true
  interfaces: {{ includes: [bench0] }}
  congestion_control: {{ enabled: false }}
  {batching}
"""
BATCHING = "batch_io: { batch_size: 128, max_flush_interval: 2ms }"

# of livekit_rtc.proto
OFFER, ANSWER, ADD_TRACK = 1, 2, 4
GOT_ANSWER, GOT_OFFER, GOT_TRICKLE = 2, 3, 4

T = TypeVar("T")


class Background:
    """An event loop in a thread, for the WebSockets."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="signalling", daemon=True).start()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)


class Participant:
    """One signalling connection."""

    def __init__(self, background: Background, name: str, room: str, sends: bool) -> None:
        grants = {"room": room, "roomJoin": True, "canPublish": sends, "canSubscribe": not sends}
        claims = {"iss": KEY, "sub": name, "exp": int(time.time()) + 7200, "video": grants}
        self._url = f"http://127.0.0.1:{PORT}/rtc?protocol=15&auto_subscribe=1&access_token="
        self._url += jwt.encode(claims, SECRET, "HS256")
        self._background = background
        self._inbox: queue.Queue[dict[int, Any]] = queue.Queue()
        self._candidates: list[str] = []
        self._socket: aiohttp.ClientWebSocketResponse = background.call(self._open())

    def tell(self, field: int, message: bytes) -> None:
        self._background.call(self._socket.send_bytes(protobuf.encode({field: message})))

    def wait_for(self, field: int) -> dict[int, Any]:
        """The next message of a kind. Candidates that come meanwhile are kept for `complete`."""
        until = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                message = self._inbox.get(timeout=max(until - time.monotonic(), 0.01))
            except queue.Empty:
                raise Failed("LiveKit: no answer") from None
            if GOT_TRICKLE in message:
                init = protobuf.decode(message[GOT_TRICKLE])[1]
                self._candidates.append(json.loads(init)["candidate"])
            if field in message:
                return protobuf.decode(message[field])

    def complete(self, remote: Description) -> Description:
        """With at least one candidate, which may have come apart from the description."""
        while True:
            for candidate in self._candidates:
                description.read_candidate(remote, candidate.removeprefix("candidate:"))
            if remote.candidates:
                return remote
            self.wait_for(GOT_TRICKLE)

    def close(self) -> None:
        self._background.call(self._end())

    async def _open(self) -> aiohttp.ClientWebSocketResponse:
        self._session = aiohttp.ClientSession()
        opened = await self._session.ws_connect(self._url, max_msg_size=0)
        self._reading = asyncio.create_task(self._read(opened))
        return opened

    async def _read(self, opened: aiohttp.ClientWebSocketResponse) -> None:
        async for message in opened:
            if message.type is aiohttp.WSMsgType.BINARY:
                self._inbox.put(protobuf.decode(message.data))

    async def _end(self) -> None:
        self._reading.cancel()
        await self._socket.close()
        await self._session.close()


class LiveKit:
    def __init__(self, address: str, cores: Cores, batching: bool) -> None:
        self._address = address
        self._identity = Identity()
        self._participants: list[Participant] = []
        folder = BUILD / "livekit"
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "config.yaml"
        configuration.write_text(
            CONFIGURATION.format(
                port=PORT,
                media_port=MEDIA_PORT,
                address=address,
                key=KEY,
                secret=SECRET,
                batching=BATCHING if batching else "",
            )
        )
        self._program = Program([str(BINARY), "--config", str(configuration)], cores, folder / "log")
        self._background = Background()
        self._wait_until_up()

    @property
    def pid(self) -> int:
        return self._program.pid

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        publishers = [self._publish(number) for number in range(rooms)]
        connect([(client, remote) for client, remote in publishers])
        sending = []
        for number, (client, remote) in enumerate(publishers):
            publisher = publishing(client.endpoint(), remote, FIRST_SSRC + number)
            traffic.add_publisher(publisher)
            sending.append(publisher)
        with traffic.priming():
            viewers = []
            for number in range(rooms):
                # room by room: who takes long to connect after the answer is given up
                viewers.append([self._watch(number, each) for each in range(subscribers)])
                connect(viewers[-1])
        for publisher, room in zip(sending, viewers, strict=True):
            for client, remote in room:
                media = _video(remote)
                ssrc = media.ssrcs[0]
                traffic.add_subscriber(Receiving(client.endpoint(), ssrc, media.rtx_of.get(ssrc, 0)), publisher)

    def close(self) -> None:
        for participant in self._participants:
            participant.close()
        self._background.close()
        self._program.stop()

    def _publish(self, number: int) -> tuple[Client, Description]:
        participant = self._join(f"publisher-{number}", number, sends=True)
        client, track = Client(self._identity, self._address), f"camera-{number}"
        video, camera = 1, 1
        participant.tell(ADD_TRACK, protobuf.encode({1: track, 2: track, 3: video, 4: 1280, 5: 720, 8: camera}))
        offer = description.offer(client.local, [Line("sendonly", ssrc=FIRST_SSRC + number, track=track)])
        participant.tell(OFFER, protobuf.encode({1: "offer", 2: offer, 3: 1}))
        answer = participant.wait_for(GOT_ANSWER)
        return client, participant.complete(description.read(answer[2].decode()))

    def _watch(self, room: int, number: int) -> tuple[Client, Description]:
        participant = self._join(f"viewer-{room}-{number}", room, sends=False)
        client = Client(self._identity, self._address)
        while True:
            offer = participant.wait_for(GOT_OFFER)
            remote = description.read(offer[2].decode())
            answer = description.answer(client.local, remote)
            participant.tell(ANSWER, protobuf.encode({1: "answer", 2: answer, 3: offer.get(3, 0)}))
            if any(media.kind == "video" and media.ssrcs for media in remote.media):
                return client, participant.complete(remote)

    def _join(self, name: str, room: int, sends: bool) -> Participant:
        participant = Participant(self._background, name, f"room-{room}", sends)
        self._participants.append(participant)
        return participant

    def _wait_until_up(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                self._background.call(_look())
            except aiohttp.ClientError:
                if not self._program.running or time.monotonic() > until:
                    raise Failed(f"LiveKit didn't start: {self._program.last_words()}") from None
                time.sleep(0.1)
            else:
                return


async def _look() -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{PORT}/"):
        pass


def _video(remote: Description) -> Media:
    return next(media for media in remote.media if media.kind == "video" and media.ssrcs)


def _start(batching: bool, address: str, cores: Cores) -> LiveKit:
    return LiveKit(address, cores, batching)


def _prepare() -> str:
    build(f"{MODULE}@{VERSION}", "server", BINARY)
    return f"LiveKit {VERSION}, {run([_go(), 'version']).split()[2]}"


def build(module: str, command: str, binary: Path) -> None:
    """`go install` of a program, once. Raises NotAvailable with what Go said."""
    if binary.exists():
        return
    folder = BUILD / "go"
    try:
        run([_go(), "install", module], {"GOBIN": str(folder), "GOFLAGS": os.environ.get("GOFLAGS", "")})
    except subprocess.CalledProcessError as error:
        said = str(error.stdout)
        if re.search(r"\b(403|404|410)\b", said):
            said = "the module proxy doesn't hand it out"
        raise NotAvailable(f"go install {module}: {said.strip()[-200:]}") from None
    binary.parent.mkdir(parents=True, exist_ok=True)
    (folder / command).rename(binary)


def _go() -> str:
    found = shutil.which("go")
    if found is None:
        raise NotAvailable("no Go compiler")
    return found


ENTRIES = (
    Entry("livekit", "blocking", partial(_start, False), _prepare),
    Entry("livekit, batching", "gathering", partial(_start, True), _prepare),
)
