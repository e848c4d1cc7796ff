"""Who asks over HTTP for the clinic's records, and whether they may: somebody signed in, or a key of its software.

Every route of these records begins with `ApiAccess.require`. What is refused to somebody who is known is in the audit
log. Not here: how somebody signs in (`accounts/sign_in.py`), how keys are made (`accounts/api_keys.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import structlog
from aiohttp import web

from clinic import ClinicError
from clinic.accounts.sessions import Found
from signaling.accounts.parts import roles_of
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.headers import Network, bearer, client_address
from signaling.key_ring import KeyRing
from signaling.limits import Limiter, address_key
from signaling.refusals import Refused
from signaling.staff_roles import EMERGENCY_ACTIONS, SCOPE_ACTIONS, Scope, StaffAction, StaffRole, actions_of

log = structlog.get_logger("access")

GUARDED = (
    "unauthorized",
    "sign_in_needed",
    "second_factor_needed",
    "enrol_needed",
    "not_allowed",
    "wrong_origin",
    "too_many_requests",
    "records_unavailable",
    "audit_unavailable",
)
"""What a route may be refused with that begins with `ApiAccess.require`, and tells the audit log before it answers."""


class SignedIn(Protocol):
    """Whoever knows the cookies."""

    async def signed_in(self, request: web.Request) -> Found:
        """Raises Refused: `sign_in_needed`, `wrong_origin`, `second_factor_needed`, `enrol_needed`."""


@dataclass(frozen=True)
class Caller:
    """Somebody whose cookie or key was checked."""

    kind: Literal["staff", "key"]
    id: str
    """The account's id, or the key's: what the audit log says."""
    roles: tuple[StaffRole, ...] = ()
    scopes: frozenset[Scope] = frozenset()
    own_only: bool = False
    """They asked for what only `own_day` allows them: what is their own, and nothing else."""
    emergency: bool = False
    """They have emergency access at the moment: more than their roles alone allow."""
    expires_at: float | None = None
    """When they have to sign in again."""

    def may(self, action: StaffAction) -> bool:
        return action in self.actions() or (self.emergency and action in EMERGENCY_ACTIONS)

    def owns(self, account: str | None) -> bool:
        """Whether what belongs to this account exists for them."""
        return not self.own_only or account == self.id

    def actions(self) -> frozenset[StaffAction]:
        """What all roles, or scopes, together allow."""
        return actions_of(self.roles).union(*(SCOPE_ACTIONS[scope] for scope in self.scopes))


class ApiAccess:
    def __init__(
        self,
        *,
        ring: KeyRing,
        staff: SignedIn,
        audit: Audit,
        clock: Clock,
        refused: Limiter,
        asked: Limiter,
        proxies: Sequence[Network],
    ) -> None:
        """`refused`: requests that nobody known has made, by address. `asked`: those of one account or key."""
        self._ring = ring
        self._staff = staff
        self._audit = audit
        self._clock = clock
        self._refused = refused
        self._asked = asked
        self._proxies = proxies

    async def require(self, request: web.Request, action: StaffAction, *, own: bool = False) -> Caller:
        """Who asks, if they may do this; with `own`, also who may do it with what is theirs (`own_day`).

        Raises Refused: `unauthorized`, `sign_in_needed`, `second_factor_needed`, `enrol_needed`, `not_allowed`,
        `wrong_origin`, `too_many_requests`, `records_unavailable`.
        """
        caller = await self._known(request)
        if caller.may(action):
            return caller
        if own and caller.may("own_day"):
            return replace(caller, own_only=True)
        self._audit.told("access.refuse", caller.kind, caller.id, action=action)
        raise Refused("not_allowed")

    async def _known(self, request: web.Request) -> Caller:
        try:
            if bearer(request) is not None:
                caller = await self._with_key(request)
            else:
                found = await self._staff.signed_in(request)
                caller = Caller(
                    "staff",
                    found.account.id,
                    roles=roles_of(found.account),
                    emergency=found.emergency is not None,
                    expires_at=found.session.expires_at,
                )
        except Refused as refused:
            if refused.code in ("unauthorized", "sign_in_needed"):
                address = address_key(client_address(request, self._proxies))
                self._slow_down(self._refused, f"refused {address}")
            raise
        except ClinicError as error:
            log.error("the records cannot be reached", error_type=type(error).__name__)
            raise Refused("records_unavailable", retry_after=30.0) from None
        self._slow_down(self._asked, f"{caller.kind} {caller.id}")
        return caller

    async def _with_key(self, request: web.Request) -> Caller:
        key = await self._ring.key(request)
        if key is None:
            raise Refused("unauthorized")
        return Caller("key", key.id, scopes=key.scopes)

    def _slow_down(self, limit: Limiter, key: str) -> None:
        wait = limit.take(key, self._clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)
