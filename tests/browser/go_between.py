"""Stands in a page's signaling socket: hears what the page tells, and says in the server's name what a test needs to
have said, so that what a bad network does can be looked at without one.

What is said here is simulated. That the server says it by itself is for other tests.
"""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.async_api import WebSocketRoute

from tests.browser.person import ChromiumPerson, eventually

SOCKET = re.compile(r"^ws.*")


class GoBetween:
    """`await GoBetween.for_(person)` before the person opens their link."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        """What the page has told of what is seen."""
        self._person: ChromiumPerson
        self._held: set[str] = set()
        """Whose pictures the server is made to have paused: ids."""
        self._page: WebSocketRoute | None = None
        self._state: dict[str, Any] | None = None
        self._grade: str | None = None
        self._understood = False
        """Whether the server takes `view`."""

    @classmethod
    async def for_(cls, person: ChromiumPerson) -> GoBetween:
        between = cls()
        between._person = person
        await person.page.route_web_socket(SOCKET, between._join)
        return between

    def says(self, message: dict[str, Any]) -> None:
        """To the page, in the server's name."""
        assert self._page is not None
        self._page.send(json.dumps(message))

    async def hold(self, *names: str) -> None:
        """From now on exactly these people's pictures are paused."""
        ids = await self._ids() if names else {}
        self._held = {ids[name] for name in names}
        assert self._state is not None
        self.says(self._with_held(self._state))

    def grade(self, grade: str) -> None:
        """From now on the page's own connection is said to be like this."""
        self._grade = grade
        self.says(self._with_grade({"type": "quality", "people": {}}))

    async def sees_at(self, person: ChromiumPerson, name: str, *, least: int, most: int) -> int:
        """The page tells that it shows the camera of this person at a height between the two, in device pixels."""

        async def look() -> int | None:
            height = self._height_of((await self._ids())[name])
            return height + 1 if height is not None and least <= height <= most else None

        try:
            return await eventually(look, f"{person.name} tells that {name} is shown at {least} to {most} pixels") - 1
        except AssertionError as error:
            raise AssertionError(f"{error}; last told: {self.views[-1:]}") from None

    async def _ids(self) -> dict[str, str]:
        """By name, as the page shows them: the server does not know any."""
        script = "tiles => Object.fromEntries(tiles.map(tile => [tile.ariaLabel, tile.dataset.person]))"
        found: dict[str, str] = await self._person.page.locator("tb-tile[data-person]").evaluate_all(script)
        return found

    def _height_of(self, person: str) -> int | None:
        """As last told; None: nothing was said of it."""
        if not self.views or self._state is None:
            return None
        mids = {each["mid"] for each in self._state["slots"] if (each["person"], each["source"]) == (person, "camera")}
        return next((each["height"] for each in self.views[-1]["slots"] if each["mid"] in mids), None)

    def _join(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        self._page = page

        def from_page(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] == "view":
                self.views.append(message)
                if not self._understood:
                    return
            server.send(text)

        def from_server(text: str | bytes) -> None:
            message = json.loads(text)
            if message["type"] == "state":
                self._understood |= any("held" in slot for slot in message["slots"])
                self._state = message
                message = self._with_held(message)
            elif message["type"] == "quality":
                message = self._with_grade(message)
            page.send(json.dumps(message))

        page.on_message(from_page)
        server.on_message(from_server)

    def _with_grade(self, quality: dict[str, Any]) -> dict[str, Any]:
        if self._grade is None or self._state is None:
            return quality
        return quality | {"people": quality["people"] | {self._state["you"]["id"]: self._grade}}

    def _with_held(self, state: dict[str, Any]) -> dict[str, Any]:
        slots = [
            slot
            | {"held": slot.get("held", False) or (slot["source"] != "microphone" and slot["person"] in self._held)}
            for slot in state["slots"]
        ]
        return state | {"slots": slots}
