"""What somebody who is signed in changes of their own: password, second factors, sessions; and who they are.

What would let a stranger at an open screen stay needs a confirmation that is not old. Whatever makes earlier secrets
worthless ends the other sessions too. Not here: what administrators change (`managing.py`).
"""

from __future__ import annotations

from aiohttp import web

from clinic.accounts import Account
from clinic.accounts.sessions import Found
from clinic.errors import Unknown
from signaling.accounts.cookies import Cookies
from signaling.accounts.emergency import EmergencyApi
from signaling.accounts.messages import (
    CodeRequest,
    ConfirmRequest,
    FactorAnswer,
    MeAnswer,
    NewPasskeyRequest,
    Nothing,
    PasskeyAnswer,
    PasskeyProof,
    PasswordRequest,
    RenameRequest,
    SecurityAnswer,
    SessionAnswer,
)
from signaling.accounts.parts import Parts, roles_of
from signaling.accounts.passkeys import Passkeys, passkey_place
from signaling.accounts.passwords import check_strength
from signaling.accounts.second_factors import SecondFactors
from signaling.bodies import read_json
from signaling.refusals import Refused
from signaling.staff_roles import EMERGENCY_ACTIONS, actions_of


class SecurityApi:
    def __init__(
        self, parts: Parts, cookies: Cookies, factors: SecondFactors, passkeys: Passkeys, emergencies: EmergencyApi
    ) -> None:
        self._parts = parts
        self._accounts = parts.stores.accounts
        self._sessions = parts.stores.sessions
        self._cookies = cookies
        self._factors = factors
        self._passkeys = passkeys
        self._emergencies = emergencies

    async def me(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request, enrolling=True)
        account, session = found.account, found.session
        roles = roles_of(account)
        actions = actions_of(roles) | (EMERGENCY_ACTIONS if found.emergency else frozenset())
        done = session.stage == "done"
        looks = done and "close_alerts" in actions
        answer = MeAnswer(
            id=account.id,
            login=self._parts.login(account),
            name=self._parts.name(account),
            roles=list(roles),
            actions=sorted(actions) if done else [],
            stage="done" if done else "enrol",
            idle_seconds=int(self._parts.rules.idle),
            expires_at=session.expires_at,
            confirmed_until=self._cookies.fresh_until(found),
            emergency=await self._emergencies.active(account) if done else None,
            emergencies_open=await self._parts.stores.emergencies.count_open() if looks else 0,
        )
        return web.json_response(text=answer.model_dump_json())

    async def security(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request, enrolling=True)
        account = found.account
        store = self._parts.stores.factors
        sealed = self._parts.sealed
        answer = SecurityAnswer(
            has_password=account.password is not None,
            password_changed_at=account.password_changed_at,
            totp_since=account.totp_since,
            passkeys=[
                PasskeyAnswer(
                    id=each.id,
                    name=sealed.open(each.name_sealed, passkey_place(each.id)),
                    made_at=each.made_at,
                    used_at=each.used_at,
                )
                for each in await store.passkeys(account.id)
            ],
            recovery_codes_left=await store.recovery_codes_left(account.id),
            sessions=[
                SessionAnswer(
                    id=each.id,
                    current=each.id == found.session.id,
                    browser=each.browser,
                    signed_in_at=each.signed_in_at,
                    seen_at=each.seen_at,
                    expires_at=each.expires_at,
                )
                for each in await self._sessions.of_account(account.id, self._parts.now())
                if self._parts.now() - each.seen_at < self._parts.rules.idle
            ],
        )
        return web.json_response(text=answer.model_dump_json())

    # Confirming that it is them ----------------------------------------------------------------------------------

    async def confirm(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request, enrolling=True)
        asked = await read_json(request, ConfirmRequest)
        if (asked.password is None) == (asked.code is None):
            raise Refused("bad_request", "Send a password or a code.")
        account = found.account
        by_password = asked.password is not None
        key = account.login_hmac if by_password else self._parts.lookups.factor(account.id)
        taken = await self._parts.lockout.take(key, self._parts.address(request))
        if asked.password is not None:
            right = await self._parts.passwords.check(asked.password, account.password)
        else:
            code = "" if asked.code is None else asked.code.get_secret_value()
            right = await self._factors.check_totp(account, code)
        if not right:
            await self._failed(account, "confirm")
            self._parts.lockout.wrong(taken, account.id)
            raise Refused("code_wrong")
        await self._parts.lockout.right(taken)
        await self._sessions.confirmed(found.session.id, self._parts.now())
        return web.Response(status=204)

    async def confirm_options(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request, enrolling=True)
        await read_json(request, Nothing)
        options = await self._passkeys.options(request, "passkey_confirm", found.account)
        return web.json_response(text=options.model_dump_json())

    async def confirm_passkey(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request, enrolling=True)
        asked = await read_json(request, PasskeyProof)
        try:
            await self._passkeys.check(request, "passkey_confirm", found.account, asked)
        except Refused:
            await self._failed(found.account, "confirm")
            raise
        await self._sessions.confirmed(found.session.id, self._parts.now())
        return web.Response(status=204)

    # The password ------------------------------------------------------------------------------------------------

    async def password(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request)
        asked = await read_json(request, PasswordRequest)
        account = found.account
        taken = await self._parts.lockout.take(account.login_hmac, self._parts.address(request))
        if not await self._parts.passwords.check(asked.current, account.password):
            await self._failed(account, "password")
            self._parts.lockout.wrong(taken, account.id)
            raise Refused("code_wrong")
        await self._parts.lockout.right(taken)
        check_strength(asked.new, self._parts.login(account), self._parts.name(account), self._parts.rules.brand)
        hashed = await self._parts.passwords.hash(asked.new)
        await self._changed(account, "password")
        if not await self._accounts.change_password(account.id, account.password, hashed, self._parts.now()):
            raise Refused("changed_meanwhile")
        await self._sessions.end_all(account.id, but=found.session.id)
        response = web.Response(status=204)
        await self._cookies.renew(response, found, found.session.stage, found.session.ways)
        return response

    # Second factors ----------------------------------------------------------------------------------------------

    async def totp(self, request: web.Request) -> web.Response:
        found = await self._fresh(request, enrolling=True)
        await read_json(request, Nothing)
        return web.json_response(text=(await self._factors.offer_totp(found.account)).model_dump_json())

    async def confirm_totp(self, request: web.Request) -> web.Response:
        found = await self._fresh(request, enrolling=True)
        asked = await read_json(request, CodeRequest)
        account = found.account
        taken = await self._parts.lockout.take(self._parts.lookups.factor(account.id), self._parts.address(request))
        try:
            await self._factors.confirm_totp(account, asked.code.get_secret_value())
        except Refused:
            self._parts.lockout.wrong(taken, account.id)
            raise
        await self._parts.lockout.right(taken)
        return await self._factor_added(found, "totp")

    async def remove_totp(self, request: web.Request) -> web.Response:
        found = await self._fresh(request)
        await read_json(request, Nothing)
        await self._not_the_last(found.account, "totp")
        await self._changed(found.account, "totp_removed")
        values = {"totp_sealed": None, "totp_pending_sealed": None, "totp_since": None}
        await self._accounts.change(found.account.id, **values)
        return web.Response(status=204)

    async def passkey_options(self, request: web.Request) -> web.Response:
        found = await self._fresh(request, enrolling=True)
        await read_json(request, Nothing)
        return web.json_response(text=(await self._passkeys.new_options(request, found.account)).model_dump_json())

    async def add_passkey(self, request: web.Request) -> web.Response:
        found = await self._fresh(request, enrolling=True)
        asked = await read_json(request, NewPasskeyRequest)
        await self._passkeys.add(request, found.account, asked, asked.name)
        return await self._factor_added(found, "passkey")

    async def rename_passkey(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request)
        asked = await read_json(request, RenameRequest)
        passkey = request.match_info["passkey"]
        sealed = self._parts.sealed.seal(asked.name, passkey_place(passkey))
        try:
            await self._parts.stores.factors.rename_passkey(found.account.id, passkey, sealed)
        except Unknown:
            raise Refused("no_such_passkey") from None
        return web.Response(status=204)

    async def remove_passkey(self, request: web.Request) -> web.Response:
        found = await self._fresh(request)
        await read_json(request, Nothing)
        await self._not_the_last(found.account, "passkey")
        await self._changed(found.account, "passkey_removed")
        try:
            await self._parts.stores.factors.remove_passkey(found.account.id, request.match_info["passkey"])
        except Unknown:
            raise Refused("no_such_passkey") from None
        return web.Response(status=204)

    async def recovery_codes(self, request: web.Request) -> web.Response:
        found = await self._fresh(request)
        await read_json(request, Nothing)
        await self._changed(found.account, "recovery_codes")
        codes = await self._factors.new_recovery_codes(found.account.id)
        return web.json_response(text=FactorAnswer(recovery_codes=codes).model_dump_json())

    # Sessions ----------------------------------------------------------------------------------------------------

    async def end_session(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request)
        await read_json(request, Nothing)
        if not await self._sessions.end(request.match_info["session"], found.account.id):
            raise Refused("no_such_session")
        self._parts.audit.told("account.sign_out", "staff", found.account.id, why="revoked")
        return web.Response(status=204)

    async def end_others(self, request: web.Request) -> web.Response:
        found = await self._cookies.signed_in(request)
        await read_json(request, Nothing)
        count = await self._sessions.end_all(found.account.id, but=found.session.id)
        self._parts.audit.told("account.sign_out", "staff", found.account.id, why="revoked", count=count)
        return web.Response(status=204)

    # What they share ---------------------------------------------------------------------------------------------

    async def _fresh(self, request: web.Request, *, enrolling: bool = False) -> Found:
        found = await self._cookies.signed_in(request, enrolling=enrolling)
        self._cookies.fresh(found)
        return found

    async def _factor_added(self, found: Found, what: str) -> web.Response:
        """Whoever had to enrol is signed in from now on: with another cookie."""
        await self._changed(found.account, f"{what}_added")
        codes = await self._factors.first_recovery_codes(found.account.id)
        response = web.json_response(text=FactorAnswer(recovery_codes=codes).model_dump_json())
        ways = f"{found.session.ways} {what}" if found.session.stage == "enrol" else found.session.ways
        await self._cookies.renew(response, found, "done", ways)
        return response

    async def _not_the_last(self, account: Account, what: str) -> None:
        passkeys = len(await self._parts.stores.factors.passkeys(account.id))
        totp = account.totp_sealed is not None
        left = passkeys + totp - 1 if what == "passkey" else passkeys
        if self._parts.rules.second_factor and left < 1:
            raise Refused("last_factor")

    async def _changed(self, account: Account, what: str) -> None:
        await self._parts.audit.record("account.change", "staff", account.id, subject=account.id, what=what)

    async def _failed(self, account: Account, code: str) -> None:
        await self._parts.audit.record("account.fail", "staff", account.id, code=code)
