"""Signing in: set-up of the first administrator, by password and second factor, by passkey, by invitation; and out.

Answers and work are the same for names that exist and names that do not. Not here: single sign-on (`sign_on_api.py`),
what people change of their own (`security.py`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, SecretStr

from clinic.accounts import Account
from clinic.accounts.records import Stage
from clinic.accounts.sessions import Found
from clinic.errors import Conflict, Unknown
from signaling.accounts.cookies import COOKIE, Cookies, clear_cookie
from signaling.accounts.lookups import digest
from signaling.accounts.messages import (
    AcceptRequest,
    CodeRequest,
    InvitationAnswer,
    InvitationRequest,
    Nothing,
    PasskeyProof,
    SetupRequest,
    SignInAnswer,
    SignInRequest,
    SignOnWay,
    StateAnswer,
    Way,
)
from signaling.accounts.parts import Parts, login_place, name_place, roles_of
from signaling.accounts.passkeys import Passkeys, Purpose
from signaling.accounts.passwords import SHORTEST, check_strength
from signaling.accounts.second_factors import SecondFactors
from signaling.bodies import read_json
from signaling.headers import from_own_page
from signaling.refusals import Refused

NOBODY = "unknown"
"""In the audit log, for a name that nobody has: not even a digest of it, for people type passwords there."""

M = TypeVar("M", bound=BaseModel)


class SignInApi:
    def __init__(
        self,
        parts: Parts,
        cookies: Cookies,
        factors: SecondFactors,
        passkeys: Passkeys,
        setup_token: Callable[[], SecretStr],
        set_up: Callable[[], None],
        sign_on: SignOnWay | None,
    ) -> None:
        """`setup_token`: the operator's; `set_up`: is called when it has served."""
        self._parts = parts
        self._accounts = parts.stores.accounts
        self._cookies = cookies
        self._factors = factors
        self._passkeys = passkeys
        self._setup_token = setup_token
        self._set_up = set_up
        self._sign_on = sign_on

    async def state(self, request: web.Request) -> web.Response:
        answer = StateAnswer(
            needs_setup=not await self._accounts.is_set_up(),
            password=self._parts.rules.passwords,
            sign_on=self._sign_on,
            second_factor="required" if self._parts.rules.second_factor else "optional",
            shortest_password=SHORTEST,
        )
        return web.json_response(text=answer.model_dump_json())

    async def setup(self, request: web.Request) -> web.Response:
        """The first administrator, for whoever has the operator's token."""
        asked = await self._asked(request, SetupRequest)
        if await self._accounts.is_set_up():
            raise Refused("setup_done")
        taken = await self._parts.lockout.take(self._parts.lookups.factor("setup"), self._parts.address(request))
        if not hmac.compare_digest(
            digest(asked.token.get_secret_value()), digest(self._setup_token().get_secret_value())
        ):
            self._parts.lockout.wrong(taken, None)
            raise Refused("setup_token_wrong")
        check_strength(asked.password, asked.login, asked.name, self._parts.rules.brand)
        id, now = self._parts.new_id(), self._parts.now()
        account = Account(
            id=id,
            login_hmac=self._parts.lookups.login(asked.login),
            login_sealed=self._parts.sealed.seal(asked.login.strip(), login_place(id)),
            name_sealed=self._parts.sealed.seal(asked.name, name_place(id)),
            roles=("administrator",),
            made_at=now,
            password=await self._parts.passwords.hash(asked.password),
            password_changed_at=now,
        )
        await self._parts.audit.record("account.create", "operator", "setup", subject=id, roles="administrator")
        try:
            await self._accounts.set_up(account, now)
        except Conflict:
            raise Refused("setup_done") from None
        self._set_up()
        await self._parts.lockout.right(taken)
        return await self._first_shown(request, account, "setup")

    async def sign_in(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, SignInRequest)
        if not self._parts.rules.passwords:
            raise Refused("passwords_off")
        key = self._parts.lookups.login(asked.login)
        taken = await self._parts.lockout.take(key, self._parts.address(request))
        account = await self._accounts.by_login(key)
        usable = account if account is not None and account.active else None
        right = await self._parts.passwords.check(asked.password, usable.password if usable else None)
        if usable is None or not right:
            await self._failed("password", account)
            self._parts.lockout.wrong(taken, None if account is None else account.id)
            raise Refused("sign_in_failed")
        await self._parts.lockout.right(taken)
        if usable.password is not None and self._parts.passwords.stale(usable.password):
            anew = await self._parts.passwords.hash(asked.password)
            await self._accounts.change_password(usable.id, usable.password, anew, None)
        return await self._first_shown(request, usable, "password")

    async def code(self, request: web.Request) -> web.Response:
        return await self._by_code(request, "totp")

    async def recovery(self, request: web.Request) -> web.Response:
        return await self._by_code(request, "recovery")

    async def passkey_options(self, request: web.Request) -> web.Response:
        await self._asked(request, Nothing)
        pending = await self._pending(request)
        options = await self._passkeys.options(
            request, "passkey_second" if pending else "passkey_in", pending.account if pending else None
        )
        return web.json_response(text=options.model_dump_json())

    async def passkey(self, request: web.Request) -> web.Response:
        """As the second factor after a password; or alone, which is two factors in one: what one has, and the finger,
        face or PIN that opens it."""
        asked = await self._asked(request, PasskeyProof)
        pending = await self._pending(request)
        purpose: Purpose = "passkey_second" if pending else "passkey_in"
        if not pending and not self._parts.rules.passwords:
            raise Refused("passwords_off")
        try:
            whose = await self._passkeys.check(request, purpose, pending.account if pending else None, asked)
            account = await self._accounts.get(whose)
        except (Refused, Unknown) as error:
            await self._failed("passkey", pending.account if pending else None)
            raise error if isinstance(error, Refused) else Refused("passkey_refused") from None
        if not account.active:
            await self._failed("disabled", account)
            raise Refused("passkey_refused")
        if pending is not None:
            return await self._second_shown(pending, "passkey")
        response = web.json_response(text=SignInAnswer(stage="done", ways=[]).model_dump_json())
        await self._in(account, "passkey")
        await self._cookies.begin(request, response, account.id, "done", "passkey")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """Whoever it is: nothing is asked of a cookie that has expired."""
        if not from_own_page(request):
            raise Refused("wrong_origin")
        await read_json(request, Nothing)
        response = web.Response(status=204)
        if request.cookies.get(COOKIE):
            clear_cookie(response)
            try:
                found = await self._cookies.found(request)
            except Refused:
                return response
            await self._parts.stores.sessions.end(found.session.id, found.account.id)
            self._parts.audit.told("account.sign_out", "staff", found.account.id, why="asked")
        return response

    # Invitations -------------------------------------------------------------------------------------------------

    async def invitation(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, InvitationRequest)
        invited = await self._accounts.invited(digest(asked.token.get_secret_value()), self._parts.now())
        if invited is None:
            raise Refused("invitation_invalid")
        account, until = invited
        answer = InvitationAnswer(login=self._parts.login(account), name=self._parts.name(account), expires_at=until)
        return web.json_response(text=answer.model_dump_json())

    async def accept(self, request: web.Request) -> web.Response:
        asked = await self._asked(request, AcceptRequest)
        if not self._parts.rules.passwords:
            raise Refused("passwords_off")
        hashed, now = digest(asked.token.get_secret_value()), self._parts.now()
        invited = await self._accounts.invited(hashed, now)
        if invited is None:
            raise Refused("invitation_invalid")
        account = invited[0]
        check_strength(asked.password, self._parts.login(account), self._parts.name(account), self._parts.rules.brand)
        password = await self._parts.passwords.hash(asked.password)
        await self._parts.audit.record("account.change", "staff", account.id, subject=account.id, what="invitation")
        accepted = await self._accounts.accept(hashed, password, now)
        if accepted is None:
            raise Refused("invitation_invalid")
        await self._parts.stores.sessions.end_all(account.id)
        return await self._first_shown(request, accepted, "invitation")

    # What they share ---------------------------------------------------------------------------------------------

    async def _asked(self, request: web.Request, model: type[M]) -> M:
        """What a page of ours asks for somebody who has not signed in. Raises Refused."""
        if not from_own_page(request):
            raise Refused("wrong_origin")
        self._parts.slow_down(request)
        return await read_json(request, model)

    async def _pending(self, request: web.Request) -> Found | None:
        """Who has shown the first factor in this browser."""
        if COOKIE not in request.cookies:
            return None
        try:
            found = await self._cookies.found(request)
        except Refused as refused:
            if refused.code != "sign_in_needed":
                raise
            return None
        return found if found.session.stage == "second_factor" else None

    async def _by_code(self, request: web.Request, way: Way) -> web.Response:
        asked = await self._asked(request, CodeRequest)
        found = await self._cookies.found(request)
        if found.session.stage != "second_factor":
            raise Refused("sign_in_needed")
        account, code = found.account, asked.code.get_secret_value()
        taken = await self._parts.lockout.take(self._parts.lookups.factor(account.id), self._parts.address(request))
        check = self._factors.check_totp if way == "totp" else self._factors.check_recovery
        if not await check(account, code):
            await self._failed(way, account)
            self._parts.lockout.wrong(taken, account.id)
            raise Refused("code_wrong")
        await self._parts.lockout.right(taken)
        return await self._second_shown(found, way)

    async def _first_shown(self, request: web.Request, account: Account, way: str) -> web.Response:
        ways = await self._factors.ways(account)
        stage: Stage = "second_factor" if ways else "enrol" if self._parts.rules.second_factor else "done"
        response = web.json_response(text=SignInAnswer(stage=stage, ways=ways).model_dump_json())
        if stage != "second_factor":
            await self._in(account, way)
        await self._cookies.begin(request, response, account.id, stage, way)
        return response

    async def _second_shown(self, pending: Found, way: Way) -> web.Response:
        ways = f"{pending.session.ways} {way}"
        response = web.json_response(text=SignInAnswer(stage="done", ways=[]).model_dump_json())
        await self._in(pending.account, ways)
        await self._cookies.renew(response, pending, "done", ways)
        return response

    async def _in(self, account: Account, ways: str) -> None:
        """Is told before it is true."""
        roles = " ".join(roles_of(account))
        await self._parts.audit.record("account.sign_in", "staff", account.id, ways=ways, roles=roles)
        await self._accounts.change(account.id, signed_in_at=self._parts.now())

    async def _failed(self, code: str, account: Account | None) -> None:
        who = NOBODY if account is None else account.id
        await self._parts.audit.record("account.fail", "staff", who, code=code)
