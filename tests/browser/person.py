"""A person at a browser, who finds things by the names that people and screen readers rely on."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from playwright.async_api import Locator, Page, expect

from tests.browser.content import COLOURS, EVERYONE, FIREFOX, SCREEN, SCREEN_COLOUR, Content

RECOGNISE = Path(__file__).with_name("recognise.js").read_text()

Found = TypeVar("Found")


async def eventually(look: Callable[[], Awaitable[Found | None]], what: str, *, seconds: float = 30) -> Found:
    """Looks again and again until there is something to see (a true value), which it returns."""
    end = time.monotonic() + seconds
    while not (found := await look()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        await asyncio.sleep(0.1)
    return found


@dataclass(frozen=True)
class Picture:
    """What a video shows, recognised."""

    content: Content | None
    moment: tuple[int, ...]
    """Changes from frame to frame."""
    width: int
    height: int

    def shows(self, content: Content) -> bool:
        """Whether it is what this person's camera sends, or that of somebody whose looks the same."""
        return self.content is not None and self.content.colours == content.colours

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Picture:
        """From what `recognise.js` measured."""
        left, right, lower = raw["left"], raw["right"], raw["lower"]
        size = (raw["width"], raw["height"])
        letters = _letter(left) + _letter(right)
        if known := next((each for each in EVERYONE if each.colours == letters), None):
            return cls(known, (raw["frames"] if raw["counter"] is None else raw["counter"],), *size)
        even = _distance(left, right) < 16 and _distance(left, lower) < 16
        if even and _distance(left, list(SCREEN_COLOUR)) < 30:
            return cls(SCREEN, (raw["frames"],), *size)
        strong = max(left) - min(left) > 120
        return cls(FIREFOX if even and strong else None, tuple(left), *size)


def _letter(colour: list[int]) -> str:
    """The known colour nearest to this one, if it is near at all."""
    letter, known = min(COLOURS.items(), key=lambda item: _distance(list(item[1]), colour))
    return letter if _distance(list(known), colour) < 60 else "?"


def _distance(one: list[int], other: list[int]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


HOMES = {
    "Lock session": "Participants",
    "Unlock session": "Participants",
    "Remove ": "Participants",
    "Ask to mute": "Participants",
    "Allow sharing": "Participants",
    "End session for everyone": "More",
    "Record session": "More",
    "Settings": "More",
    "Raise hand": "More",
    "Lower hand": "More",
    "Share screen": "More",
    "Stop sharing": "More",
    "Participants": "More",
    "Show large": "Participants",
    "Show all alike": "Participants",
    "Sound only": "More",
    "Show pictures again": "More",
    "Your connection": "More",
    "Picture in a small window": "More",
    "Close the small window": "More",
}
"""Where the buttons are that do not, or not on a phone, stand in the call bar; by the beginning of their names."""


class Person(ABC):
    """`name` is what they call themselves, `content` what their devices send."""

    def __init__(self, name: str, content: Content) -> None:
        self.name = name
        self.content = content
        self.errors: list[str] = []
        """What the page itself reported; there should never be anything."""

    @abstractmethod
    async def prepare(self, script: str) -> None:
        """A script that each page of theirs runs before its own, from the next one on."""

    @abstractmethod
    async def open(self, link: str) -> None: ...

    @abstractmethod
    async def press(self, name: str) -> None:
        """The button of this name."""

    @abstractmethod
    async def fill(self, name: str, text: str) -> None:
        """The field of this name."""

    @abstractmethod
    async def evaluate(self, function: str, *values: Any) -> Any:
        """Calls a JavaScript function in the page. Only for what cannot be seen from outside: pixels, sound, time."""

    async def join(self, link: str) -> None:
        await self.open(link)
        await self.fill("Your name", self.name)
        await self.press("Join session")

    async def admit(self, other: Person) -> None:
        await self.press(f"Admit {other.name}")

    async def picture(self, name: str) -> Picture | None:
        """What the tile of this person shows now."""
        raw = await self.evaluate("name => window.recognise.tile(name)", name)
        return Picture.of(raw) if raw else None

    async def sees(self, other: Person, *, seconds: float = 30) -> Picture:
        """The other's tile shows what the other's camera sends, and it moves."""
        moments: set[tuple[int, ...]] = set()
        last: Picture | None = None

        async def look() -> Picture | None:
            nonlocal last
            last = await self.picture(other.name)
            if last is None or not last.shows(other.content):
                moments.clear()
                return None
            moments.add(last.moment)
            return last if len(moments) >= 3 else None

        try:
            return await eventually(look, f"{self.name} sees {other.name} move", seconds=seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; last seen: {last}") from None

    async def listens(self, milliseconds: int = 900) -> list[Content]:
        """Whose sound comes out of the loudspeaker."""
        heard = await self.evaluate("time => window.recognise.sounds(time)", milliseconds)
        return [
            content
            for content in EVERYONE
            if any(abs(sound["pitch"] - content.pitch) <= 20 and sound["loudness"] > -50 for sound in heard)
        ]

    async def hears(self, *others: Person, seconds: float = 30) -> None:
        """Exactly these people are heard."""
        wanted = [content for content in EVERYONE if content in {other.content for other in others}]

        async def listen() -> bool:
            return await self.listens() == wanted

        names = ", ".join(other.name for other in others) or "nobody"
        await eventually(listen, f"{self.name} hears {names}", seconds=seconds)

    async def sees_and_hears(self, *others: Person, seconds: float = 30) -> None:
        for other in others:
            await self.sees(other, seconds=seconds)
        await self.hears(*others, seconds=seconds)


class ChromiumPerson(Person):
    """One person at one Chromium page."""

    def __init__(self, page: Page, name: str, content: Content) -> None:
        super().__init__(name, content)
        self.page = page
        self._expected = re.compile(r"(?!)")
        page.on("pageerror", lambda error: self._report(str(error)))
        page.on("console", lambda message: self._report(message.text) if message.type == "error" else None)

    def _report(self, error: str) -> None:
        if not self._expected.search(error):
            self.errors.append(error)

    def expects_network_errors(self) -> None:
        """From here on the browser may say that it reached nobody."""
        self._expected = re.compile(r"WebSocket connection to|net::ERR_|Failed to load resource|Failed to fetch")

    async def prepare(self, script: str) -> None:
        await self.page.add_init_script(script)

    async def open(self, link: str) -> None:
        await self.page.goto(link)

    async def press(self, name: str) -> None:
        await self.open_what_holds(name)
        await self.button(name).click()

    async def open_what_holds(self, name: str) -> None:
        """Opens the panel or the menu that a button is in, if it is not there already."""
        home = next((home for start, home in HOMES.items() if name.startswith(start)), None)
        if home is None or await self.button(name).is_visible():
            return
        await self.button("More").wait_for()
        if await self.button(name).is_visible():
            return
        await self.press(home)
        await self.button(name).wait_for()
        sheet = self.page.locator("dialog[open]")
        if await sheet.count() and not await sheet.get_by_role("button", name=name, exact=True).count():
            # the bar had not found its size yet: what is looked for stands in it by now
            await self.page.keyboard.press("Escape")
            await expect(sheet).to_have_count(0)

    async def fill(self, name: str, text: str) -> None:
        await self.page.get_by_label(name, exact=True).fill(text)

    async def evaluate(self, function: str, *values: Any) -> Any:
        return await self.page.evaluate(f"values => ({function})(...values)", list(values))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def recording(self) -> Locator:
        """The sign in the top line that the session is recorded, or is to be."""
        return self.page.locator("tb-recording-pill").get_by_role("button")

    def tile(self, name: str) -> Locator:
        return self.page.get_by_role("group", name=name, exact=True)

    async def is_offered(self, *names: str, seconds: float = 20) -> None:
        """These buttons are there and can be pressed."""
        for name in names:
            await expect(self.button(name)).to_be_enabled(timeout=seconds * 1000)

    async def is_not_offered(self, *names: str) -> None:
        for name in names:
            await expect(self.button(name)).to_have_count(0)

    async def is_refused(self, sentence: str) -> None:
        """Joining was refused, and this sentence says so."""
        await self.reads(sentence)
        await self.is_not_offered("Leave call")

    async def remove(self, other: Person) -> None:
        await self.press(f"Remove {other.name}")
        await self._confirm()

    async def leave(self) -> None:
        await self.press("Leave call")
        await self._confirm()

    async def end_for_everyone(self) -> None:
        await self.press("End session for everyone")
        await self._confirm()

    async def _confirm(self) -> None:
        """Gives the answer that changes something (the last button) where a question is asked."""
        question = self.page.get_by_role("alertdialog")
        if await question.count():
            await question.get_by_role("button").last.click()

    async def says(self, text: str) -> None:
        """Writes a chat message; opens the chat first if it is closed."""
        field = self.page.get_by_role("textbox", name="Message", exact=True)
        if not await field.is_visible():
            await self.press("Chat")
        await field.fill(text)
        await self.press("Send")

    async def reads(self, text: str, *, seconds: float = 20) -> None:
        """The page shows this text."""
        await expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible(timeout=seconds * 1000)

    async def reads_no_longer(self, text: str, *, seconds: float = 20) -> None:
        """The text is gone from the page."""
        await expect(self.page.get_by_text(text).filter(visible=True)).to_have_count(0, timeout=seconds * 1000)

    async def is_painted(self, other: Person, *, seconds: float = 20) -> None:
        """What is painted where the other's tile stands is the other's picture: nothing covers or hides it."""

        async def look() -> bool:
            return (await self._painted(other)).shows(other.content)

        await eventually(look, f"the picture of {other.name} is painted for {self.name}", seconds=seconds)

    async def sees_no_picture_of(self, other: Person, *, seconds: float = 20) -> None:
        """The other's tile is there and no picture of theirs is painted on it (the camera is off)."""
        await expect(self.tile(other.name)).to_be_visible()

        async def look() -> bool:
            return (await self._painted(other)).content is None

        await eventually(look, f"{self.name} no longer sees {other.name}", seconds=seconds)

    async def _painted(self, other: Person) -> Picture:
        screenshot = await self.tile(other.name).screenshot(animations="disabled")
        text = base64.b64encode(screenshot).decode()
        return Picture.of(await self.evaluate("text => window.recognise.painted(text)", text))

    async def sees_a_screen(self, other: Person, *, seconds: float = 30) -> None:
        """The other's screen is there, larger than any face, and it moves."""
        figure = self.page.get_by_role("figure", name=other.name)
        await expect(figure).to_be_visible(timeout=seconds * 1000)
        frames: set[tuple[int, ...]] = set()

        async def look() -> bool:
            raw = await figure.locator("video").evaluate("video => window.recognise.picture(video)")
            picture = Picture.of(raw) if raw else None
            if picture and picture.content is SCREEN:
                frames.add(picture.moment)
            return len(frames) >= 3

        await eventually(look, f"{self.name} sees the screen of {other.name}", seconds=seconds)
        screen, face = await figure.bounding_box(), await self.tile(other.name).bounding_box()
        assert screen is not None
        assert face is not None
        assert screen["width"] * screen["height"] > face["width"] * face["height"]

    async def sees_no_screen(self, *, seconds: float = 20) -> None:
        await expect(self.page.get_by_role("figure")).to_have_count(0, timeout=seconds * 1000)

    async def does_not_see(self, *others: Person, seconds: float = 20) -> None:
        """They have no tile."""
        for other in others:
            await expect(self.tile(other.name)).to_have_count(0, timeout=seconds * 1000)

    async def released_devices(self, *, seconds: float = 10) -> None:
        """The page has let go of every camera, microphone and screen that it ever opened: the light goes out."""

        async def look() -> bool:
            script = (
                "() => window.recognise.opened.length && window.recognise.opened.every(t => t.readyState === 'ended')"
            )
            return bool(await self.evaluate(script))

        await eventually(look, f"{self.name}'s devices are released", seconds=seconds)

    async def is_ready_to_join(self, *, seconds: float = 20) -> None:
        """The camera is on and the button can be pressed."""
        await expect(self.button("Join session")).to_be_enabled(timeout=seconds * 1000)

        async def look() -> bool:
            script = "() => [...document.querySelectorAll('video')].some(video => window.recognise.picture(video))"
            return bool(await self.evaluate(script))

        await eventually(look, f"{self.name}'s own camera is on", seconds=seconds)

    async def asks_to_move(self) -> None:
        """Answers that the call is to come to this device."""
        await self.page.get_by_role("alertdialog").get_by_role("button").last.click()

    async def allows_the_move(self) -> None:
        await self.page.get_by_role("alertdialog").get_by_role("button").last.click()
