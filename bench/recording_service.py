"""The whole service in a process of its own, as `therabook serve` starts it, and calls of two that join it as the web
client does: token, socket, offer, admitted, connected. A recording is asked for, agreed to and ended by messages.

What it uses is that of all its processes: the server and the one that writes. Not here: what is sent
(`recording_playing.py`), what it is compared with.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from bench import description
from bench.client import Client, Identity, connect, publishing
from bench.description import Description, Line
from bench.errors import Failed
from bench.processes import BUILD, Cores, Program
from bench.recording_films import Cast
from bench.recording_playing import Playing
from bench.systems.livekit import Background
from bench.traffic import Endpoint, Receiving, Sending

PORT = 18380
START_SECONDS = 60.0
ANSWER_SECONDS = 15.0
FIRST_SSRC = 400_000

MICROPHONE, CAMERA = range(2)
"""Places of the m-lines of what is sent. Behind them are slots: a sound, a picture, a shared screen."""

SLOTS = (Line("recvonly", "audio"), Line("recvonly"), Line("recvonly"))


class Member:
    """One person: a socket, and a connection for what is sent and received."""

    def __init__(self, background: Background, identity: Identity, address: str, ssrc: int) -> None:
        self.client = Client(identity, address)
        self.lines = [Line("sendonly", "audio", ssrc), Line("sendonly", ssrc=ssrc + 1), *SLOTS]
        self.state: dict[str, Any] = {}
        self._background = background
        self._joined: dict[str, Any] = {}
        self._refused = ""
        self._news = asyncio.Event()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reading: asyncio.Task[None] | None = None

    def join(self, http: aiohttp.ClientSession, url: str, token: str, name: str) -> None:
        """Raises Failed. Present or waiting then; `connect` is still to come."""
        self._background.call(self._join(http, url, token, name))

    def says(self, kind: str, **fields: object) -> None:
        self._background.call(self._send({"type": kind, **fields}))

    def waits(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """The state of the session, once it is as wanted. Raises Failed."""
        self._background.call(self._until(lambda: bool(self.state) and holds(self.state), what))
        return self.state

    @property
    def remote(self) -> Description:
        return description.read(self._joined["answer"]["sdp"])

    def sending(self, endpoint: Endpoint, remote: Description) -> tuple[Sending, Sending]:
        """Sound and picture."""
        ids = remote.media[MICROPHONE].extensions
        sound = Sending(
            endpoint,
            self.lines[MICROPHONE].ssrc,
            description.OPUS,
            str(MICROPHONE),
            ids.get(description.MID_URI, 0),
            ids.get(description.TRANSPORT_URI, 0),
        )
        return sound, publishing(endpoint, remote, self.lines[CAMERA].ssrc, CAMERA)

    def receiving(self, endpoint: Endpoint, remote: Description, source: str) -> Receiving:
        """What comes in the slot in which the other one's source plays."""
        slot = next(each["mid"] for each in self.state["slots"] if each["source"] == source)
        media = remote.media[int(slot)]
        told = media.extensions.get(description.TRANSPORT_URI, 0)
        return Receiving(endpoint, media.ssrcs[0], media.rtx_of.get(media.ssrcs[0], 0), transport_id=told)

    def close(self) -> None:
        self._background.call(self._end())

    async def _join(self, http: aiohttp.ClientSession, url: str, token: str, name: str) -> None:
        self._socket = await http.ws_connect(f"{url}/socket", headers={"Origin": url}, max_msg_size=0)
        self._reading = asyncio.create_task(self._read(self._socket))
        sources = {"microphone": str(MICROPHONE), "camera": str(CAMERA), "screen": None}
        sdp = description.offer(self.client.local, self.lines, setup="actpass", tells=True)
        offer = {"sdp": sdp, "sources": sources}
        devices = {"microphone": True, "camera": True}
        await self._send({"type": "join", "version": 1, "token": token, "name": name, "offer": offer, **devices})
        await self._until(lambda: bool(self._joined and self.state), "joined")

    async def _send(self, message: dict[str, object]) -> None:
        if self._socket is None:
            raise Failed("somebody speaks who has not joined")
        self._refused = ""
        await self._socket.send_json(message)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = message.json()
            if said["type"] == "joined":
                self._joined = said
            elif said["type"] == "state":
                self.state = said
            elif said["type"] in ("error", "over"):
                self._refused = said["error"]
            else:
                continue  # who speaks, and how good each connection is
            self._news.set()

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not holds():
                    if self._refused:
                        raise Failed(f"the service, {what}: {self._refused}")
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise Failed(f"the service: not {what} within {ANSWER_SECONDS:.0f} s") from None

    async def _end(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self._socket is not None:
            await self._socket.close()


class Call:
    """A therapist and a patient."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.therapist, self.patient = members

    @property
    def members(self) -> tuple[Member, Member]:
        return self.therapist, self.patient

    def record(self) -> None:
        """Asked for, agreed to, and it runs. Raises Failed."""
        self.therapist.says("record", action="start")
        asked = self.patient.waits(lambda state: _asked(state) or _phase(state) == "running", "asked")
        if _asked(asked):
            self.patient.says("consent", agreed=True, text=asked["recording"]["text"]["version"])
        self.therapist.waits(lambda state: _phase(state) == "running", "recorded")

    def stop(self) -> None:
        self.therapist.says("record", action="stop")
        self.therapist.waits(lambda state: state["recording"] is None, "stopped")

    @property
    def problem(self) -> str:
        """What people are told of their recording, if it does not simply run."""
        recording = self.therapist.state["recording"] or {}
        if recording.get("phase") == "running" and not recording.get("problem"):
            return ""
        return str(recording.get("problem") or recording.get("phase") or "no recording")


class Service:
    def __init__(self, address: str, cores: Cores, folder: Path) -> None:
        """`folder`: where its data and recordings go; what is there is deleted."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.data = folder / "data"
        self.recordings = self.data / "recordings"
        self.calls: list[Call] = []
        self._address = address
        self._key = secrets.token_urlsafe(32)
        self._url = f"http://127.0.0.1:{PORT}"
        self._background = Background()
        self._identity = Identity()
        self._program = Program(_command(address, self.data), cores, folder / "log", {"THERABOOK_API_KEY": self._key})
        self._http = self._background.call(_open_http())
        try:
            self._wait_until_up()
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> dict[str, int]:
        """Its processes, by what they do."""
        found = {"server": self._program.pid}
        for number, pid in enumerate(children(self._program.pid)):
            found["writer" if not number else f"writer {number + 1}"] = pid
        return found

    def open_calls(self, count: int, playing: Playing, cast: Sequence[Cast]) -> None:
        """Joined, connected, seeing and hearing each other, and added to `playing`. Raises Failed."""
        opened = [self._join(number) for number in range(count)]
        members = [member for call in opened for member in call.members]
        remotes = [member.remote for member in members]
        connect([(member.client, remote) for member, remote in zip(members, remotes, strict=True)])
        for member in members:
            member.waits(lambda state: len(state["slots"]) == 2, "wired")
        endpoints = [member.client.endpoint() for member in members]
        sending = [
            member.sending(endpoint, remote)
            for member, endpoint, remote in zip(members, endpoints, remotes, strict=True)
        ]
        for at, (sound, picture) in enumerate(sending):
            films = cast[at % len(cast)]
            playing.add_person([(sound, films.microphone), (picture, films.camera)])
        for at, (member, endpoint, remote) in enumerate(zip(members, endpoints, remotes, strict=True)):
            for source, sent in zip(("microphone", "camera"), sending[at ^ 1], strict=True):
                playing.add_receiving(member.receiving(endpoint, remote, source), sent)
        self.calls += opened

    def record(self, apart: float = 0.0) -> None:
        """All calls, one after the other."""
        for call in self.calls:
            call.record()
            time.sleep(apart)

    def stop(self) -> None:
        for call in self.calls:
            call.stop()

    def counters(self) -> dict[str, int]:
        """The media server's, from its metrics."""
        with urllib.request.urlopen(f"{self._url}/metrics", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - our own
            lines = answer.read().decode().splitlines()
        found = {}
        for line in lines:
            if line.startswith("therabook_media_total{"):
                name, _, value = line.partition('what="')[2].partition('"} ')
                found[name] = int(float(value))
        return found

    def link(self, role: str, session: str) -> str:
        """For a real browser."""
        page = "therapy" if role == "therapist" else "secure-therapy"
        return f"{self._url}/video-call/{page}#token={self._token(session, role)}"

    @property
    def log(self) -> str:
        return self._program.log.read_text("utf-8", "replace")

    def close(self) -> None:
        for call in self.calls:
            for member in call.members:
                member.close()
        self._background.call(self._http.close())
        self._program.stop()
        self._background.close()

    def _join(self, number: int) -> Call:
        members = []
        for at, role in enumerate(("therapist", "patient")):
            ssrc = FIRST_SSRC + 4 * number + 2 * at
            member = Member(self._background, self._identity, self._address, ssrc)
            member.join(self._http, self._url, self._token(f"session-{number}", role), f"{role} {number}")
            members.append(member)
        call = Call(members)
        waiting = call.therapist.waits(lambda state: bool(state["waiting"]), "told who waits")["waiting"]
        call.therapist.says("admit", person=waiting[0]["id"])
        call.patient.waits(lambda state: state["phase"] == "present", "admitted")
        return call

    def _token(self, session: str, role: str) -> str:
        asked = {"user_id": f"{role}-of-{session}", "role": role, "room_id": session}
        return self._background.call(self._ask(asked))

    async def _ask(self, asked: dict[str, str]) -> str:
        headers = {"Authorization": f"Bearer {self._key}"}
        async with self._http.post(f"{self._url}/api/token", json=asked, headers=headers) as answer:
            if answer.status != 200:
                raise Failed(f"the service gives no token: {await answer.text()}")
            return str((await answer.json())["token"])

    def _wait_until_up(self) -> None:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self._url}/readyz", timeout=1.0):  # noqa: S310 - our own
                    return
            except (urllib.error.URLError, OSError):
                if not self._program.running or time.monotonic() > until:
                    raise Failed(f"the service didn't start: {self._program.last_words()}") from None
                time.sleep(0.1)


def children(pid: int) -> list[int]:
    """Processes that this one has started and that still run, and theirs."""
    parents: dict[int, int] = {}
    for each in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(each.parent.name)] = int(each.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has ended
    found = [pid]
    for at in sorted(parents):
        if parents[at] in found:
            found.append(at)
    return found[1:]


def cpu_ns(pid: int) -> int:
    """Processor time of all threads of a process so far, those that have ended too: the scheduler's own account."""
    return time.clock_gettime_ns((~pid << 3) | 2)


def own_seconds() -> float:
    """Processor time of this process and of all that it has started and that still run."""
    total = 0
    for pid in (os.getpid(), *children(os.getpid())):
        with suppress(OSError):  # it has ended since it was listed
            total += cpu_ns(pid)
    return total / 1e9


def _command(address: str, data: Path) -> list[str]:
    """As an operator starts it, but that many may join at once from one address, and that no film is made when a
    recording ends: it would be measured with what comes next."""
    flags = {
        "host": "127.0.0.1",
        "port": PORT,
        "data-dir": data,
        "media-host": address,
        "media-port": 0,
        "joins-per-minute": 100_000,
        "tokens-per-minute": 100_000,
    }
    said = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    # what is made up comes in the clear; browsers do better if they can
    clear = ("--encryption", "preferred")
    return [sys.executable, "-m", "therabook", "serve", "--no-recordings-compose", *clear, *said]


async def _open_http() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


def _asked(state: dict[str, Any]) -> bool:
    return bool(state["recording"] and state["recording"]["text"])


def _phase(state: dict[str, Any]) -> str:
    return str(state["recording"]["phase"]) if state["recording"] else ""


FOLDER = BUILD / "recording"
"""On a disk, not in memory: what syncing costs belongs to it."""
