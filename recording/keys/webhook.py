"""Any other key service as the clinic's key, behind a webhook that the clinic writes: a few lines in front of a KMS.

The request, a POST with these headers and this JSON:

    Content-Type: application/json
    TheraBook-Timestamp: 1767225600
    TheraBook-Signature: v1=HEX

    {"action": "wrap", "context": "TEXT", "data": "BASE64"}

`action` is `wrap` (data: what to encrypt, below 4 kB) or `unwrap` (data: what an earlier `wrap` was answered with).
`context` says what the secret is for. It is not secret and should be authenticated with it (as associated data, or as
encryption context). HEX is HMAC-SHA256 of timestamp, a dot and the body, with the shared signing key. The receiver
compares it in constant time, and refuses timestamps (seconds since 1970, UTC) that are more than five minutes off.

The answer: status 200 and

    {"data": "BASE64"}

Status 400, 401, 403, 404 or 422 mean no, for good; any other that it may be asked again later.
Not here: the receiver.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Literal

import aiohttp
from pydantic import SecretBytes

from recording.keys.http import MAX_WRAPPED, TIMEOUT, ask, check_address, misunderstood, read_base64
from recording.keys.provider import bind, release

MIN_SIGNING_KEY = 32
"""Bytes."""

_WHO = "The key service"


class WebhookKey:
    can_unwrap = True

    def __init__(
        self,
        http: aiohttp.ClientSession,
        address: str,
        signing_key: SecretBytes,
        name: str,
        now: Callable[[], float],
        *,
        timeout: float = TIMEOUT,
    ) -> None:
        """`http` stays the caller's to close. `name`: what the clinic calls the key behind the webhook, to be kept with
        recordings. `now`: seconds since 1970. Raises ValueError."""
        if len(signing_key) < MIN_SIGNING_KEY:
            raise ValueError("the webhook's signing key must have at least 32 bytes")
        self._http = http
        self._address = check_address(address)
        self._signing_key = signing_key
        self._name = name
        self._now = now
        self._timeout = timeout

    def describe(self) -> str:
        return f"webhook {self._name}"

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        wrapped = await self._ask("wrap", context, bind(secret, context).get_secret_value())
        if not 0 < len(wrapped) <= MAX_WRAPPED:
            raise misunderstood(_WHO)
        return wrapped

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        return release(SecretBytes(await self._ask("unwrap", context, wrapped)), context)

    async def _ask(self, action: Literal["wrap", "unwrap"], context: str, data: bytes) -> bytes:
        request = {"action": action, "context": context, "data": b64encode(data).decode("ascii")}
        body = json.dumps(request).encode("utf-8")
        timestamp = str(int(self._now()))
        key = self._signing_key.get_secret_value()
        signature = hmac.digest(key, timestamp.encode("ascii") + b"." + body, hashlib.sha256).hex()
        headers = {"TheraBook-Timestamp": timestamp, "TheraBook-Signature": f"v1={signature}"}
        answer = await ask(self._http, self._address, body, headers, who=_WHO, seconds=self._timeout)
        return read_base64(answer.get("data"), _WHO)
