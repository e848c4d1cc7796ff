"""A clinic with a running service and recordings that it keeps, and how people come to its page of recordings.

Not here: what is in the recordings (`shelf.py`).
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from playwright.async_api import Locator, expect

from recording.keys import KeyProvider
from signaling.keys import signing_key
from signaling.roles import Keeper
from signaling.tokens import RecordingsClaims, Tokens
from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.shelf import Media, Shelf

DAY = 86_400.0
WHO = "ann@clinic"


@dataclass
class Clinic:
    """A service, and what it keeps."""

    service: Service
    shelf: Shelf
    media: Media

    async def link(self, role: Keeper = "administrator", *, session: str | None = None) -> str:
        """As the clinic's own server asks for one."""
        key = (self.service.data / "api-key").read_text().strip()
        asked = {"user_id": WHO, "role": role, **({"room_id": session} if session else {})}
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http,
            http.post(f"{self.service.url}/api/recordings/token", json=asked) as answer,
        ):
            said = await answer.json()
            assert answer.status == 200, said
            return f"{self.service.url}/recordings#token={said['token']}"

    def link_until(self, expires: float) -> str:
        claims = RecordingsClaims(jti="token-of-a-test", exp=int(expires), sub=WHO, role="administrator")
        token = Tokens(signing_key(self.service.data)).sign(claims, expires - 3600)
        return f"{self.service.url}/recordings#token={token}"

    async def keeps(self, id: str, film: bytes | None = None, *, days_ago: float = 1.0, session: str = "") -> str:
        """The name of a session that was recorded so long ago."""
        session = session or f"session-{id}"
        await self.shelf.add_session(id, session, time.time() - days_ago * DAY, film)
        return session


@asynccontextmanager
async def a_clinic(folder: Path, *flags: str, key: KeyProvider | None = None) -> AsyncIterator[Clinic]:
    """`key`: the service's own, if it is not the one in its folder."""
    (folder / "media").mkdir()
    media = Media(folder / "media", DOCTOR)
    service = Service(folder, *flags)
    await service.start()
    shelf = Shelf(folder, media, key)
    try:
        yield Clinic(service, shelf, media)
    finally:
        await shelf.database.close()
        stopped = await service.stop()
    assert stopped == 0, service.said()


async def at_the_list(
    clinic: Clinic,
    make: MakePerson,
    role: Keeper = "administrator",
    *,
    session: str | None = None,
    settings: Mapping[str, object] | None = None,
) -> ChromiumPerson:
    someone: ChromiumPerson = await make("Ann", DOCTOR, **(settings or {}))
    await someone.open(await clinic.link(role, session=session))
    await expect(someone.page.get_by_role("heading", name="Recordings", exact=True)).to_be_visible()
    return someone


async def opens(someone: ChromiumPerson, session: str) -> None:
    await someone.fill("Session", session)
    await row(someone, session).click()
    await expect(someone.page.get_by_role("heading", name=session, level=1)).to_be_visible()


def row(someone: ChromiumPerson, session: str) -> Locator:
    return someone.page.get_by_role("listitem").get_by_role("link", name=re.compile(re.escape(session)))


def film(someone: ChromiumPerson) -> Locator:
    return someone.page.locator("video")
