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
from signaling.tokens import Tokens


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
    ) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._revocations = revocations
        self._nodes = nodes
        self._clock = clock
        self._joins = joins
        self.closed = False
        """The server is going away: nobody comes in any more."""

    async def enter(self, outlet: Outlet, message: Join | Resume, address: str) -> None:
        """Leads the connection to its seat, or to the question of another device. Raises Refused.

        `address` is only a key for the rate limit (`limits.address_key`).
        """
        wait = self._joins.take(address, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        if self.closed:
            raise Refused("restarting")
        now = self._clock.wall()
        if isinstance(message, Join):
            join = self._tokens.read_join(message.token, now)
            if join.jti in self._revocations:
                raise Refused("token_revoked")
            await self._claim(join.room)
            self._sessions.join(outlet, join, message)
        else:
            resume = self._tokens.read_resume(message.token, now)
            await self._claim(resume.room)
            self._sessions.resume(outlet, resume, message)

    async def _claim(self, session: str) -> None:
        if not await self._nodes.claim(session):
            raise Refused("other_node")
