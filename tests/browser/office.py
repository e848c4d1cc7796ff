"""A clinic with people who work there: a running service, its administrator and staff, and their signed-in pages.

    async with an_office(folder) as office:
        ann = await office.member("therapist", name="Ann Blue")     # made over the API: invited, second factor and all
        page = await office.page(person, ann, "#day")                # a browser page of theirs, signed in
        async with office.desk(ann) as desk:                         # or the API as they would use it
            await desk.get("/api/staff/me")

Pages and API stand at http://localhost:PORT: browsers take that for safe, so `__Host-` cookies and passkeys work there.
Not here: what any page shows.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
from playwright.async_api import Page

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.person import ChromiumPerson, eventually
from tests.browser.service import Service

COOKIE = "__Host-therabook-staff"

SIGN_IN = """async steps => {
  for (const [path, body] of steps) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
}"""


@dataclass
class Member:
    """Somebody who works there, with all that they know and have."""

    id: str
    login: str
    name: str
    password: str
    roles: tuple[str, ...]
    secret: str
    """Of their authenticator app."""
    codes: list[str] = field(default_factory=list)
    """Recovery codes that are left. Tests sign in with these: a code of the app is good only once in half a minute."""


class Refusal(Exception):
    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.code = str(said.get("code"))


class Desk:
    """The API as a page of somebody uses it: with their cookie, from this server's origin."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._cookie = ""

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self._ask("POST", path, body or {})

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return await self._ask(method, path, body)

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"Origin": self._url, "Sec-Fetch-Site": "same-origin"}
        if self._cookie:
            headers["Cookie"] = f"{COOKIE}={self._cookie}"
        async with self._http.request(method, self._url + path, json=body, headers=headers) as answer:
            if COOKIE in answer.cookies:
                self._cookie = answer.cookies[COOKIE].value
            said = await answer.json() if answer.content_type == "application/json" else None
            if answer.status >= 400:
                raise Refusal(answer.status, said or {})
            return said

    async def signs_in(self, member: Member) -> None:
        for path, body in steps_in(member):
            await self.post(path, body)

    async def enrols(self) -> tuple[str, list[str]]:
        """Sets an authenticator app up: its secret, and the recovery codes that came with it."""
        secret = (await self.post("/api/staff/security/totp"))["secret"]
        answer = await self.post("/api/staff/security/totp/confirm", {"code": pyotp.TOTP(secret).now()})
        return secret, answer["recovery_codes"]


class Office:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.url = f"http://localhost:{service.port}"
        self._http = aiohttp.ClientSession()
        self._made = 0
        self._admin: Member | None = None
        self._admin_desk: Desk | None = None

    async def setup_token(self) -> str:
        """As the operator finds it in the data folder."""
        file = self.service.data / "setup-token"

        async def look() -> str | None:
            return file.read_text().strip() if file.exists() else None

        return await eventually(look, "the set-up token is there")

    async def administrator(self) -> Member:
        """The first one, who is made when somebody first asks for them."""
        if self._admin is None:
            desk = Desk(self._http, self.url)
            login, name, password = "ada", "Ada Adams", new_password()
            asked = {"token": await self.setup_token(), "login": login, "name": name, "password": password}
            await desk.post("/api/staff/setup", asked)
            secret, codes = await desk.enrols()
            me = await desk.get("/api/staff/me")
            self._admin = Member(me["id"], login, name, password, tuple(me["roles"]), secret, codes)
            self._admin_desk = desk
        return self._admin

    async def member(self, *roles: str, name: str = "", login: str = "") -> Member:
        """Somebody new, as the administrator makes them: invited, with a password and an authenticator app."""
        self._made += 1
        login = login or f"{roles[0]}-{self._made}"
        name = name or f"{roles[0].replace('_', ' ').title()} {self._made}"
        link = await self.invitation(*roles, name=name, login=login)
        desk, password = Desk(self._http, self.url), new_password()
        token = link.rpartition("#invitation=")[2]
        await desk.post("/api/staff/invitation/accept", {"token": token, "password": password})
        secret, codes = await desk.enrols()
        me = await desk.get("/api/staff/me")
        return Member(me["id"], login, name, password, tuple(me["roles"]), secret, codes)

    async def invitation(self, *roles: str, name: str, login: str) -> str:
        """The link for somebody new."""
        await self.administrator()
        assert self._admin_desk is not None
        asked = {"login": login, "name": name, "roles": list(roles)}
        invited = await self._admin_desk.post("/api/staff/accounts", asked)
        link = str(invited["link"])
        return self.url + link if link.startswith("/") else link

    @asynccontextmanager
    async def desk(self, member: Member) -> AsyncIterator[Desk]:
        desk = Desk(self._http, self.url)
        await desk.signs_in(member)
        yield desk

    async def page(self, make: MakePerson, member: Member, place: str = "", **settings: Any) -> ChromiumPerson:
        """A browser of their own in which they are signed in, at a panel: `#day`."""
        someone = await make(member.name, DOCTOR, **settings)
        await self.signs_in(someone.page, member)
        await someone.open(f"{self.url}/staff{place}")
        await someone.page.locator("tb-staff[data-in] main h1").wait_for()
        return someone

    async def signs_in(self, page: Page, member: Member) -> None:
        """Without the sign-in page: quicker, and it is tested where it belongs."""
        await page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        await page.goto(f"{self.url}/api/client")  # anything of this origin
        await page.evaluate(SIGN_IN, steps_in(member))

    async def close(self) -> None:
        await self._http.close()


@asynccontextmanager
async def an_office(folder: Path, *flags: str) -> AsyncIterator[Office]:
    service = Service(folder, *flags)
    await service.start()
    office = Office(service)
    try:
        yield office
    finally:
        await office.close()
        stopped = await service.stop()
    assert stopped == 0, service.said()


def steps_in(member: Member) -> list[tuple[str, dict[str, str]]]:
    """What a page sends to sign somebody in. Uses a recovery code up."""
    assert member.codes, f"{member.login} has signed in too often: make another member"
    return [
        ("/api/staff/sign-in", {"login": member.login, "password": member.password}),
        ("/api/staff/sign-in/recovery", {"code": member.codes.pop()}),
    ]


def new_password() -> str:
    return f"{secrets.token_hex(4)} green {secrets.token_hex(4)} river"


async def has_authenticator(page: Page) -> None:
    """A device with passkeys that says yes at once, in this page from now on."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def next_code(member: Member) -> str:
    """The code that their app shows next, which is taken as well: that of now was used when it was set up."""
    return pyotp.TOTP(member.secret).at(int(time.time()) + 30)
