"""Somebody else's HTTP server for tests: takes what comes, remembers it, and answers as it is told.

async with a_receiver() as receiver:
    receiver.answers = [503, "hang"]     # to the next requests; then 200
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    port: int = 0
    scheme: str = "http"
    requests: list[Request] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    """A status, `hang`, `reset`, `flood` or `redirect`."""
    always: int | str = 200
    """When there are no more of them."""
    now: int = 0
    most: int = 0
    """Requests at the same time: now, and at most."""
    gate: asyncio.Event | None = None
    """Until it is set, nothing is answered."""
    _come: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/take"

    async def got(self, count: int, within: float = 20.0) -> list[Request]:
        """When so many have come."""
        async with asyncio.timeout(within), self._come:
            await self._come.wait_for(lambda: len(self.requests) >= count)
            return list(self.requests)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            body = await request.read()
            async with self._come:
                self.requests.append(Request(request.path, dict(request.headers), body))
                self._come.notify_all()
            if self.gate is not None:
                await self.gate.wait()
            return await self._answer(request)
        finally:
            self.now -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        answer = self.answers.pop(0) if self.answers else self.always
        if answer == "hang":
            await asyncio.Event().wait()
        if answer == "reset":
            assert request.transport is not None
            request.transport.abort()
        if answer == "redirect":
            return web.Response(status=307, headers={"Location": f"{self.scheme}://127.0.0.1:{self.port}/elsewhere"})
        if answer == "flood":
            flood = web.StreamResponse()
            await flood.prepare(request)
            with contextlib.suppress(ConnectionError):
                while True:
                    await flood.write(bytes(65_536))
            return flood
        return web.Response(status=answer if isinstance(answer, int) else 200, text="thank you")


@contextlib.asynccontextmanager
async def a_receiver(port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    receiver = Receiver(scheme="http" if tls is None else "https")
    app = web.Application(client_max_size=10**7)
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner: Any = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls, reuse_address=True).start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        if receiver.gate is not None:
            receiver.gate.set()
        await runner.cleanup()
