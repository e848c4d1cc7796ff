"""Keys that programs of the clinic come with: the one of the settings, which may do everything, and those that an
administrator has made, each for some things.

Not here: how they are made (`accounts/api_keys.py`).
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass

from aiohttp import web
from pydantic import SecretStr

from clinic import ClinicError
from clinic.accounts import ApiKeys
from signaling.accounts.lookups import digest
from signaling.clock import Clock
from signaling.headers import bearer
from signaling.refusals import Refused
from signaling.staff_roles import SCOPES, Scope

SETTINGS = "settings"
"""What the audit log calls the key of the settings."""

USED_EVERY = 60.0
"""Seconds. That a key was used is not written with each request."""

_WRITTEN = re.compile(r"tbk\.([A-Za-z0-9_-]{8,64})\.([A-Za-z0-9_-]{30,100})")


@dataclass(frozen=True)
class Key:
    id: str
    scopes: frozenset[Scope]


class KeyRing:
    def __init__(self, api_key: SecretStr, keys: ApiKeys, clock: Clock) -> None:
        self._api_key = api_key
        self._keys = keys
        self._clock = clock

    async def key(self, request: web.Request) -> Key | None:
        """The key that a request carries, if it is good. Raises Refused: `records_unavailable`."""
        given = bearer(request)
        if given is None:
            return None
        if hmac.compare_digest(given.encode("utf-8", "replace"), self._api_key.get_secret_value().encode()):
            return Key(SETTINGS, SCOPES)
        match = _WRITTEN.fullmatch(given)
        if match is None:
            return None
        id, secret = match.groups()
        now = self._clock.wall()
        try:
            known = await self._keys.find(id)
            if known is None or not hmac.compare_digest(known.secret_hash, digest(secret)):
                return None
            if known.revoked_at is not None or (known.expires_at is not None and known.expires_at <= now):
                return None
            if known.used_at is None or now - known.used_at >= USED_EVERY:
                await self._keys.used(id, now)
        except ClinicError:
            raise Refused("records_unavailable", retry_after=30.0) from None
        return Key(id, frozenset(scope for scope in SCOPES if scope in known.scopes))

    async def holds(self, request: web.Request, scope: Scope) -> str | None:
        """The id of the key that a request carries, if it is for this."""
        key = await self.key(request)
        return key.id if key is not None and scope in key.scopes else None


def written(id: str, secret: str) -> str:
    """How a key is handed out. Its beginning tells scanners for leaked secrets what it is."""
    return f"tbk.{id}.{secret}"
