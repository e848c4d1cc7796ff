"""The HTTP API for the clinic's own servers: tokens for a session, in exchange for the API key.

In demo mode the join form may ask too: without a key, but only from this server's own page on localhost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from signaling.audit_port import Audit
from signaling.bodies import read_json
from signaling.clock import Clock
from signaling.encryption import Encryption
from signaling.headers import LOCALHOST, Network, bare_host, client_address, same_origin
from signaling.key_ring import KeyRing
from signaling.limits import Limiter, address_key
from signaling.metrics import Metrics
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.tokens import JoinClaims, SessionId, Tokens, UserId
from signaling.told_door import ToldDoor

LARGEST_BODY = 16 * 1024
"""Bytes. An honest request has 200."""


class TokenRequest(BaseModel):
    """For whom a token is. The clinic's server has decided the role; nobody's browser can change it afterwards."""

    model_config = ConfigDict(strict=True, extra="forbid")

    user_id: UserId
    """Who it is, in the clinic's own words. The same person on two devices has the same."""
    role: Role
    room_id: SessionId | None = None
    """The session; a new one is named if it is left out."""
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)] | None = None
    """The name that others see. Left out, the person types one."""
    max_participants: Annotated[int, Field(ge=2, le=12)] | None = None
    session_minutes: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    encryption: Encryption | None = None
    """`required`: whoever's browser cannot encrypt end to end is not let in, whatever the server's setting says. The
    strictest of the setting and all tokens of a session holds."""
    expires_in: Annotated[int, Field(ge=60, le=90 * 24 * 3600)] | None = None
    """Seconds for which the token can be used to join. A session that was joined goes on."""


class TokenAnswer(BaseModel):
    token: str
    user_id: str
    role: Role
    room_id: str


class TokenApi:
    def __init__(
        self,
        *,
        tokens: Tokens,
        ring: KeyRing,
        lifetime: float,
        demo: bool,
        clock: Clock,
        limit: Limiter,
        metrics: Metrics,
        proxies: Sequence[Network],
        new_id: Callable[[], str],
        new_session_id: Callable[[], str],
        audit: Audit,
        told: ToldDoor,
    ) -> None:
        self._tokens = tokens
        self._ring = ring
        self._lifetime = lifetime
        self._demo = demo
        self._clock = clock
        self._limit = limit
        self._metrics = metrics
        self._proxies = proxies
        self._new_id = new_id
        self._new_session_id = new_session_id
        self._audit = audit
        self._told = told

    async def issue(self, request: web.Request) -> web.Response:
        caller = await self._authorise(request)
        wait = self._limit.take(caller, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        asked = await read_json(request, TokenRequest)
        room = asked.room_id or self._new_session_id()
        now = self._clock.wall()
        claims = JoinClaims(
            jti=self._new_id(),
            exp=int(now + (asked.expires_in or self._lifetime)),
            room=room,
            sub=asked.user_id,
            role=asked.role,
            name=asked.name,
            limit=asked.max_participants,
            minutes=asked.session_minutes,
            encryption=asked.encryption,
        )
        token = self._tokens.sign(claims, now)
        self._metrics.tokens.labels(asked.role).inc()
        # not waited for: a visit begins with this, and visits go on when the log cannot be written
        self._audit.told(
            "token.issue",
            "key" if caller.startswith("key ") else "link",
            caller.removeprefix("key ") if caller.startswith("key ") else "demo",
            session=room,
            patient=asked.user_id if asked.role == "patient" else None,
            subject=claims.jti,
            what="session",
            role=asked.role,
            whose=asked.user_id,
        )
        answer = TokenAnswer(token=token, user_id=asked.user_id, role=asked.role, room_id=room)
        return web.json_response(text=answer.model_dump_json())

    async def _authorise(self, request: web.Request) -> str:
        """Returns what the rate is limited by. Raises Refused."""
        key = await self._ring.holds(request, "tokens")
        if key is not None:
            return f"key {key}"
        address = address_key(client_address(request, self._proxies))
        if self._demo and "Authorization" not in request.headers:
            # A page elsewhere can have its host name resolve to this machine, but cannot make it say localhost.
            if request.url.raw_host is None or bare_host(request.host) not in LOCALHOST:
                raise Refused("wrong_host")
            if not same_origin(request, ()):
                raise Refused("wrong_origin")
            return f"demo {address}"
        wait = self._limit.take(f"refused {address}", self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        self._told.refused("access.refuse", "unauthorized", what="token")
        raise Refused("unauthorized")
