"""What tests of appointments ask a server over HTTP: as the booking system, and as a visitor's browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp

from tests.signaling.server import API_KEY, Server

WITH_KEY = {"Authorization": f"Bearer {API_KEY}"}

ANSWERS: dict[str, Any] = {
    "called": "Alex",
    "place": "Salem, Oregon",
    "phone": "+1 503 555 0100",
    "emergency_name": "Robin",
    "emergency_phone": "+1 503 555 0101",
    "telehealth": True,
}


class Office:
    """The booking system."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def now(self) -> float:
        return self.server.clock.clock.wall()

    def at(self, seconds: float) -> str:
        """So many seconds from now, as the API takes it."""
        return datetime.fromtimestamp(self.now + seconds, UTC).isoformat(timespec="seconds")

    async def asks(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.server.http.request(
            method, self.server.url + path, json=body, headers=WITH_KEY | headers
        ) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    async def books(self, **changes: Any) -> dict[str, Any]:
        """One with one patient, in ten minutes."""
        status, answer = await self.asks("POST", "/api/appointments", self.asked(**changes))
        assert status == 201, answer
        booked: dict[str, Any] = answer
        return booked

    def asked(self, **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {
            "therapist": "dr-blue",
            "therapist_name": "Dr. Blue",
            "start": self.at(600),
            "zone": "America/Los_Angeles",
            "patients": [{"id": "p-1", "name": "Alex Doe", "email": "alex@example.org", "phone": "+1 503 555 0100"}],
        }
        return values | changes


class Device:
    """One browser of a visitor, with its own cookies."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Device:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def asks(self, what: str, link: str, **body: Any) -> tuple[int, Any]:
        async with self.http.post(
            f"{self.server.url}/api/visit/{what}", json={"link": link} | body, headers={"Origin": self.server.url}
        ) as answer:
            return answer.status, await answer.json()

    async def opens(self, link: str) -> Any:
        status, answer = await self.asks("open", link)
        assert status == 200, answer
        return answer

    async def checks_in(self, link: str, **changes: Any) -> Any:
        version = (await self.opens(link))["questions"]["text"]["version"]
        status, answer = await self.asks("checkin", link, **(ANSWERS | {"text_version": version} | changes))
        assert status == 200, answer
        return answer

    async def token(self, link: str) -> str:
        status, answer = await self.asks("join", link)
        assert status == 200, answer
        return str(answer["token"])


def link_in(booked: dict[str, Any], number: int = 0) -> str:
    """The secret behind `#`."""
    return str(booked["links"][number]["url"]).partition("#")[2]
