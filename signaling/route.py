"""A route: what the server answers at one address, in a form from which both the app and the OpenAPI document are made.

The table of them is `routes.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

from signaling.staff_roles import StaffAction

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    handler: Handler
    summary: str
    answer: type[BaseModel] | str | None
    """The JSON model of the answer, or its media type; None: no body."""
    tag: str
    description: str = ""
    status: int = 200
    request: type[BaseModel] | None = None
    refusals: tuple[str, ...] = ()
    """Codes that this route answers with, besides `internal`."""
    api_key: bool = False
    keeper: bool = False
    """Needs the cookie of the recordings page, or a token for recordings."""
    ticket: bool = False
    """Needs the token of a link into a session, or the one with which somebody comes back."""
    staff: StaffAction | None = None
    """Needs somebody signed in whose role allows this, or a key whose scope does (`staff_roles.py`)."""
    own: bool = False
    """With `staff`: also for what is one's own."""
    query: type[BaseModel] | None = None
    """What may stand behind the path's `?`."""
    also: tuple[str, ...] = ()
    """Other media types in which the same is answered, if `format` in the query says so."""
    form: bool = False
    """`request` may also come as a form."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The path's parameters with what they mean."""


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    for route in routes:
        # aiohttp's own HEAD for each GET stays on: load balancers and link checkers use it.
        if route.method == "GET":
            app.router.add_get(route.path, route.handler)
        else:
            app.router.add_route(route.method, route.path, route.handler)
