"""`POST /api/ice`: TURN servers and a short-lived credential for them, for whoever may come to a session.

Not here: what a credential is (`turn.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from pydantic import BaseModel

from signaling.clock import Clock
from signaling.tickets import Limits, Rate, Tickets
from signaling.turn import LIFETIME, TurnServers

EACH = Rate(per_second=0.2, burst=12)
"""Of one ticket. A client asks once, and once more when its way is lost; reloads and the check page ask too."""

ADDRESS = Rate(per_second=4.0, burst=240)
"""Of one address, behind which a whole clinic may be that comes back after a restart."""


class IceServer(BaseModel):
    """As `RTCIceServer` wants it."""

    urls: list[str]
    username: str
    credential: str


class IceAnswer(BaseModel):
    ice_servers: list[IceServer]
    """Empty where the clinic has no TURN server."""
    seconds: int
    """In which they can be used for something new. What was begun goes on."""


class IceApi:
    def __init__(self, *, turn: TurnServers, tickets: Tickets, clock: Clock, new_id: Callable[[], str]) -> None:
        self._turn = turn
        self._tickets = tickets
        self._clock = clock
        self._new_id = new_id
        self._limits = Limits(each=EACH, address=ADDRESS)

    async def issue(self, request: web.Request) -> web.Response:
        self._tickets.take(request, self._limits)
        servers = []
        if self._turn:
            credential = self._turn.credential(self._clock.wall(), self._new_id)
            servers.append(
                IceServer(urls=list(self._turn.urls), username=credential.username, credential=credential.password)
            )
        answer = IceAnswer(ice_servers=servers, seconds=LIFETIME)
        return web.json_response(text=answer.model_dump_json())
