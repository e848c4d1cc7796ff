"""Two real Chromium and the whole service, as people use them: links, a name, Join, Admit. Of each call it can be
chosen whether it is encrypted end to end; everything else is the same.

    clear       neither browser can encrypt: the server's setting lets them in all the same
    passed      one cannot, so nothing is encrypted; the frames of the other go through its worker as they are
    encrypted   both can

Not here: what is measured (`cost.py`, `joins.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.e2ee import speech
from bench.errors import Failed, NotAvailable
from bench.network import content
from bench.network.browsers import CHROMIUM, FLAGS, NAMES, ROLES, SIDES
from bench.processes import BUILD, Cores
from bench.recording_service import Service

Kind = Literal["clear", "passed", "encrypted"]
KINDS: tuple[Kind, ...] = ("clear", "passed", "encrypted")
CANNOT: dict[Kind, tuple[str, ...]] = {"clear": SIDES, "passed": ("right",), "encrypted": ()}
"""Whose browser cannot encrypt."""

FOLDER = BUILD / "e2ee"
PAGE = Path(__file__).with_name("page.js").read_text("utf-8")
OLD = """
delete window.RTCRtpScriptTransform;
delete RTCRtpSender.prototype.createEncodedStreams;
delete RTCRtpReceiver.prototype.createEncodedStreams;
"""
"""Makes a browser one that cannot encrypt frames."""

SHARP = "Object.defineProperty(window, 'devicePixelRatio', { get: () => 4 });"
"""So that a small window is told to be worth a large picture: to paint a large one without a graphics card takes as
much as to encode it."""

WINDOW = (640, 480)
CONNECT_SECONDS = 30.0


class People:
    """A service and two browsers, started once for many calls. Raises NotAvailable where something is missing."""

    def __init__(self, address: str, size: tuple[int, int]) -> None:
        """`size`: of what cameras give."""
        if not Path(CHROMIUM).exists():
            raise NotAvailable("real browsers need chromium")
        self._number = 0
        self._open: list[Callable[[], None]] = []
        try:
            self.service = Service(address, Cores.shared(), FOLDER / "service")
            self._open.append(self.service.close)
            # what encryption costs depends on how much is sent, not on what: a picture that keeps its size is wanted
            film = content.film(FOLDER / f"still-{size[0]}x{size[1]}.y4m", *size, pans=False)
            sound = speech.sound(FOLDER / "speech.wav")
            playwright = sync_playwright().start()
            self._open.append(playwright.stop)
            self._browsers: dict[str, Browser] = {}
            for side in SIDES:
                browser = playwright.chromium.launch(
                    executable_path=CHROMIUM,
                    args=[
                        *FLAGS,
                        "--allow-loopback-in-peer-connection",
                        f"--use-file-for-fake-video-capture={film}",
                        f"--use-file-for-fake-audio-capture={sound}",
                    ],
                    chromium_sandbox=False,
                )
                self._open.append(browser.close)
                self._browsers[side] = browser
        except BaseException:
            self.close()
            raise

    @property
    def version(self) -> str:
        return self._browsers["left"].version

    def browser(self, side: str) -> Browser:
        return self._browsers[side]

    @contextmanager
    def pages(self, kind: Kind, sharp: bool = False) -> Iterator[tuple[Page, Page]]:
        """A fresh one of each side, with nothing loaded. `sharp`: the right one asks for the largest picture. What a
        page cannot do becomes Failed."""
        contexts, pages = [], []
        try:
            for side in SIDES:
                context = self._browsers[side].new_context(
                    viewport={"width": WINDOW[0], "height": WINDOW[1]}, locale="en-US"
                )
                contexts.append(context)
                context.set_default_timeout(CONNECT_SECONDS * 1000)
                scripts = [PAGE, OLD * (side in CANNOT[kind]), SHARP * (sharp and side == "right")]
                for script in filter(None, scripts):
                    context.add_init_script(script)
                pages.append(context.new_page())
            left, right = pages
            yield left, right
        except PlaywrightError as error:
            raise Failed(f"{kind}: {str(error)[:300]}") from None
        finally:
            for context in contexts:
                context.close()

    def links(self) -> dict[str, str]:
        """Of a session that there was not yet, by side."""
        self._number += 1
        return {side: self.service.link(ROLES[side][0], f"e2ee-{self._number}") for side in SIDES}

    def close(self) -> None:
        while self._open:
            self._open.pop()()


def enter(page: Page, side: str, link: str) -> None:
    """The page before a call, with everything filled in and the own camera on."""
    page.goto(link)
    page.get_by_label("Your name", exact=True).fill(NAMES[side])
    wait(lambda: bool(page.evaluate("bench.ownPicture()")), "the own camera is on")


def switch_off(page: Page) -> None:
    """Microphone and camera, before the call: this one only sees and hears."""
    press(page, "Mute microphone")
    press(page, "Turn camera off")


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def leave(page: Page) -> None:
    press(page, "Leave call")
    question = page.get_by_role("alertdialog")
    if question.count():
        question.get_by_role("button").last.click()


def wait(holds: Callable[[], bool], what: str) -> None:
    """Raises Failed."""
    until = time.monotonic() + CONNECT_SECONDS
    while not holds():
        if time.monotonic() > until:
            raise Failed(f"not within {CONNECT_SECONDS:.0f} s: {what}")
        time.sleep(0.1)
