"""Single sign-on in the browser: there, and back, and whose account that is.

The way back is bound to this browser by a cookie of its own, and good once. An account is found by who it was the
last time, or the first time by an e-mail address that the provider has verified; nobody gets an account by signing
on. Not here: the protocol (`sign_on.py`)."""

from __future__ import annotations

import hmac
import json

import structlog
from aiohttp import web

from clinic.accounts import Account, Challenge
from clinic.accounts.records import Stage
from clinic.errors import Conflict
from signaling.accounts.cookies import Cookies
from signaling.accounts.lookups import digest
from signaling.accounts.messages import Nothing, SignOnAnswer
from signaling.accounts.parts import Parts, roles_of
from signaling.accounts.second_factors import SecondFactors
from signaling.accounts.sign_in import NOBODY
from signaling.accounts.sign_on import Asked, Person, SignOn, SignOnFailed, SignOnUnavailable
from signaling.bodies import read_json
from signaling.headers import from_own_page
from signaling.refusals import Refused

log = structlog.get_logger("sign-on")

BACK = "/api/staff/sign-on/back"
PAGE = "/staff"
COOKIE = "__Host-therabook-sign-on"
GOOD_FOR = 10 * 60.0
"""Seconds to sign in there, with everything the provider asks."""

PURPOSE = "sign_on"
LONGEST = 4096
"""Characters of a code, as of everything that comes back."""


class SignOnApi:
    def __init__(
        self, parts: Parts, cookies: Cookies, factors: SecondFactors, sign_on: SignOn | None, *, enough: bool
    ) -> None:
        """`enough`: the provider sees to the second factor; otherwise it is asked for here."""
        self._parts = parts
        self._accounts = parts.stores.accounts
        self._cookies = cookies
        self._factors = factors
        self._sign_on = sign_on
        self._enough = enough

    async def begin(self, request: web.Request) -> web.Response:
        if not from_own_page(request):
            raise Refused("wrong_origin")
        self._parts.slow_down(request)
        await read_json(request, Nothing)
        if self._sign_on is None:
            raise Refused("sign_on_off")
        base = self._parts.rules.public_url or request.headers.get("Origin") or f"{request.scheme}://{request.host}"
        asked = Asked(self._parts.new_secret(), self._parts.new_secret(), self._parts.new_secret(), base + BACK)
        now = self._parts.now()
        try:
            address = await self._sign_on.address(asked, now)
        except SignOnUnavailable:
            raise Refused("sign_on_unavailable", retry_after=30.0) from None
        browser = self._parts.new_secret()
        id = _id(asked.state)
        kept = json.dumps([asked.nonce, asked.verifier, asked.redirect, digest(browser)])
        sealed = self._parts.sealed.seal(kept, _place(id))
        await self._parts.stores.challenges.add(Challenge(id, PURPOSE, sealed, now + GOOD_FOR), now)
        response = web.json_response(text=SignOnAnswer(address=address).model_dump_json())
        # Lax: the browser comes back from another site, and a strict cookie would stay at home
        response.set_cookie(
            COOKIE, browser, path="/", httponly=True, secure=True, samesite="Lax", max_age=int(GOOD_FOR)
        )
        return response

    async def back(self, request: web.Request) -> web.Response:
        """To the page in any case, with a code behind `#` if it did not work."""
        try:
            response = await self._back(request)
        except Refused as refused:
            response = web.Response(status=302, headers={"Location": f"{PAGE}#problem={refused.code}"})
        response.del_cookie(COOKIE, path="/", httponly=True, secure=True, samesite="Lax")
        return response

    async def _back(self, request: web.Request) -> web.Response:
        self._parts.slow_down(request)
        if self._sign_on is None:
            raise Refused("sign_on_off")
        asked = await self._asked(request)
        code = _one(request, "code")
        if code is None:
            await self._failed("sign_on_refused")
            raise Refused("sign_on_failed")
        try:
            person = await self._sign_on.person(code, _one(request, "iss"), asked, self._parts.now())
        except SignOnFailed as failed:
            log.warning("single sign-on failed", why=failed.why)
            await self._failed("sign_on")
            raise Refused("sign_on_failed") from None
        except SignOnUnavailable:
            log.error("the sign-on service cannot be reached")
            raise Refused("sign_on_unavailable") from None
        account = await self._account(self._sign_on.provider.issuer, person)
        if account is None or not account.active:
            await self._failed("sign_on_unknown", account)
            raise Refused("sign_on_unknown")
        return await self._in(request, account)

    async def _asked(self, request: web.Request) -> Asked:
        """What this browser has asked for, once. Raises Refused: `sign_on_failed`."""
        state, browser = _one(request, "state"), request.cookies.get(COOKIE)
        if state is None or browser is None or len(browser) > LONGEST:
            raise Refused("sign_on_failed")
        id = _id(state)
        taken = await self._parts.stores.challenges.take(id, PURPOSE, self._parts.now())
        if taken is None:
            await self._failed("sign_on_state")
            raise Refused("sign_on_failed")
        nonce, verifier, redirect, whose = json.loads(self._parts.sealed.open(taken.value, _place(id)))
        if not hmac.compare_digest(whose, digest(browser)):
            await self._failed("sign_on_state")
            raise Refused("sign_on_failed")
        return Asked(state, nonce, verifier, redirect)

    async def _account(self, issuer: str, person: Person) -> Account | None:
        who = self._parts.lookups.sign_on(issuer, person.subject)
        account = await self._accounts.by_sign_on(who)
        if account is not None or person.email is None:
            return account
        account = await self._accounts.by_login(self._parts.lookups.login(person.email))
        if account is None or account.sign_on_hmac is not None or not account.active:
            # Known as somebody else there: an address that was given to another person gives them nothing here.
            return None
        await self._parts.audit.record("account.change", "staff", account.id, subject=account.id, what="sign_on")
        try:
            return await self._accounts.change(account.id, sign_on_hmac=who)
        except Conflict:
            return None

    async def _in(self, request: web.Request, account: Account) -> web.Response:
        stage: Stage = "done"
        if not self._enough:
            ways = await self._factors.ways(account)
            stage = "second_factor" if ways else "enrol" if self._parts.rules.second_factor else "done"
        if stage != "second_factor":
            roles = " ".join(roles_of(account))
            await self._parts.audit.record("account.sign_in", "staff", account.id, ways="sign_on", roles=roles)
            await self._accounts.change(account.id, signed_in_at=self._parts.now())
        where = PAGE if stage != "second_factor" else f"{PAGE}#second-factor={','.join(ways)}"
        response = web.Response(status=302, headers={"Location": where})
        await self._cookies.begin(request, response, account.id, stage, "sign_on")
        return response

    async def _failed(self, code: str, account: Account | None = None) -> None:
        who = NOBODY if account is None else account.id
        await self._parts.audit.record("account.fail", "staff", who, code=code)


def _one(request: web.Request, name: str) -> str | None:
    """What stands behind `name` in the address, if it stands there once."""
    given = request.query.getall(name, [])
    return given[0] if len(given) == 1 and 0 < len(given[0]) <= LONGEST else None


def _id(state: str) -> str:
    return digest(state)


def _place(id: str) -> str:
    return f"account_challenge.value/{id}"
