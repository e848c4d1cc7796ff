"""People of a clinic in front of their browsers: over real HTTP, with cookies kept by hand so that tests see them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pyotp

from signaling.accounts.cookies import COOKIE
from tests.signaling.accounts.soft_passkey import SoftPasskey
from tests.signaling.server import API_KEY, Server, a_server

PASSWORD = "seven green ladders"
LOGIN = "admin@clinic.example"
KEY = {"Authorization": f"Bearer {API_KEY}"}


@dataclass
class Answer:
    status: int
    headers: Any
    text: str
    cookies: dict[str, Morsel[str]] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["code"])


class Browser:
    """One browser, at a page of the server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}
        self.totp: pyotp.TOTP | None = None
        self.passkey: SoftPasskey | None = None
        self.recovery: list[str] = []
        self.id = ""

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        root: str = "/api/staff",
    ) -> Answer:
        url = self.server.url + root + path
        sent = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        data = None
        if method != "GET":
            sent.setdefault("Content-Type", "application/json")
            data = body if isinstance(body, str) else json.dumps({} if body is None else body)
        sent = {name: value for name, value in sent.items() if value}
        async with self.server.http.request(method, url, data=data, headers=sent, allow_redirects=False) as answer:
            set_cookies = SimpleCookie()
            for line in answer.headers.getall("Set-Cookie", []):
                set_cookies.load(line)
            for name, morsel in set_cookies.items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
            return Answer(answer.status, answer.headers, await answer.text(), dict(set_cookies))

    async def get(self, path: str, **more: Any) -> Answer:
        return await self.ask("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return await self.ask("POST", path, body, **more)

    @property
    def cookie(self) -> str:
        return self.cookies[COOKIE]

    def other(self) -> Browser:
        """The same person at another one, not signed in."""
        other = Browser(self.server)
        other.totp, other.passkey, other.recovery, other.id = self.totp, self.passkey, self.recovery, self.id
        return other

    # What people do --------------------------------------------------------------------------------------------------

    async def signs_in(self, login: str, password: str = PASSWORD) -> Answer:
        return await self.post("/sign-in", {"login": login, "password": password})

    def code(self) -> str:
        """Of the next time step: the clock moves on, so that it was not used before."""
        assert self.totp is not None
        self.server.clock.ahead += 30
        return self.totp.at(self.server.clock.clock.wall())

    async def signs_in_fully(self, login: str, password: str = PASSWORD) -> None:
        answer = await self.signs_in(login, password)
        assert answer.status == 200, answer.text
        assert (answer.json["stage"], answer.json["ways"][0]) == ("second_factor", "totp")
        answer = await self.post("/sign-in/code", {"code": self.code()})
        assert answer.json["stage"] == "done"

    async def enrols(self) -> None:
        """An authenticator app."""
        answer = await self.post("/security/totp")
        assert answer.status == 200, answer.text
        self.totp = pyotp.TOTP(answer.json["secret"])
        answer = await self.post("/security/totp/confirm", {"code": self.code()})
        assert answer.status == 200, answer.text
        self.recovery = answer.json["recovery_codes"] or self.recovery

    async def adds_passkey(self, name: str = "My key") -> Answer:
        answer = await self.post("/security/passkeys/options")
        assert answer.status == 200, answer.text
        self.passkey = SoftPasskey(self.server.url)
        credential = self.passkey.create(answer.json["options"])
        body = {"challenge": answer.json["challenge"], "credential": credential, "name": name}
        return await self.post("/security/passkeys", body)

    async def shows_passkey(self, path: str = "/sign-in/passkey", **lies: Any) -> Answer:
        asked = await self.post(f"{path}/options")
        assert asked.status == 200, asked.text
        assert self.passkey is not None
        credential = self.passkey.get(asked.json["options"], **lies)
        return await self.post(path, {"challenge": asked.json["challenge"], "credential": credential})

    async def confirms(self, password: str = PASSWORD) -> None:
        assert (await self.post("/confirm", {"password": password})).status == 204

    async def invites(self, login: str, *roles: str, name: str = "Somebody") -> str:
        """The invitation's token."""
        await self.confirms()
        answer = await self.post("/accounts", {"login": login, "name": name, "roles": list(roles)})
        assert answer.status == 201, answer.text
        return str(answer.json["link"]).partition("#invitation=")[2]


@contextlib.asynccontextmanager
async def a_practice(folder: Path, **settings: Any) -> AsyncIterator[tuple[Server, Browser]]:
    """A server that has been set up, and its administrator, signed in."""
    async with a_server(folder, **settings) as server:
        browser = Browser(server)
        await sets_up(browser)
        await browser.enrols()
        me = await browser.get("/me")
        assert me.json["stage"] == "done"
        browser.id = me.json["id"]
        yield server, browser


async def sets_up(browser: Browser) -> None:
    token = browser.server.running.setup_token
    assert token is not None
    body = {"token": token.get_secret_value(), "login": LOGIN, "name": "Ada Min", "password": PASSWORD}
    answer = await browser.post("/setup", body)
    assert answer.status == 200, answer.text
    assert answer.json["stage"] in ("enrol", "done")


async def a_member(admin: Browser, *roles: str, login: str = "", enrolled: bool = True) -> Browser:
    """Somebody who took their invitation, and signed in."""
    login = login or f"{'-'.join(roles)}@clinic.example"
    token = await admin.invites(login, *roles)
    browser = Browser(admin.server)
    answer = await browser.post("/invitation/accept", {"token": token, "password": PASSWORD})
    assert answer.status == 200, answer.text
    if enrolled:
        await browser.enrols()
    browser.id = (await browser.get("/me")).json["id"]
    return browser
