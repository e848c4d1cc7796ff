"""Who asks over HTTP for the clinic's records, and whether they may: somebody signed in, or a key of its software.

Every route of these records begins with `ApiAccess.require`. Not here: how somebody signs in, how keys are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from pydantic import SecretStr

from signaling.api import is_key
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.headers import Network, client_address
from signaling.limits import Limiter, address_key
from signaling.refusals import Refused
from signaling.staff_roles import SCOPE_ACTIONS, SCOPES, STAFF_PERMISSIONS, Scope, StaffAction, StaffRole


@dataclass(frozen=True)
class Caller:
    """Somebody whose cookie or key was checked."""

    kind: Literal["staff", "key"]
    id: str
    """The account's id, or the key's: what the audit log says."""
    role: StaffRole | None = None
    scopes: frozenset[Scope] = frozenset()
    own_only: bool = False
    """They asked for what only `own_day` allows them: what is their own, and nothing else."""
    emergency: bool = False
    """By emergency access: their role alone would not do."""

    def may(self, action: StaffAction) -> bool:
        if self.role is not None:
            return action in STAFF_PERMISSIONS[self.role] or self.emergency
        return any(action in SCOPE_ACTIONS[scope] for scope in self.scopes)

    def owns(self, account: str | None) -> bool:
        """Whether what belongs to this account exists for them."""
        return not self.own_only or account == self.id


class ApiAccess:
    def __init__(
        self, *, api_key: SecretStr, audit: Audit, clock: Clock, limit: Limiter, proxies: Sequence[Network]
    ) -> None:
        self._api_key = api_key
        self._audit = audit
        self._clock = clock
        self._limit = limit
        self._proxies = proxies

    async def require(self, request: web.Request, action: StaffAction, *, own: bool = False) -> Caller:
        """Who asks, if they may do this; with `own`, also who may do it with what is theirs (`own_day`).

        Raises Refused: `unauthorized`, `sign_in_needed`, `not_allowed`, `wrong_origin`, `too_many_requests`.
        """
        if not is_key(request, self._api_key):
            address = address_key(client_address(request, self._proxies))
            wait = self._limit.take(f"refused {address}", self._clock.steady())
            if wait > 0:
                raise Refused("too_many_requests", retry_after=wait)
            raise Refused("unauthorized")
        return Caller("key", "settings", scopes=SCOPES)
