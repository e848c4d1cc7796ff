"""A connection: one WebSocket, from its first message to its close.

Reads strict messages at a limited rate, writes from a bounded queue, and knows nothing of what they mean. A client
that does not take what it is sent is closed, never waited for: it resumes when it can.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque

import structlog
from aiohttp import WSMsgType, web
from pydantic import ValidationError

from signaling.clock import Clock
from signaling.entrance import Entrance
from signaling.limits import Limiter
from signaling.messages import Error, Join, Message, Ping, Pong, Resume, Sealed, ServerMessage, client_messages
from signaling.metrics import Metrics
from signaling.orders import ConnectionId
from signaling.refusals import Refused
from signaling.sessions import CLOSE_FAULT, Sessions

log = structlog.get_logger("connection")

LARGEST = 256 * 1024
"""Bytes in one message. The largest honest one is an offer with 12 + 12 slots, about 60 kB."""

FIRST_MESSAGE = 60.0
"""Seconds. Pages open the socket while the person still looks at the preview; they open it again when it closes."""

SECOND_THOUGHT = 120.0
"""Seconds to decide whether to move the call here."""

HEARTBEAT = 8.0
"""Seconds between pings. A dead socket is noticed after 1.5 times this, before its seat's grace ends."""

QUEUE = 256
"""Messages waiting to be sent. A client that is further behind would rather have the newest state after a resume."""

SEND_LIMIT = 10.0
"""Seconds for which one message may be stuck in a full socket."""

BAD_MESSAGES = 10
"""Answered with an error; the next one closes. An honest client sends none."""

BURST = 4.0
"""Seconds' worth of messages that may come at once."""

SEALED_RATE, SEALED_BURST = 44.0, 528
"""Sealed messages, a second and at once, besides the others: what one person may send to eleven (`relay.py`)."""

CLOSE_POLICY = 1008
CLOSE_SILENT = 4408
"""Nothing was said. The other close codes are in `sessions.py`."""

_numbers = itertools.count(1)


class Connection:
    """One socket. `run` returns when it is closed."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        *,
        transport: asyncio.BaseTransport | None,
        entrance: Entrance,
        sessions: Sessions,
        clock: Clock,
        metrics: Metrics,
        messages_per_second: float,
        address: str,
    ) -> None:
        self.id: ConnectionId = next(_numbers)
        self._socket = socket
        self._transport = transport
        self._entrance = entrance
        self._sessions = sessions
        self._clock = clock
        self._metrics = metrics
        burst = int(messages_per_second * BURST) or 1
        self._messages = Limiter(messages_per_second, burst)
        self._sealed = Limiter(SEALED_RATE, SEALED_BURST)
        self._all = Limiter(messages_per_second + SEALED_RATE, burst + SEALED_BURST)
        """Counts before a message was read; the others after it."""
        self.address = address
        self._queue: deque[ServerMessage] = deque()
        self._wake = asyncio.Event()
        self._close_code: int | None = None
        self.joined = False
        self._bad = 0

    # As a session sees it (`sessions.Outlet`) -------------------------------------------------------------------

    def send(self, message: ServerMessage) -> None:
        if self._close_code is not None:
            return
        if len(self._queue) >= QUEUE:
            self._abort()
            return
        self._queue.append(message)
        self._wake.set()

    def hang_up(self, code: int) -> None:
        """Closes after what is queued has been sent."""
        if self._close_code is None:
            self._close_code = code
            self._wake.set()

    # The shell --------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        log.debug("socket opened", connection=self.id)
        writer = asyncio.create_task(self._write())
        try:
            await self._read()
        finally:
            log.debug("socket closed", connection=self.id, code=self._close_code or self._socket.close_code)
            self._sessions.lost(self.id)
            self.hang_up(1000)
            try:
                await asyncio.wait_for(writer, SEND_LIMIT)
            except TimeoutError:
                self._abort()

    async def _read(self) -> None:
        patience: float | None = FIRST_MESSAGE
        while self._close_code is None:
            try:
                received = await self._socket.receive(patience)
            except TimeoutError:
                self.hang_up(CLOSE_SILENT)
                return
            if received.type is WSMsgType.TEXT:
                patience = await self._take(received.data)
            elif received.type is WSMsgType.BINARY:
                patience = self._misbehaved(patience)
            else:
                return  # closed, or closed by aiohttp for breaking the protocol or being too big

    async def _take(self, text: str) -> float | None:
        """Handles one message; returns for how long the next one is waited for, None without limit."""
        if self._all.take(None, self._clock.steady()) > 0:
            return self._too_many()
        try:
            message: Message = client_messages.validate_json(text)
        except ValidationError:
            return self._misbehaved(None if self.joined else FIRST_MESSAGE)
        limiter = self._sealed if isinstance(message, Sealed) else self._messages
        if limiter.take(None, self._clock.steady()) > 0:
            return self._too_many()
        if self.joined:
            if isinstance(message, Ping):
                self.send(Pong())
            else:
                self._sessions.receive(self.id, message)
            return None
        return await self._enter(message)

    async def _enter(self, message: Message) -> float | None:
        try:
            if not isinstance(message, Join | Resume):
                raise Refused("not_joined")
            await self._entrance.enter(self, message, self.address)
        except Refused as refused:
            self._refuse(refused)
            if refused.code != "already_joined":
                self.hang_up(CLOSE_POLICY)
            return SECOND_THOUGHT
        self.joined = True
        return None

    def _too_many(self) -> float:
        self._refuse(Refused("too_many_messages"))
        self.hang_up(CLOSE_POLICY)
        return FIRST_MESSAGE

    def _misbehaved(self, patience: float | None) -> float | None:
        self._bad += 1
        self._refuse(Refused("bad_message"))
        if not self.joined or self._bad > BAD_MESSAGES:
            self.hang_up(CLOSE_POLICY)
        return patience

    def _refuse(self, refused: Refused) -> None:
        self._metrics.refused.labels(refused.code).inc()
        log.debug("refused", connection=self.id, code=refused.code)
        self.send(Error(code=refused.code, error=refused.error))

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._queue:
                    text = self._queue.popleft().model_dump_json()
                    async with asyncio.timeout(SEND_LIMIT):
                        await self._socket.send_str(text)
                if self._close_code is not None:
                    await self._socket.close(code=self._close_code)
                    return
        except TimeoutError:
            self._metrics.slow.inc()
            self._abort()
        except ConnectionError:
            self._abort()
        except Exception as error:  # a fault of ours ends this connection and is seen
            log.exception("fault", error_type=type(error).__name__)
            self._close_code = CLOSE_FAULT
            self._abort()

    def _abort(self) -> None:
        self._close_code = self._close_code or CLOSE_POLICY
        self._queue.clear()
        self._wake.set()
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()
