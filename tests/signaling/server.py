"""A whole server in this process, on free ports of this machine, and clients that speak to it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from aiohttp import web_app

from clinic import open_database, sqlite_url
from clinic.audit.log import MIGRATIONS as AUDIT_MIGRATIONS
from clinic.database import MIGRATIONS
from signaling import messages as m
from signaling.clock import Clock
from signaling.keys import make_folder
from signaling.roles import Role
from signaling.tokens import JoinClaims
from tests.sfu.offers import call_offer
from therabook.server import Running, running
from therabook.settings import Settings, load

M = TypeVar("M", bound=m.Message)

API_KEY = "an-api-key-for-tests-that-is-long-enough"
WITHIN = 15.0
"""Seconds for a message, on a busy machine: a process may have to be started before it comes."""
UP_TO_DATE: dict[str, bytes] = {}
SOURCES = m.Sources(microphone="0", camera="1", screen="2")


class MovingClock:
    """The real clocks, and a hand to put them forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        real = Clock()
        self.clock = Clock(steady=lambda: real.steady() + self.ahead, wall=lambda: real.wall() + self.ahead)


def offer() -> m.Offer:
    return m.Offer(sdp=call_offer(audio_slots=3, video_slots=4), sources=SOURCES)


class Client:
    """One socket of one page."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.told: list[m.Message] = []
        self.joined: m.Joined | None = None

    async def says(self, message: m.Message) -> None:
        await self.socket.send_str(message.model_dump_json())

    async def says_raw(self, text: str) -> None:
        await self.socket.send_str(text)

    async def hears(self, kind: type[M], *, where: Any = lambda message: True) -> M:
        """The next message of that kind (for which `where` is true); others are put aside in `told`."""
        async with asyncio.timeout(WITHIN):
            while True:
                received = await self.socket.receive()
                if received.type is not aiohttp.WSMsgType.TEXT:
                    raise ConnectionError(f"closed with {self.socket.close_code}; told: {self.told[-3:]}")
                message = m.server_messages.validate_json(received.data)
                self.told.append(message)
                if isinstance(message, m.Joined):
                    self.joined = message
                if isinstance(message, kind) and where(message):
                    return message

    async def state(self, where: Any = lambda state: True) -> m.State:
        return await self.hears(m.State, where=where)

    async def closed(self) -> int | None:
        """Reads until the server closes; returns its code."""
        async with asyncio.timeout(WITHIN):
            while True:
                received = await self.socket.receive()
                if received.type is not aiohttp.WSMsgType.TEXT:
                    return self.socket.close_code
                self.told.append(m.server_messages.validate_json(received.data))

    async def joins(self, token: str, name: str = "Somebody", **more: Any) -> m.State:
        """Names are told so that tests can say who is who; a page does not."""
        brought: dict[str, Any] = {"offer": offer(), "microphone": True, "camera": True, "encrypts": True} | more
        await self.says(m.Join(token=token, name=name, **brought))
        await self.hears(m.Joined)
        return await self.state()

    async def refused(self, message: m.Message) -> str:
        await self.says(message)
        return (await self.hears(m.Error)).code


class Server:
    def __init__(self, running: Running, http: aiohttp.ClientSession, clock: MovingClock) -> None:
        self.running = running
        self.http = http
        self.clock = clock
        self.url = f"http://127.0.0.1:{running.port}"
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []

    async def client(self, **headers: str) -> Client:
        socket = await self.http.ws_connect(
            f"{self.url}/socket", headers={"Origin": self.url} | headers, max_msg_size=0, autoclose=True
        )
        self.sockets.append(socket)
        return Client(socket)

    def token(self, role: Role, session: str = "session-1", user: str = "", **claims: Any) -> str:
        now = self.clock.clock.wall()
        fields: dict[str, Any] = {
            "jti": f"token-of-{role}-{user}",
            "exp": int(now) + 600,
            "room": session,
            "sub": user or role,
            "role": role,
        }
        return self.running.tokens.sign(JoinClaims(**(fields | claims)), now)

    async def joined(self, role: Role, name: str = "", **claims: Any) -> Client:
        client = await self.client()
        await client.joins(self.token(role, **claims), name or role)
        return client

    async def call(self) -> tuple[Client, Client]:
        """A therapist and an admitted patient."""
        therapist, patient = await self.joined("therapist", "Dr. Blue"), await self.joined("patient", "Alex")
        state = await therapist.state(lambda state: state.waiting)
        await therapist.says(m.Admit(person=state.waiting[0].id))
        await patient.state(lambda state: state.phase == "present")
        await therapist.state(lambda state: state.people)
        return therapist, patient


@contextlib.asynccontextmanager
async def a_server(folder: Path, **settings: Any) -> AsyncIterator[Server]:
    """Hashes of passwords take less than they would in a clinic: what they are is not tested here."""
    clock = MovingClock()
    values: dict[str, Any] = {
        "port": 0,
        "media_port": 0,
        "media_host": "127.0.0.1",
        "data_dir": folder / "data",
        "api_key": API_KEY,
        "recordings_compose": False,
        "staff_password_memory": 19,
    }
    loaded = load(values | settings, environment={})
    if not loaded.data_dir.exists():
        await lay_databases(loaded)
    try:
        async with aiohttp.ClientSession() as http, running(loaded, clock.clock) as served:
            server = Server(served, http, clock)
            yield server
            for socket in server.sockets:
                await socket.close()
    finally:
        # aiohttp remembers the handlers of a thousand requests, and with them every server that ever was
        web_app._cached_build_middleware.cache_clear()


async def lay_databases(settings: Settings) -> None:
    """Into a new data folder: as the server would make them, which takes it longer than most tests."""
    made = await up_to_date()
    make_folder(settings.data_dir)
    for name, elsewhere in (("clinic.db", settings.database_url), ("audit.db", settings.audit_url)):
        if elsewhere is None:
            (settings.data_dir / name).touch(mode=0o600)
            (settings.data_dir / name).write_bytes(made[name])


async def up_to_date() -> dict[str, bytes]:
    """What is in each database of a new server, by the name of its file."""
    if not UP_TO_DATE:
        with tempfile.TemporaryDirectory() as made:
            for name, migrations in (("clinic.db", MIGRATIONS), ("audit.db", AUDIT_MIGRATIONS)):
                file = Path(made, name)
                database = open_database(sqlite_url(file), migrations)
                await database.upgrade()
                await database.close()
                UP_TO_DATE[name] = await asyncio.to_thread(file.read_bytes)
    return UP_TO_DATE
