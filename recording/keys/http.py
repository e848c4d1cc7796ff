"""One request to a key service: in time, of a bounded size, encrypted on its way, with no secret in any error.

Not here: what is asked (`transit.py`, `webhook.py`).
"""

from __future__ import annotations

import contextlib
import json
from base64 import b64decode
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from recording.keys.provider import KeyRefused, KeyUnavailable

TIMEOUT = 10.0
"""Seconds. Keys are wrapped when a recording begins, which people are waiting for."""

MAX_ANSWER = 65536
"""Bytes. Answers are below one thousand."""

MAX_WRAPPED = 16384
"""Bytes of a wrapped key that is taken from a service: it goes into the database."""

_REFUSALS = {400, 401, 403, 404, 410, 413, 415, 422}
"""HTTP statuses that say that the request is at fault. All others may pass."""


def check_address(address: str) -> str:
    """Without a slash at the end. Raises ValueError unless it is https, or http within this machine."""
    parts = urlsplit(address)
    if not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("the key service's address must be like https://host/path, without a user or a query")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise ValueError("the key service's address must begin with https: recordings' keys are sent there")
    return address.rstrip("/")


async def ask(
    http: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str], *, who: str, seconds: float
) -> dict[str, object]:
    """Posts JSON, answers with the JSON object that came back. `who` begins the sentences of errors.

    Raises KeyUnavailable, KeyRefused; neither has a cause that would print an address.
    """
    try:
        async with http.post(
            url,
            data=body,
            headers={"Content-Type": "application/json", "Accept-Encoding": "identity", **headers},
            timeout=aiohttp.ClientTimeout(total=seconds),
            allow_redirects=False,  # what is sent is for this address
        ) as answer:
            status = answer.status
            data = await _read(answer.content)
    except TimeoutError:
        raise KeyUnavailable(f"{who} did not answer in time.") from None
    except (aiohttp.ClientError, OSError) as error:
        raise KeyUnavailable(f"{who} could not be reached ({type(error).__name__}).") from None
    if status in _REFUSALS:
        raise KeyRefused(f"{who} refused (HTTP {status}).")
    if status != 200:
        raise KeyUnavailable(f"{who} is in trouble (HTTP {status}).")
    try:
        found = json.loads(data) if len(data) <= MAX_ANSWER else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise misunderstood(who)
    return found


def misunderstood(who: str) -> KeyUnavailable:
    return KeyUnavailable(f"{who} answered in a way that was not understood.")


def read_base64(value: object, who: str) -> bytes:
    """Raises KeyUnavailable if it is none."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            return b64decode(value, validate=True)
    raise misunderstood(who)


async def _read(stream: aiohttp.StreamReader) -> bytes:
    """Up to one byte more than is allowed: the rest is never asked for."""
    data = bytearray()
    while len(data) <= MAX_ANSWER and (part := await stream.read(MAX_ANSWER + 1 - len(data))):
        data += part
    return bytes(data)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
