"""Vault's (or OpenBao's) Transit engine as the clinic's key: it encrypts and decrypts, and its key never leaves it.

`POST ADDRESS/v1/MOUNT/encrypt/KEY` and `.../decrypt/KEY`, with the token in `X-Vault-Token`. The token needs `update`
on these two and nothing else. Wrapped secrets are what Transit calls ciphertext, `vault:v1:...`.
Not here: getting and renewing the token.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode

import aiohttp
from pydantic import SecretBytes, SecretStr

from recording.keys.http import MAX_WRAPPED, TIMEOUT, ask, check_address, misunderstood, read_base64
from recording.keys.provider import KeyRefused, bind, release

_WHO = "The key service (Vault Transit)"
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_MOUNT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_CIPHERTEXT = re.compile(r"[a-z]+:v[0-9]+:[A-Za-z0-9+/=:]+")


class TransitKey:
    can_unwrap = True

    def __init__(
        self,
        http: aiohttp.ClientSession,
        address: str,
        token: SecretStr,
        key: str,
        *,
        mount: str = "transit",
        associated_data: bool = True,
        timeout: float = TIMEOUT,
    ) -> None:
        """`http` stays the caller's to close. `associated_data`: Transit is told the context too and checks it itself.
        It can do so with AES-GCM and ChaCha20-Poly1305 keys only; RSA keys, and `rewrap`, need it off, and then the
        context is checked here alone. Changing it makes what was wrapped before unreadable.

        Raises ValueError.
        """
        if not _KEY.fullmatch(key) or not _MOUNT.fullmatch(mount):
            raise ValueError("the Transit key and mount are named by letters, digits, _, - and dots")
        self._http = http
        self._address = check_address(address)
        self._token = token
        self._key = key
        self._mount = mount
        self._associated_data = associated_data
        self._timeout = timeout

    def describe(self) -> str:
        return f"transit {self._mount}/{self._key}"

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        answer = await self._ask("encrypt", "plaintext", _text(bind(secret, context).get_secret_value()), context)
        ciphertext = answer.get("ciphertext")
        if not isinstance(ciphertext, str) or len(ciphertext) > MAX_WRAPPED or not _CIPHERTEXT.fullmatch(ciphertext):
            raise misunderstood(_WHO)
        return ciphertext.encode("ascii")

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        ciphertext = wrapped.decode("ascii", "replace")
        if not _CIPHERTEXT.fullmatch(ciphertext):
            raise KeyRefused("The wrapped key was not made by Vault Transit.")
        answer = await self._ask("decrypt", "ciphertext", ciphertext, context)
        return release(SecretBytes(read_base64(answer.get("plaintext"), _WHO)), context)

    async def _ask(self, what: str, field: str, value: str, context: str) -> dict[str, object]:
        body = {field: value}
        if self._associated_data:
            body["associated_data"] = _text(context.encode("utf-8"))
        answer = await ask(
            self._http,
            f"{self._address}/v1/{self._mount}/{what}/{self._key}",
            json.dumps(body).encode("utf-8"),
            {"X-Vault-Token": self._token.get_secret_value()},
            who=_WHO,
            seconds=self._timeout,
        )
        data = answer.get("data")
        if not isinstance(data, dict):
            raise misunderstood(_WHO)
        return data


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
