"""Accounts of staff, put together: what signs in, who may ask for records, and keys of the clinic's software.

Not here: what any of it does (`signaling/accounts`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import aiohttp
from pydantic import SecretStr

from clinic import Database
from signaling import keys
from signaling.accounts.api_keys import ApiKeysApi
from signaling.accounts.cookies import Cookies
from signaling.accounts.emergency import EmergencyApi
from signaling.accounts.inviting import Inviting, Mails
from signaling.accounts.lockout import Lockout
from signaling.accounts.lookups import Lookups
from signaling.accounts.managing import ManagingApi
from signaling.accounts.messages import SignOnWay
from signaling.accounts.parts import Parts, StaffRules, Stores
from signaling.accounts.passkeys import Passkeys
from signaling.accounts.passwords import Passwords
from signaling.accounts.routes import accounts_routes
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.security import SecurityApi
from signaling.accounts.sign_in import SignInApi
from signaling.accounts.sign_on import Provider, SignOn, is_safe
from signaling.accounts.sign_on_api import SignOnApi
from signaling.accounts.sync import SyncApi
from signaling.api_access import ApiAccess
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.headers import Network
from signaling.ids import new_id, new_secret
from signaling.key_ring import KeyRing
from signaling.limits import Limiter
from signaling.route import Route
from signaling.sealed_columns import SealedColumns
from signaling.told_door import Used
from therabook.settings import BadSettings, Settings

TRIES_PER_MINUTE = 120
"""Requests from one address by whoever has not signed in. Wrong passwords are counted elsewhere, and far fewer."""


class Staff:
    def __init__(
        self,
        settings: Settings,
        store: Database,
        audit: Audit,
        clock: Clock,
        http: aiohttp.ClientSession,
        api_key: SecretStr,
        proxies: Sequence[Network],
        used: Used,
    ) -> None:
        """`used`: is told from where sessions are used. Raises BadSettings, signaling.keys.BadKey."""
        self._settings = settings
        self._store = store
        self._http = http
        self._parts = parts(settings, store, audit, clock, proxies)
        self.cookies = Cookies(self._parts, used)
        self.ring = KeyRing(api_key, self._parts.stores.keys, clock)
        a_minute = settings.staff_requests_per_minute
        self.access = ApiAccess(
            ring=self.ring,
            staff=self.cookies,
            audit=audit,
            clock=clock,
            refused=Limiter(settings.tokens_per_minute / 60, settings.tokens_per_minute),
            asked=Limiter(a_minute / 60, a_minute),
            proxies=proxies,
        )

    def routes(self, mails: Mails) -> list[Route]:
        settings, parts, cookies, access = self._settings, self._parts, self.cookies, self.access
        factors, passkeys = SecondFactors(parts), Passkeys(parts)
        emergencies = EmergencyApi(parts, access)
        sign_on, inviting = self._sign_on(), Inviting(parts, self._store, mails)
        enough = settings.staff_oidc_second_factor == "provider"
        return accounts_routes(
            SignInApi(
                parts,
                cookies,
                factors,
                passkeys,
                setup_token=lambda: keys.setup_token(settings.data_dir),
                set_up=lambda: keys.setup_token_path(settings.data_dir).unlink(missing_ok=True),
                sign_on=None if sign_on is None else SignOnWay(name=settings.staff_oidc_name),
            ),
            SignOnApi(parts, cookies, factors, sign_on, enough=enough),
            SecurityApi(parts, cookies, factors, passkeys, emergencies),
            ManagingApi(parts, access, cookies, inviting),
            ApiKeysApi(parts, access, cookies),
            emergencies,
            SyncApi(parts, access, inviting),
        )

    async def setup_token(self) -> SecretStr | None:
        """The one with which the first administrator is made, while there is none. Raises clinic.ClinicError."""
        if await self._parts.stores.accounts.is_set_up():
            return None
        return keys.setup_token(self._settings.data_dir)

    def close(self) -> None:
        self._parts.passwords.close()

    def _sign_on(self) -> SignOn | None:
        issuer, client = self._settings.staff_oidc_issuer, self._settings.staff_oidc_client_id
        if issuer is None or client is None:
            return None
        if not is_safe(issuer, issuer):
            raise BadSettings("staff_oidc_issuer: must begin with https://, unless it is on this machine")
        secret = self._settings.staff_oidc_client_secret
        return SignOn(Provider(issuer, client, secret, self._settings.staff_oidc_name), self._http)


def parts(settings: Settings, store: Database, audit: Audit, clock: Clock, proxies: Sequence[Network]) -> Parts:
    """Raises signaling.keys.BadKey."""
    key = keys.records_key(settings.data_dir)
    stores, lookups = Stores(store), Lookups(key)
    return Parts(
        stores=stores,
        rules=StaffRules(
            brand=settings.brand_name,
            second_factor=settings.staff_second_factor == "required",
            passwords=settings.staff_passwords,
            idle=settings.staff_idle_minutes * 60.0,
            longest=settings.staff_session_hours * 3600.0,
            invitation=settings.staff_invitation_hours * 3600.0,
            emergency=settings.staff_emergency_minutes * 60.0,
            sync_administrators=settings.staff_sync_administrators,
            public_url=settings.public_url,
        ),
        passwords=Passwords(settings.staff_password_memory, os.urandom),
        lookups=lookups,
        lockout=Lockout(stores.attempts, lookups, audit, clock),
        sealed=SealedColumns(key, os.urandom),
        audit=audit,
        clock=clock,
        entropy=os.urandom,
        new_id=new_id,
        new_secret=new_secret,
        limit=Limiter(TRIES_PER_MINUTE / 60, TRIES_PER_MINUTE),
        proxies=proxies,
    )
