"""The entrance: reads the first message of a connection and decides whether it leads into a session.

Checks the rate, the token and its revocation, and that this node holds the session. Who then enters and who waits is
the room's decision.
"""

from __future__ import annotations

from signaling.clock import Clock
from signaling.limits import Limiter
from signaling.messages import Join, Resume
from signaling.nodes import Nodes
from signaling.outlet import Outlet
from signaling.refusals import Refused
from signaling.revocations import Revocations
from signaling.sessions import Sessions
from signaling.tokens import ResumeClaims, Tokens
from signaling.told_door import Came, ToldDoor


class Entrance:
    def __init__(
        self,
        *,
        sessions: Sessions,
        tokens: Tokens,
        revocations: Revocations,
        nodes: Nodes,
        clock: Clock,
        joins: Limiter,
        told: ToldDoor,
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._revocations = revocations
        self._nodes = nodes
        self._clock = clock
        self._joins = joins
        self._told = told
        self.closed = False
        """The server is going away: nobody comes in any more."""

    async def enter(self, outlet: Outlet, message: Join | Resume, address: str) -> None:
        """Leads the connection to its seat, or to the question of another device. Raises Refused.

        `address` is only a key for the rate limit (`limits.address_key`), and for the question whether a token is used
        in two places.
        """
        known: list[Came] = []
        try:
            await self._enter(outlet, message, address, known)
        except Refused as refused:
            self._told.refused("call.refuse", refused.code, known[0] if known else None)
            raise

    async def _enter(self, outlet: Outlet, message: Join | Resume, address: str, known: list[Came]) -> None:
        """Says in `known` who it is, as soon as a token has."""
        wait = self._joins.take(address, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        if self.closed:
            raise Refused("restarting")
        now = self._clock.wall()
        if isinstance(message, Join):
            join = self._tokens.read_join(message.token, now)
            known.append(Came(join.jti, join.sub, join.role, join.room))
            if join.jti in self._revocations:
                raise Refused("token_revoked")
            self._told.came(known[0], address)
            await self._claim(join.room)
            self._sessions.join(outlet, join, message)
        else:
            resume = self._tokens.read_resume(message.token, now)
            known.append(_who_comes_back(resume))
            await self._claim(resume.room)
            self._sessions.resume(outlet, resume, message)

    async def _claim(self, session: str) -> None:
        if not await self._nodes.claim(session):
            raise Refused("other_node")


def _who_comes_back(claims: ResumeClaims) -> Came:
    """By their seat's number, where their token does not say yet where they sit."""
    if claims.seat is None:
        return Came("", claims.sub, "", claims.room)
    return Came(claims.seat.link, claims.seat.identity, claims.seat.role, claims.room)
