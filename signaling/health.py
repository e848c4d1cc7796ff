"""For those who look after the server: is it alive, may it get new people, and what has it counted.

Alive is not ready: a server that is shutting down, or whose media port is not open, is alive and must not be killed.
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from pydantic import BaseModel

from signaling.metrics import CONTENT_TYPE, Metrics


class HealthAnswer(BaseModel):
    status: str
    version: str


class Health:
    def __init__(self, *, version: str, ready: Callable[[], bool], metrics: Metrics) -> None:
        self._version = version
        self._ready = ready
        self._metrics = metrics

    async def alive(self, request: web.Request) -> web.Response:
        return self._answer("ok", 200)

    async def ready(self, request: web.Request) -> web.Response:
        return self._answer("ready", 200) if self._ready() else self._answer("not ready", 503)

    async def count(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    def _answer(self, status: str, code: int) -> web.Response:
        return web.json_response(text=HealthAnswer(status=status, version=self._version).model_dump_json(), status=code)
