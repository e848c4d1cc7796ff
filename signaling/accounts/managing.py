"""Accounts as administrators manage them: made with an invitation, changed, disabled, unlocked.

Whoever's roles or state change is signed out everywhere, so that no open browser keeps what was taken away.
Not here: many at once from the booking system (`sync.py`).
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from clinic.accounts import Account, Listed
from clinic.errors import Conflict, LastOne, Unknown
from signaling.accounts.cookies import Cookies
from signaling.accounts.inviting import Inviting
from signaling.accounts.messages import (
    AccountAnswer,
    AccountsAnswer,
    AccountsQuery,
    ChangeAccountRequest,
    InvitedAnswer,
    InviteRequest,
    NewAccountRequest,
    Nothing,
)
from signaling.accounts.parts import Parts, email_place, login_place, name_place, roles_of
from signaling.api_access import ApiAccess, Caller
from signaling.bodies import read_json, read_query
from signaling.refusals import Refused
from signaling.staff_roles import STAFF_ROLES, StaffRole


class ManagingApi:
    def __init__(self, parts: Parts, access: ApiAccess, cookies: Cookies, inviting: Inviting) -> None:
        self._parts = parts
        self._accounts = parts.stores.accounts
        self._sessions = parts.stores.sessions
        self._access = access
        self._cookies = cookies
        self._inviting = inviting

    async def find(self, request: web.Request) -> web.Response:
        await self._access.require(request, "manage_accounts")
        asked = read_query(request, AccountsQuery)
        listed = await self._accounts.listed(asked.after, asked.limit + 1)
        page = listed[: asked.limit]
        locked = await self._locked([each.account for each in page])
        answers = [self._answer(each, locked.get(each.account.id)) for each in page]
        more = page[-1].account.id if len(listed) > asked.limit else None
        return web.json_response(text=AccountsAnswer(accounts=answers, next=more).model_dump_json())

    async def show(self, request: web.Request) -> web.Response:
        await self._access.require(request, "manage_accounts")
        return await self._shown(request.match_info["account"])

    async def make(self, request: web.Request) -> web.Response:
        caller = await self._manager(request)
        asked = await read_json(request, NewAccountRequest)
        id = self._parts.new_id()
        roles = in_order(asked.roles)
        account = Account(
            id=id,
            login_hmac=self._parts.lookups.login(asked.login),
            login_sealed=self._parts.sealed.seal(asked.login.strip(), login_place(id)),
            name_sealed=self._parts.sealed.seal(asked.name, name_place(id)),
            email_sealed=self._email(id, asked.email),
            roles=roles,
            external_id=asked.external_id,
            made_at=self._parts.now(),
        )
        await self._parts.audit.record("account.create", "staff", caller.id, subject=id, roles=" ".join(roles))
        try:
            await self._accounts.add(account)
        except Conflict:
            raise Refused("login_taken") from None
        return await self._invited(id, asked.email, status=201)

    async def change(self, request: web.Request) -> web.Response:
        caller = await self._manager(request)
        asked = await read_json(request, ChangeAccountRequest)
        account = await self._known(request)
        values: dict[str, Any] = {}
        if asked.name is not None:
            values["name_sealed"] = self._parts.sealed.seal(asked.name, name_place(account.id))
        if asked.login is not None:
            values["login_hmac"] = self._parts.lookups.login(asked.login)
            values["login_sealed"] = self._parts.sealed.seal(asked.login.strip(), login_place(account.id))
        if "email" in asked.model_fields_set and asked.email != self._parts.email(account):
            values["email_sealed"] = self._email(account.id, asked.email)
        if asked.external_id is not None:
            values["external_id"] = asked.external_id
        if asked.roles is not None and in_order(asked.roles) != roles_of(account):
            values["roles"] = in_order(asked.roles)
        if values:
            what = " ".join(sorted({name.split("_")[0] for name in values}))
            more = {"roles": " ".join(values["roles"])} if "roles" in values else {}
            await self._parts.audit.record("account.change", "staff", caller.id, subject=account.id, what=what, **more)
            await self._set(account, **values)
        if "roles" in values:
            await self._sessions.end_all(account.id)
        return await self._shown(account.id)

    async def disable(self, request: web.Request) -> web.Response:
        caller = await self._manager(request)
        await read_json(request, Nothing)
        account = await self._known(request)
        await self._told(caller, account, "disabled")
        await self._set(account, active=False)
        await self._inviting.withdraw(account.id)
        await self._sessions.end_all(account.id)
        return await self._shown(account.id)

    async def enable(self, request: web.Request) -> web.Response:
        caller = await self._manager(request)
        await read_json(request, Nothing)
        account = await self._known(request)
        await self._told(caller, account, "enabled")
        await self._set(account, active=True)
        return await self._shown(account.id)

    async def invite(self, request: web.Request) -> web.Response:
        """Also for somebody who has forgotten their password: they choose a new one."""
        caller = await self._manager(request)
        asked = await read_json(request, InviteRequest)
        account = await self._known(request)
        if not account.active:
            raise Refused("account_disabled")
        another = asked.email is not None and asked.email != self._parts.email(account)
        await self._told(caller, account, "email invited" if another else "invited")
        if another:
            await self._set(account, email_sealed=self._email(account.id, asked.email))
        return await self._invited(account.id, asked.email)

    async def reset(self, request: web.Request) -> web.Response:
        """Second factors: whoever lost theirs sets up new ones at their next sign-in."""
        caller = await self._manager(request)
        await read_json(request, Nothing)
        account = await self._known(request)
        await self._told(caller, account, "second_factor_reset")
        await self._parts.stores.factors.reset(account.id)
        await self._sessions.end_all(account.id)
        return await self._shown(account.id)

    async def unlock(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "manage_accounts")
        await read_json(request, Nothing)
        account = await self._known(request)
        await self._parts.audit.record("account.lock", "staff", caller.id, subject=account.id, state="unlocked")
        await self._parts.stores.attempts.clear(self._keys(account))
        return await self._shown(account.id)

    async def sign_out(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "manage_accounts")
        await read_json(request, Nothing)
        account = await self._known(request)
        await self._parts.audit.record(
            "account.sign_out", "staff", caller.id, subject=account.id, why="by administrator"
        )
        await self._sessions.end_all(account.id)
        return web.Response(status=204)

    # What they share ---------------------------------------------------------------------------------------------

    async def _manager(self, request: web.Request) -> Caller:
        """Who has shown lately that it is them."""
        caller = await self._access.require(request, "manage_accounts")
        self._cookies.fresh(await self._cookies.signed_in(request))
        return caller

    async def _known(self, request: web.Request) -> Account:
        try:
            return await self._accounts.get(request.match_info["account"])
        except Unknown:
            raise Refused("no_such_account") from None

    async def _set(self, account: Account, **values: Any) -> None:
        try:
            await self._accounts.change(account.id, **values)
        except LastOne:
            raise Refused("last_administrator") from None
        except Conflict:
            raise Refused("login_taken") from None

    async def _told(self, caller: Caller, account: Account, what: str) -> None:
        await self._parts.audit.record("account.change", "staff", caller.id, subject=account.id, what=what)

    async def _invited(self, account: str, email: str | None, status: int = 200) -> web.Response:
        invitation = await self._inviting.invite(account, email)
        answer = InvitedAnswer(
            account=await self._look(account),
            link=None if invitation is None else invitation.link.get_secret_value(),
            expires_at=None if invitation is None else invitation.expires_at,
            sent_to=email if invitation is not None and invitation.mailed else None,
        )
        return web.json_response(text=answer.model_dump_json(), status=status)

    async def _shown(self, account: str) -> web.Response:
        return web.json_response(text=(await self._look(account)).model_dump_json())

    async def _look(self, account: str) -> AccountAnswer:
        try:
            listed = await self._accounts.look(account)
        except Unknown:
            raise Refused("no_such_account") from None
        locked = await self._locked([listed.account])
        return self._answer(listed, locked.get(account))

    async def _locked(self, accounts: list[Account]) -> dict[str, float]:
        keys = {key: each.id for each in accounts for key in self._keys(each)}
        locked: dict[str, float] = {}
        for key, until in (await self._parts.stores.attempts.locked(keys, self._parts.now())).items():
            locked[keys[key]] = max(until, locked.get(keys[key], 0.0))
        return locked

    def _email(self, account: str, email: str | None) -> bytes | None:
        return self._parts.sealed.maybe_seal(email, email_place(account))

    def _keys(self, account: Account) -> tuple[str, str]:
        return account.login_hmac, self._parts.lookups.factor(account.id)

    def _answer(self, listed: Listed, locked_until: float | None) -> AccountAnswer:
        account = listed.account
        invited = listed.invited_until
        return AccountAnswer(
            id=account.id,
            login=self._parts.login(account),
            name=self._parts.name(account),
            email=self._parts.email(account),
            roles=list(roles_of(account)),
            active=account.active,
            external_id=account.external_id,
            made_at=account.made_at,
            signed_in_at=account.signed_in_at,
            invited_until=invited if invited is not None and invited > self._parts.now() else None,
            second_factor=account.totp_sealed is not None or listed.passkeys > 0,
            locked_until=locked_until,
        )


def in_order(roles: list[StaffRole]) -> tuple[StaffRole, ...]:
    """Each once, in the order of the table."""
    return tuple(role for role in STAFF_ROLES if role in roles)
