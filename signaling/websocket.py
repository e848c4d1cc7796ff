"""The WebSocket's door: who may open one, how many at once, and closing them all when the server goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from signaling.clock import Clock
from signaling.connection import HEARTBEAT, LARGEST, Connection
from signaling.entrance import Entrance
from signaling.headers import Network, client_address, same_origin
from signaling.limits import address_key
from signaling.metrics import Metrics
from signaling.refusals import Refused
from signaling.sessions import CLOSE_RESTART, Sessions

MOST = 4096
"""Sockets open at once. Twice the people that the media server takes: the rest still look at the preview."""

MOST_WAITING = 200
"""Of them from one address, who have not joined. A clinic behind one address has fewer pages open at the preview."""

CLOSING = 5.0
"""Seconds for all of them to say goodbye."""


class WebSocketDoor:
    def __init__(
        self,
        *,
        entrance: Entrance,
        sessions: Sessions,
        clock: Clock,
        metrics: Metrics,
        messages_per_second: float,
        origins: Sequence[str],
        proxies: Sequence[Network],
    ) -> None:
        self._entrance = entrance
        self._sessions = sessions
        self._clock = clock
        self._metrics = metrics
        self._messages_per_second = messages_per_second
        self._origins = origins
        self._proxies = proxies
        self._open: dict[Connection, asyncio.Task[None]] = {}

    async def open(self, request: web.Request) -> web.StreamResponse:
        # A browser names the page that opens a socket; another site's page must not use a visitor's browser.
        if not same_origin(request, self._origins):
            raise Refused("wrong_origin")
        address = address_key(client_address(request, self._proxies))
        waiting = sum(1 for each in self._open if each.address == address and not each.joined)
        if len(self._open) >= MOST or waiting >= MOST_WAITING:
            raise Refused("too_many_requests", retry_after=5)
        # No compression: permessage-deflate has been a door for memory bombs, and offers are rare.
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=LARGEST, compress=False, timeout=2.0)
        if not socket.can_prepare(request).ok:
            raise Refused("bad_request", "This address speaks WebSocket only.")
        await socket.prepare(request)
        connection = Connection(
            socket,
            transport=request.transport,
            entrance=self._entrance,
            sessions=self._sessions,
            clock=self._clock,
            metrics=self._metrics,
            messages_per_second=self._messages_per_second,
            address=address,
        )
        task = self._open[connection] = asyncio.ensure_future(connection.run())
        try:
            await task
        finally:
            del self._open[connection]
        return socket

    async def close(self) -> None:
        """Everybody who has not joined is asked to come back too."""
        for connection in self._open:
            connection.hang_up(CLOSE_RESTART)
        if self._open:
            await asyncio.wait(list(self._open.values()), timeout=CLOSING)
