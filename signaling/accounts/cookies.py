"""Sessions of staff in a browser: the cookie, and how long what it stands for is good.

The cookie holds 256 bits of chance and nothing else. It is another one after each sign-in and whenever somebody may
more than before, so that one that was planted or seen earlier is worth nothing. `__Host-` binds it to this host and
to https; browsers take localhost for safe. Not here: what a session allows (`signaling/api_access.py`)."""

from __future__ import annotations

import re
from dataclasses import replace

from aiohttp import web

from clinic.accounts import StaffSession
from clinic.accounts.records import Stage
from clinic.accounts.sessions import Found
from signaling.accounts.lookups import digest
from signaling.accounts.parts import Parts
from signaling.headers import client_address, from_own_page
from signaling.limits import network_key
from signaling.refusals import Refused
from signaling.told_door import Came, Used, unheard

COOKIE = "__Host-therabook-staff"

BACKGROUND = "Therabook-Background"
"""A page sends this header with what it asks by itself, without anybody at the keyboard: that keeps nobody signed
in."""

BETWEEN_FACTORS = 5 * 60.0
"""Seconds for the second factor after the first."""

FRESH = 10 * 60.0
"""Seconds for which somebody who has shown who they are need not do so again."""

SEEN_EVERY = 20.0
"""Seconds. That somebody is there is not written with each request."""

RETURNS = 3
"""To a network that was left, within ten minutes, that show two browsers with one session. A page asks every few
seconds, so two that are open do it at once. Fewer, and a laptop that loses the clinic's network and finds it again does
too."""

LONGEST_TOKEN = 100

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class Cookies:
    def __init__(self, parts: Parts, used: Used = unheard) -> None:
        self._parts = parts
        self._used = used
        self._sessions = parts.stores.sessions

    async def found(self, request: web.Request) -> Found:
        """Whose session the cookie stands for, at whatever stage. Raises Refused: `sign_in_needed`, `wrong_origin`."""
        token = request.cookies.get(COOKIE)
        if not token or len(token) > LONGEST_TOKEN:
            raise Refused("sign_in_needed")
        # Only a browser sends a cookie, and it would for a page of another port of this host, too.
        if request.method not in ("GET", "HEAD") and not from_own_page(request):
            raise Refused("wrong_origin")
        now = self._parts.now()
        found = await self._sessions.find(digest(token), now)
        if found is None:
            raise Refused("sign_in_needed")
        session = found.session
        if session.stage != "second_factor" and now - session.seen_at >= self._parts.rules.idle:
            await self._sessions.end(session.id, session.account_id)
            self._parts.audit.told("account.sign_out", "staff", session.account_id, why="idle")
            raise Refused("sign_in_needed")
        if now - session.seen_at >= SEEN_EVERY and BACKGROUND not in request.headers:
            await self._sessions.seen(session.id, now)
            found = replace(found, session=replace(session, seen_at=now))
        network = network_key(client_address(request, self._parts.proxies))
        self._used(Came(session.id, session.account_id, "staff", kind="staff", returns=RETURNS), network)
        return found

    async def signed_in(self, request: web.Request, *, enrolling: bool = False) -> Found:
        """`enrolling`: also while the second factor is being set up. Raises Refused: as `found`,
        `second_factor_needed`, `enrol_needed`."""
        found = await self.found(request)
        if found.session.stage == "second_factor":
            raise Refused("second_factor_needed")
        if found.session.stage == "enrol" and not enrolling:
            raise Refused("enrol_needed")
        return found

    def fresh(self, found: Found) -> None:
        """Raises Refused: `confirm_needed`, if it was long ago that they showed who they are."""
        if self._parts.now() >= self.fresh_until(found):
            raise Refused("confirm_needed")

    def fresh_until(self, found: Found) -> float:
        return found.session.confirmed_at + FRESH

    async def begin(self, request: web.Request, response: web.Response, account: str, stage: Stage, ways: str) -> None:
        """A new session, whatever cookie came; what that stood for ends."""
        now = self._parts.now()
        before = request.cookies.get(COOKIE)
        if before and len(before) <= LONGEST_TOKEN:
            old = await self._sessions.find(digest(before), now)
            if old is not None:
                await self._sessions.end(old.session.id, old.session.account_id)
        token = self._parts.new_secret()
        session = StaffSession(
            id=self._parts.new_id(),
            account_id=account,
            token_hash=digest(token),
            stage=stage,
            signed_in_at=now,
            seen_at=now,
            confirmed_at=now,
            expires_at=now + self._lasts(stage),
            browser=browser(request.headers.get("User-Agent", "")),
            ways=ways,
        )
        await self._sessions.add(session, now)
        set_cookie(response, token)

    async def renew(self, response: web.Response, found: Found, stage: Stage, ways: str) -> None:
        """Somebody may more from now on: with another token. Raises Refused: `sign_in_needed`, if the old one was used
        up by another request meanwhile."""
        now = self._parts.now()
        token = self._parts.new_secret()
        expires = now + self._lasts(stage)
        if found.session.stage == "done":
            expires = found.session.expires_at  # a working day ends when it ends
        if not await self._sessions.renew(found.session.token_hash, digest(token), stage, ways, now, expires):
            raise Refused("sign_in_needed")
        set_cookie(response, token)

    def _lasts(self, stage: Stage) -> float:
        return BETWEEN_FACTORS if stage == "second_factor" else self._parts.rules.longest


def set_cookie(response: web.Response, token: str) -> None:
    response.set_cookie(COOKIE, token, path="/", httponly=True, secure=True, samesite="Strict")


def clear_cookie(response: web.Response) -> None:
    response.del_cookie(COOKIE, path="/", httponly=True, secure=True, samesite="Strict")


def browser(agent: str) -> str:
    """In a few words, for the list of one's own sessions: nothing that a browser sends is kept as it is."""
    name = next((name for mark, name in _BROWSERS if re.search(rf"\b{mark}\w*/", agent)), "Browser")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{name}, {system}" if system else name
