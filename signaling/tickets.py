"""Tickets: what somebody shows who wants something over HTTP for a session: the token of their link, or the one with
which they come back.

Not here: the door of the session itself, which also asks whether the seat still exists (`entrance.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from signaling.clock import Clock
from signaling.headers import Network, bearer, client_address
from signaling.limits import Limiter, address_key
from signaling.refusals import Refused
from signaling.revocations import Revocations
from signaling.tokens import Tokens


@dataclass(frozen=True)
class Rate:
    """So many a second in the long run, and `burst` at once."""

    per_second: float
    burst: int


class Limits:
    """How often one thing may be asked for: with one ticket, and from one address."""

    def __init__(self, *, each: Rate, address: Rate) -> None:
        self.each = Limiter(each.per_second, each.burst)
        self.addresses = Limiter(address.per_second, address.burst)


class Tickets:
    def __init__(self, *, tokens: Tokens, revocations: Revocations, clock: Clock, proxies: Sequence[Network]) -> None:
        self._tokens = tokens
        self._revocations = revocations
        self._clock = clock
        self._proxies = proxies

    def take(self, request: web.Request, limits: Limits) -> str:
        """Whose ticket it is, as an id that says nothing. Raises Refused."""
        # the address first, so that nobody can have us check signatures without end
        self._limit(limits.addresses, address_key(client_address(request, self._proxies)))
        ticket = self._read(bearer(request) or "")
        self._limit(limits.each, ticket)
        return ticket

    def _read(self, token: str) -> str:
        now = self._clock.wall()
        try:
            join = self._tokens.read_join(token, now)
        except Refused as refused:
            if refused.code != "token_invalid":
                raise
            return self._tokens.read_resume(token, now).jti
        if join.jti in self._revocations:
            raise Refused("token_revoked")
        return join.jti

    def _limit(self, limiter: Limiter, key: str) -> None:
        wait = limiter.take(key, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
