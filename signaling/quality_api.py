"""The report of a session's quality over HTTP, for the clinic's own servers: with an API key.

It names people by their seats. Whoever wants to know who that was compares the times with their own records.
Not here: what the figures mean (`quality_figures.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from clinic import BadValue, ClinicError, Quality
from signaling.bodies import read_query
from signaling.clock import Clock
from signaling.headers import Network, client_address
from signaling.key_ring import KeyRing
from signaling.limits import Limiter, address_key
from signaling.quality_figures import Connection
from signaling.quality_keeper import QualityKeeper
from signaling.quality_watch import KEEP_EVERY
from signaling.refusals import Refused
from signaling.route import Route
from signaling.tokens import SessionId

PRESENT_FOR = 3 * KEEP_EVERY
"""Seconds after which somebody of whom nothing more was kept is not there any more: the server was killed."""

REFUSALS = ("bad_request", "unauthorized", "not_found", "too_many_requests", "records_unavailable")

_session_ids: TypeAdapter[str] = TypeAdapter(SessionId)


class QualityQuery(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    since: float | None = None
    until: float | None = None
    """Those who came in [since, until), seconds since 1970: a session that is held each week has many."""


class PersonQualityAnswer(BaseModel):
    """One person, from their coming to their going."""

    person: str
    """Their seat in the session; says nothing about who it is."""
    role: str
    came_at: float
    """Seconds since 1970, as all times."""
    gone_at: float | None
    state: Literal["present", "gone", "interrupted"]
    """`interrupted`: the server was stopped while they were there, and this is what it knew until `known_until`."""
    gone: str | None
    """Why they went: left, removed, declined, ended, expired, lost, fault."""
    known_until: float
    connected: bool
    """Whether a media connection ever came about."""
    failure: str | None
    """If it did not: silent or timeout (nothing gets through), dtls_failed, closed, fault, unfinished."""
    quality: Connection


class SessionQualityAnswer(BaseModel):
    session: str
    people: list[PersonQualityAnswer]
    """In the order in which they came; of very many the newest. Whoever came again is there again."""


class QualityApi:
    def __init__(
        self,
        *,
        keeper: QualityKeeper,
        ring: KeyRing,
        clock: Clock,
        limit: Limiter,
        proxies: Sequence[Network],
    ) -> None:
        """`limit`: questions, and refused attempts."""
        self._keeper = keeper
        self._ring = ring
        self._clock = clock
        self._limit = limit
        self._proxies = proxies

    def routes(self) -> list[Route]:
        return [
            Route(
                "GET",
                "/api/sessions/{session}/quality",
                self.report,
                "How each person's connection was in a session.",
                SessionQualityAnswer,
                "quality",
                description="For the clinic's servers; also while the session goes on. Empty for one that nobody came "
                "to, or that is older than what is kept.",
                refusals=REFUSALS,
                api_key=True,
                query=QualityQuery,
                parameters={"session": "The session's id (`room_id`)."},
            )
        ]

    async def report(self, request: web.Request) -> web.Response:
        await self._authorise(request)
        asked = read_query(request, QualityQuery)
        try:
            session = _session_ids.validate_python(request.match_info["session"])
        except ValidationError:
            raise Refused("not_found") from None
        try:
            records = await self._keeper.report(session, asked.since, asked.until)
        except BadValue as error:
            raise Refused("bad_request", f"This cannot be asked: {error}.") from None
        except ClinicError:
            raise Refused("records_unavailable", retry_after=30.0) from None
        now = self._clock.wall()
        answer = SessionQualityAnswer(session=session, people=[answer_of(record, now) for record in records])
        return web.json_response(text=answer.model_dump_json())

    async def _authorise(self, request: web.Request) -> None:
        """Raises Refused."""
        key = await self._ring.holds(request, "quality")
        known = key is not None
        caller = f"key {key}" if known else f"refused {address_key(client_address(request, self._proxies))}"
        wait = self._limit.take(caller, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        if not known:
            raise Refused("unauthorized")


def answer_of(record: Quality, now: float) -> PersonQualityAnswer:
    """A record, as it is told. `now` in seconds since 1970."""
    silent = now - record.kept_at > PRESENT_FOR
    return PersonQualityAnswer(
        person=record.person_id,
        role=record.role,
        came_at=record.came_at,
        gone_at=record.gone_at,
        state="gone" if record.gone_at is not None else "interrupted" if silent else "present",
        gone=record.gone,
        known_until=record.kept_at,
        connected=record.connected,
        failure=record.failure,
        quality=Connection.model_validate(dict(record.figures)),
    )
