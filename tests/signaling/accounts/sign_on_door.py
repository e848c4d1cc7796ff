"""A server with single sign-on, and browsers that go to the sign-on service and come back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.signaling.accounts.sign_on import CLIENT, EMAIL, SECRET, SignOnServer, a_sign_on_server
from tests.signaling.accounts.staff import Answer, Browser, a_practice
from tests.signaling.server import MovingClock, Server


class Door:
    """A server with single sign-on, whose staff know `EMAIL` as an account."""

    def __init__(self, server: Server, admin: Browser, service: SignOnServer) -> None:
        self.server = server
        self.admin = admin
        self.service = service

    async def goes(self, browser: Browser) -> str:
        """To the provider, and to the address where that sends the browser back."""
        asked = await browser.post("/sign-on")
        assert asked.status == 200, asked.text
        async with self.server.http.get(asked.json["address"], allow_redirects=False) as answer:
            return answer.headers["Location"].removeprefix(self.server.url)

    async def comes_back(self, browser: Browser, back: str) -> Answer:
        """As a browser does: by a link from another site."""
        sent = {"Origin": "", "Sec-Fetch-Site": "cross-site"}
        return await browser.ask("GET", back, None, sent, root="")

    async def signs_on(self) -> tuple[Browser, str]:
        """A browser, and where the page was opened."""
        browser = Browser(self.server)
        answer = await self.comes_back(browser, await self.goes(browser))
        assert answer.status == 302, answer.text
        return browser, answer.headers["Location"]


@contextlib.asynccontextmanager
async def a_door(folder: Path, **settings: Any) -> AsyncIterator[Door]:
    moving = MovingClock()
    async with a_sign_on_server(lambda: moving.clock.wall()) as service:
        values = {
            "staff_oidc_issuer": service.issuer,
            "staff_oidc_client_id": CLIENT,
            "staff_oidc_client_secret": SECRET,
            "staff_oidc_name": "Clinic login",
        }
        async with a_practice(folder, **(values | settings)) as (server, admin):
            moving.clock = server.clock.clock
            await admin.invites(EMAIL.lower(), "therapist", name="Gray Grey")
            yield Door(server, admin, service)
