"""What a connection does with a client that does not take what it is sent, and with one that says nothing."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiohttp import web

from signaling import connection
from signaling import messages as m
from signaling.clock import Clock
from signaling.connection import Connection
from signaling.entrance import Entrance
from signaling.metrics import Metrics
from signaling.sessions import Sessions


class Closed:
    type = web.WSMsgType.CLOSED


class Stuck:
    """A socket into which nothing goes and out of which nothing comes, until it is aborted."""

    def __init__(self) -> None:
        self.aborted = asyncio.Event()
        self.closed_with: int | None = None

    async def receive(self, patience: float | None) -> Closed:
        async with asyncio.timeout(patience):
            await self.aborted.wait()
        return Closed()

    async def send_str(self, text: str) -> None:
        await self.aborted.wait()
        raise ConnectionResetError

    async def close(self, code: int) -> None:
        self.closed_with = code


class Transport(asyncio.WriteTransport):
    def __init__(self, socket: Stuck) -> None:
        self._socket = socket

    def abort(self) -> None:
        self._socket.aborted.set()


class NoSessions:
    lost_connections: list[int]

    def __init__(self) -> None:
        self.lost_connections = []

    def lost(self, connection_id: int) -> None:
        self.lost_connections.append(connection_id)


def stuck_connection() -> tuple[Connection, Stuck, NoSessions]:
    socket, sessions = Stuck(), NoSessions()
    made = Connection(
        cast(web.WebSocketResponse, socket),
        transport=Transport(socket),
        entrance=cast(Entrance, None),
        sessions=cast(Sessions, sessions),
        clock=Clock(),
        metrics=Metrics(),
        messages_per_second=20,
        address="",
    )
    return made, socket, sessions


async def test_a_client_that_takes_nothing_is_cut_off_when_too_much_waits_for_it() -> None:
    made, socket, sessions = stuck_connection()
    running = asyncio.create_task(made.run())
    await asyncio.sleep(0)
    sent = 0
    while not socket.aborted.is_set():
        made.send(m.Moving())
        sent += 1
    assert connection.QUEUE < sent <= connection.QUEUE + 2
    await asyncio.wait_for(running, 1)
    assert sessions.lost_connections == [made.id]


async def test_a_client_that_takes_nothing_is_cut_off_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_LIMIT", 0.02)
    made, socket, sessions = stuck_connection()
    running = asyncio.create_task(made.run())
    made.send(m.Moving())
    await asyncio.wait_for(running, 1)
    assert socket.aborted.is_set()
    assert sessions.lost_connections == [made.id]


async def test_a_client_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_MESSAGE", 0.02)
    made, socket, _ = stuck_connection()
    await asyncio.wait_for(made.run(), 1)
    assert socket.closed_with == connection.CLOSE_SILENT
