"""What the handlers of accounts share: stores, keys, clocks, chance, and the clinic's rules.

Not here: any rule (`lockout.py`, `factors.py`), any answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from clinic import Database
from clinic.accounts import (
    Account,
    Accounts,
    ApiKeys,
    Attempts,
    Challenges,
    Emergencies,
    Factors,
    StaffSessions,
)
from signaling.accounts.lockout import Lockout
from signaling.accounts.lookups import Lookups
from signaling.accounts.passwords import Passwords
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.headers import Network, client_address
from signaling.limits import Limiter, address_key
from signaling.refusals import Refused
from signaling.sealed_columns import SealedColumns
from signaling.staff_roles import STAFF_ROLES, StaffRole


@dataclass(frozen=True)
class StaffRules:
    """What the clinic has set."""

    brand: str = "TheraBook Video"
    second_factor: bool = True
    """Whether everybody must have one."""
    passwords: bool = True
    """Whether people sign in by password or passkey, or only by single sign-on."""
    idle: float = 15 * 60.0
    longest: float = 12 * 3600.0
    """Seconds until somebody is signed out who does nothing, and who works on."""
    invitation: float = 3 * 24 * 3600.0
    emergency: float = 30 * 60.0
    sync_administrators: bool = False
    """Whether the booking system may make administrators and auditors."""
    public_url: str | None = None


class Stores:
    def __init__(self, database: Database) -> None:
        self.accounts = Accounts(database)
        self.sessions = StaffSessions(database)
        self.factors = Factors(database)
        self.attempts = Attempts(database)
        self.challenges = Challenges(database)
        self.keys = ApiKeys(database)
        self.emergencies = Emergencies(database)


@dataclass(frozen=True)
class Parts:
    stores: Stores
    rules: StaffRules
    passwords: Passwords
    lookups: Lookups
    lockout: Lockout
    sealed: SealedColumns
    audit: Audit
    clock: Clock
    entropy: Callable[[int], bytes]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    limit: Limiter
    """Of requests by whoever has not signed in, by address."""
    proxies: Sequence[Network]

    def now(self) -> float:
        return self.clock.wall()

    def address(self, request: web.Request) -> str:
        return address_key(client_address(request, self.proxies))

    def slow_down(self, request: web.Request) -> None:
        """For what anybody may ask. Raises Refused: `too_many_requests`."""
        wait = self.limit.take(self.address(request), self.clock.steady())
        if wait > 0:
            raise Refused("too_many_requests", retry_after=wait)

    def login(self, account: Account) -> str:
        return self.sealed.open(account.login_sealed, login_place(account.id))

    def name(self, account: Account) -> str:
        return self.sealed.open(account.name_sealed, name_place(account.id))

    def email(self, account: Account) -> str | None:
        return self.sealed.maybe_open(account.email_sealed, email_place(account.id))


def login_place(account: str) -> str:
    return f"account.login/{account}"


def name_place(account: str) -> str:
    return f"account.name/{account}"


def email_place(account: str) -> str:
    return f"account.email/{account}"


def roles_of(account: Account) -> tuple[StaffRole, ...]:
    """In the order of the table; what an older or a newer version knows is left out."""
    return tuple(role for role in STAFF_ROLES if role in account.roles)
