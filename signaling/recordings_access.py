"""The way to recordings: tokens for them, the cookie that a page gets in exchange for one, and what each role may.

A page sends its token once, in a header, and has a cookie from then on, which no script can read and which other sites'
pages cannot use; so that a player can ask by itself, and no token ever stands in an address. Programs send the token
each time. Who is signed in as staff needs no token. Not here: recordings (`recordings_api.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from clinic.audit.events import ActorKind
from signaling.accounts.cookies import COOKIE as STAFF_COOKIE
from signaling.api_access import ApiAccess
from signaling.audit_port import Audit
from signaling.bodies import read_json
from signaling.clock import Clock
from signaling.headers import LOCALHOST, Network, bare_host, bearer, client_address, from_own_page
from signaling.key_ring import KeyRing
from signaling.limits import Limiter, address_key
from signaling.refusals import Refused
from signaling.roles import KEEPER_PERMISSIONS, Keeper, KeeperAction
from signaling.staff_roles import StaffRole
from signaling.tokens import RecordingsClaims, SessionId, Tokens, UserId
from signaling.told_door import Came, ToldDoor

COOKIE = "therabook-recordings"
COOKIE_PATH = "/api/recordings"

LIFETIME = 12 * 3600
"""Seconds for which a token is good, unless asked otherwise: a working day."""

LONGEST_LIFETIME = 7 * 24 * 3600

KEEPERS: tuple[tuple[StaffRole, Keeper], ...] = (
    ("administrator", "administrator"),
    ("supervisor", "supervisor"),
    ("therapist", "therapist"),
)
"""What somebody signed in is to recordings: the first of their roles that stands here. Other roles see none."""

IN_AN_EMERGENCY: frozenset[KeeperAction] = frozenset({"list", "play"})

OwnSessions = Callable[[str], Awaitable[frozenset[str]]]
"""An account's id -> the sessions that they held."""


class RecordingsTokenRequest(BaseModel):
    """For whom a token is. The clinic's server has decided the role."""

    model_config = ConfigDict(strict=True, extra="forbid")

    user_id: UserId
    """Who it is, in the clinic's own words: kept with what they watch and do."""
    role: Keeper
    room_id: SessionId | None = None
    """Recordings of this session only; left out, of all sessions."""
    expires_in: Annotated[int, Field(ge=60, le=LONGEST_LIFETIME)] | None = None
    """Seconds. Default: twelve hours."""


class RecordingsTokenAnswer(BaseModel):
    token: str
    user_id: str
    role: Keeper
    room_id: str | None
    expires_at: int
    """Seconds since 1970."""


class KeeperAnswer(BaseModel):
    """Who asks, and what they may."""

    who: str
    role: Keeper
    room: str | None
    may: list[KeeperAction]
    sealed: bool
    """The server cannot open what it keeps: whoever has the clinic's secret key does that elsewhere."""
    expires_at: int


@dataclass(frozen=True)
class Visitor:
    """Somebody whose token was checked."""

    who: str
    role: Keeper
    room: str | None
    expires_at: int
    own: frozenset[str] | None = None
    """If given, recordings of these sessions only: a therapist's own."""
    emergency: bool = False
    """They see what they see by emergency access, and change nothing."""
    kind: ActorKind = "link"
    """`staff`: somebody signed in. `link`: whoever holds a token."""

    @property
    def came(self) -> Came:
        return Came("", self.who, self.role, self.room)

    def may(self, action: KeeperAction) -> bool:
        return action in KEEPER_PERMISSIONS[self.role] and (not self.emergency or action in IN_AN_EMERGENCY)

    def sees(self, session: str) -> bool:
        """Whether recordings of this session exist for them at all."""
        return (self.room is None or self.room == session) and (self.own is None or session in self.own)


class RecordingsAccess:
    def __init__(
        self,
        *,
        tokens: Tokens,
        ring: KeyRing,
        staff: ApiAccess,
        clock: Clock,
        limit: Limiter,
        proxies: Sequence[Network],
        new_id: Callable[[], str],
        sealed: bool,
        audit: Audit,
        told: ToldDoor,
    ) -> None:
        """`limit`: tokens asked for, and refused attempts to sign in."""
        self._tokens = tokens
        self._ring = ring
        self._staff = staff
        self.own_sessions: OwnSessions = _none
        self._clock = clock
        self._limit = limit
        self._proxies = proxies
        self._new_id = new_id
        self._sealed = sealed
        self._audit = audit
        self._told = told

    # What the server answers ------------------------------------------------------------------------------------

    async def issue(self, request: web.Request) -> web.Response:
        """With an API key only, in the demonstration too."""
        key = await self._ring.holds(request, "tokens")
        if key is None:
            self._count_refusal(request)
            self._told.refused("access.refuse", "unauthorized", what="token")
            raise Refused("unauthorized")
        wait = self._limit.take(f"key {key}", self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
        asked = await read_json(request, RecordingsTokenRequest)
        now = self._clock.wall()
        expires = int(now + (asked.expires_in or LIFETIME))
        claims = RecordingsClaims(
            jti=self._new_id(), exp=expires, sub=asked.user_id, role=asked.role, room=asked.room_id
        )
        await self._audit.record(
            "token.issue",
            "key",
            key,
            session=asked.room_id,
            subject=claims.jti,
            what="recordings",
            role=asked.role,
            whose=asked.user_id,
        )
        answer = RecordingsTokenAnswer(
            token=self._tokens.sign(claims, now),
            user_id=asked.user_id,
            role=asked.role,
            room_id=asked.room_id,
            expires_at=expires,
        )
        return web.json_response(text=answer.model_dump_json())

    async def sign_in(self, request: web.Request) -> web.Response:
        """The cookie is the token, for as long as the browser is open and the token good."""
        if not from_own_page(request):
            raise Refused("wrong_origin")
        token = bearer(request)
        claims = self._read(request, token)
        await self._audit.record(
            "account.sign_in", "link", claims.sub, session=claims.room, subject=claims.jti, how="recordings"
        )
        response = web.Response(status=204)
        plain = not request.secure and bare_host(request.host) in LOCALHOST
        response.set_cookie(
            COOKIE, token or "", path=COOKIE_PATH, httponly=True, samesite="Strict", secure=None if plain else True
        )
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """Whoever it is: nothing is asked of a cookie that has expired."""
        if not from_own_page(request):
            raise Refused("wrong_origin")
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="Strict")
        return response

    async def me(self, request: web.Request) -> web.Response:
        visitor = await self.visitor(request, None)
        answer = KeeperAnswer(
            who=visitor.who,
            role=visitor.role,
            room=visitor.room,
            may=sorted(action for action in KEEPER_PERMISSIONS[visitor.role] if visitor.may(action)),
            sealed=self._sealed,
            expires_at=visitor.expires_at,
        )
        return web.json_response(text=answer.model_dump_json())

    # For the others ----------------------------------------------------------------------------------------------

    async def visitor(self, request: web.Request, action: KeeperAction | None) -> Visitor:
        """Who asks, if they may do this; `None`: whatever they may. Raises Refused."""
        token = bearer(request)
        if token is None:
            token = request.cookies.get(COOKIE)
            if STAFF_COOKIE in request.cookies and (token is None or self._has_expired(token)):
                return await self._signed_in(request, action)
            # Only a browser sends a cookie, and it would for a page of another site that shares ours, too.
            if token is not None and request.method not in ("GET", "HEAD") and not from_own_page(request):
                raise Refused("wrong_origin")
            claims = self._read_cookie(token)
        else:
            claims = self._read(request, token)
        self._told.came(_came(claims), address_key(client_address(request, self._proxies)))
        visitor = Visitor(claims.sub, claims.role, claims.room, claims.exp)
        if action is not None:
            self.require(visitor, action)
        return visitor

    async def _signed_in(self, request: web.Request, action: KeeperAction | None) -> Visitor:
        caller = await self._staff.require(request, "read_recordings")
        role = next((keeper for staff, keeper in KEEPERS if staff in caller.roles), None)
        expires = int(caller.expires_at or self._clock.wall())
        if caller.emergency and role in (None, "therapist"):
            visitor = Visitor(caller.id, "therapist", None, expires, emergency=True, kind="staff")
        elif role is not None:
            own = await self.own_sessions(caller.id) if role == "therapist" else None
            visitor = Visitor(caller.id, role, None, expires, own, kind="staff")
        else:
            raise Refused("not_allowed")
        if action is not None:
            self.require(visitor, action)
        return visitor

    def _has_expired(self, token: str) -> bool:
        try:
            self._check(token)
        except Refused:
            return True
        return False

    def require(self, visitor: Visitor, action: KeeperAction) -> None:
        """Raises Refused: `not_allowed`, and the audit log is told who has tried."""
        if not visitor.may(action):
            self._told.refused("access.refuse", "not_allowed", visitor.came, what=action, role=visitor.role)
            raise Refused("not_allowed")

    def _read(self, request: web.Request, token: str | None) -> RecordingsClaims:
        """As `_check`; who tries too often is told to wait."""
        try:
            return self._check(token)
        except Refused as refused:
            self._count_refusal(request)
            self._told.refused("account.fail", refused.code, how="recordings")
            raise

    def _read_cookie(self, token: str | None) -> RecordingsClaims:
        """As `_check`. One that has expired, or is not there, is nobody's attempt at anything."""
        try:
            return self._check(token)
        except Refused as refused:
            if refused.code == "token_invalid":
                self._told.refused("account.fail", refused.code, how="recordings")
            raise

    def _check(self, token: str | None) -> RecordingsClaims:
        if not token:
            raise Refused("sign_in_needed")
        return self._tokens.read_recordings(token, self._clock.wall())

    def _count_refusal(self, request: web.Request) -> None:
        address = address_key(client_address(request, self._proxies))
        wait = self._limit.take(f"refused {address}", self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)


def _came(claims: RecordingsClaims) -> Came:
    return Came(claims.jti, claims.sub, claims.role, claims.room, returns=1)


async def _none(account: str) -> frozenset[str]:
    """While nobody knows who held which session, it is nobody's own."""
    return frozenset()
