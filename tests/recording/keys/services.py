"""Key services of others, as far as they matter here: Vault's Transit engine, and a webhook before a KMS.

Real servers on free ports, which do really encrypt. Each can be told to answer something else instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "a-token-for-tests-and-nothing-else"
SIGNING_KEY = b"a signing key for tests, long enough"

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service:
    """One key, and what was asked of it."""

    def __init__(self) -> None:
        self.address = ""
        self.instead: Answer | None = None
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.sent = 0
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._released = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.paths.append(request.path)
        if self.instead is not None:
            return await self.instead(request)
        return await self.answer(request)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raise AssertionError("each service has its own")

    def encrypt(self, data: bytes, context: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, data, context)

    def decrypt(self, data: bytes, context: bytes) -> bytes | None:
        try:
            return self._cipher.decrypt(data[:12], data[12:], context)
        except (InvalidTag, ValueError):
            return None

    async def hang(self, request: web.Request) -> web.StreamResponse:
        await self._released.wait()
        return web.Response()

    async def flood(self, request: web.Request) -> web.StreamResponse:
        """64 MiB of JSON, unless whoever asked has gone."""
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for _ in range(1024):
            try:
                await response.write(b" " * 65536)
            except ConnectionError:
                break
            self.sent += 65536
        return response

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.handle)
        async with TestServer(app) as server:
            self.address = str(server.make_url("")).rstrip("/")
            try:
                yield
            finally:
                self._released.set()


class Vault(Service):
    """The Transit engine at `transit`, with the AEAD key `clinic`, and with an RSA key's manners if `plain`."""

    plain = False

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.text())
        self.requests.append(body)
        if request.headers.get("X-Vault-Token") != TOKEN:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        if request.method != "POST" or request.path not in ("/v1/transit/encrypt/clinic", "/v1/transit/decrypt/clinic"):
            return web.json_response({"errors": ["no handler for route"]}, status=404)
        if self.plain and "associated_data" in body:
            return web.json_response({"errors": ["associated_data provided for non-AEAD cipher suite"]}, status=400)
        context = b64decode(body.get("associated_data", ""), validate=True)
        if request.path == "/v1/transit/encrypt/clinic":
            sealed = self.encrypt(b64decode(body["plaintext"], validate=True), context)
            return web.json_response({"data": {"ciphertext": f"vault:v1:{b64encode(sealed).decode()}"}})
        _, _, sealed = body["ciphertext"].partition("vault:v1:")
        clear = self.decrypt(b64decode(sealed), context)
        if clear is None:
            return web.json_response({"errors": ["cipher: message authentication failed"]}, status=400)
        return web.json_response({"data": {"plaintext": b64encode(clear).decode()}})


class Kms(Service):
    """Reads requests as the webhook's documentation says, and checks all that it may."""

    now = 1_767_225_600.0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        timestamp = request.headers["TheraBook-Timestamp"]
        digest = hmac.new(SIGNING_KEY, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(f"v1={digest}", request.headers["TheraBook-Signature"]):
            return web.json_response({}, status=401)
        if abs(int(timestamp) - self.now) > 300 or request.content_type != "application/json":
            return web.json_response({}, status=401)
        asked = json.loads(body)
        self.requests.append(asked)
        data, context = b64decode(asked["data"], validate=True), asked["context"].encode()
        done = self.encrypt(data, context) if asked["action"] == "wrap" else self.decrypt(data, context)
        if done is None:
            return web.json_response({}, status=422)
        return web.json_response({"data": b64encode(done).decode()})
