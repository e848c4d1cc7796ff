"""Two real Chromium, in places of their own (`places.py`), in a call through our server or directly with each other.

Through our server they use the web client as people do: links, a name, Join, Admit. Directly they have a bare page
(`page.js`) that asks for the same camera, codecs and bit rate. Not here: the networks and what is made of the figures
(`compared.py`).
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from bench.errors import Failed, NotAvailable
from bench.network import content
from bench.network.places import FOLDER, Places
from bench.processes import Cores, Program, run
from signaling.keys import signing_key
from signaling.roles import Role
from signaling.tokens import JoinClaims, Tokens

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PAGE = Path(__file__).with_name("page.js").read_text("utf-8")
DIRECT_URL = "https://direct.example/"
DIRECT_PAGE = """<!doctype html><title>direct</title><style>video { width: 100%; } #own { width: 200px; }</style>
<video id="other" autoplay playsinline></video><video id="own" autoplay playsinline muted></video>"""

PORT, MEDIA_PORT = 18480, 18482
SIDES = ("left", "right")
ROLES: dict[str, tuple[Role, str]] = {"left": ("therapist", "therapy"), "right": ("patient", "secure-therapy")}
NAMES = {"left": "Dr. Left", "right": "Pat Right"}
START_SECONDS = 60.0
CONNECT_SECONDS = 45.0
CAMERA_BPS = 2_500_000
"""What the web client lets its camera take."""

Route = Literal["ours", "direct"]
Emulated = Mapping[str, float]
"""What the right Chromium itself is to do to its packets (`Network.emulateNetworkConditions`)."""


class Call:
    """One that runs. `rows`: what each side has reported since `start`, once a second."""

    def __init__(self, contexts: Sequence[BrowserContext], pages: Mapping[str, Page]) -> None:
        self._contexts = contexts
        self.pages = pages

    def start(self) -> None:
        for page in self.pages.values():
            page.evaluate("bench.start()")

    def stop(self) -> dict[str, list[dict[str, Any]]]:
        return {side: page.evaluate("bench.stop()") for side, page in self.pages.items()}

    def look(self) -> dict[str, dict[str, Any]]:
        return {side: page.evaluate("bench.look()") for side, page in self.pages.items()}

    def close(self) -> None:
        for context in self._contexts:
            context.close()


class Browsers:
    """Two browsers and a server, started once for many calls. Raises NotAvailable where something is missing."""

    def __init__(self, places: Places, size: tuple[int, int]) -> None:
        if not Path(CHROMIUM).exists() or shutil.which("nsenter") is None:
            raise NotAvailable("real browsers need chromium and nsenter (util-linux)")
        self._places = places
        self._number = 0
        self._open: list[Callable[[], None]] = []
        try:
            self.server = self._serve()
            film = content.film(FOLDER / f"film-{size[0]}x{size[1]}.y4m", *size)
            playwright = sync_playwright().start()
            self._open.append(playwright.stop)
            self._browsers: dict[str, Browser] = {}
            for side in SIDES:
                browser = playwright.chromium.launch(
                    executable_path=str(places.script(side, CHROMIUM)),
                    args=[*FLAGS, f"--use-file-for-fake-video-capture={film}"],
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

    def call(self, route: Route, shape: Callable[[], None], emulated: Emulated) -> Call:
        """Connected, both see and hear, or only hear where the network leaves no more. `shape` is called when pages
        are loaded and before anything connects. Raises Failed."""
        self._number += 1
        contexts, pages = [], {}
        for side in SIDES:
            context = self._browsers[side].new_context(
                viewport={"width": 1280, "height": 800}, locale="en-US", ignore_https_errors=True
            )
            contexts.append(context)
            context.set_default_timeout(CONNECT_SECONDS * 1000)
            context.add_init_script(PAGE)
            pages[side] = context.new_page()
        call = Call(contexts, pages)
        try:
            (self._through_us if route == "ours" else self._directly)(pages, shape, emulated)
            self._wait_for_media(call)
        except PlaywrightError as error:
            call.close()
            raise Failed(f"{route}: {str(error)[:300]}") from None
        except BaseException:
            call.close()
            raise
        return call

    def close(self) -> None:
        while self._open:
            self._open.pop()()

    def _through_us(self, pages: Mapping[str, Page], shape: Callable[[], None], emulated: Emulated) -> None:
        session = f"bench-{self._number}"
        _emulate(pages["right"], emulated)  # the page makes its connection ready before anybody joins
        for side, page in pages.items():
            page.goto(self._link(side, session))
            page.get_by_label("Your name", exact=True).fill(NAMES[side])
        shape()
        for side in SIDES:
            pages[side].get_by_role("button", name="Join session", exact=True).click()
        pages["left"].get_by_role("button", name=f"Admit {NAMES['right']}", exact=True).click()

    def _directly(self, pages: Mapping[str, Page], shape: Callable[[], None], emulated: Emulated) -> None:
        for page in pages.values():
            page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=DIRECT_PAGE))
            page.goto(DIRECT_URL)
        _emulate(pages["right"], emulated)
        shape()
        for page in pages.values():
            page.evaluate("bench.direct()")
        offer = pages["left"].evaluate("bench.offer()")
        answer = pages["right"].evaluate("sdp => bench.answer(sdp)", offer)
        pages["left"].evaluate("sdp => bench.accept(sdp)", answer)
        for page in pages.values():
            page.evaluate("most => bench.limit(most)", CAMERA_BPS)

    def _wait_for_media(self, call: Call) -> None:
        until = time.monotonic() + CONNECT_SECONDS
        patience = time.monotonic() + CONNECT_SECONDS / 2
        while True:
            pages = call.pages.values()
            if all(page.evaluate("bench.sees()") for page in pages):
                return
            if time.monotonic() > patience and all(page.evaluate("bench.hears()") for page in pages):
                return
            if time.monotonic() > until:
                raise Failed("the browsers do not hear each other")
            time.sleep(0.2)

    def _link(self, side: str, session: str) -> str:
        role, page = ROLES[side]
        now = time.time()
        claims = JoinClaims(jti=f"{session}-{side}", exp=int(now + 3600), room=session, sub=f"{side}-user", role=role)
        token = Tokens(signing_key(self._data)).sign(claims, now)
        return f"https://{self._places.address('middle')}:{PORT}/video-call/{page}#token={token}"

    def _serve(self) -> Program:
        """The whole service, as an operator starts it."""
        folder = FOLDER / "service"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._data = folder / "data"
        address = self._places.address("middle")
        flags = {
            "host": address,
            "port": PORT,
            "tls": "self-signed",
            "data-dir": self._data,
            "media-host": address,
            "media-port": MEDIA_PORT,
            "joins-per-minute": 100_000,
        }
        said = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
        command = self._places.inside("middle", [sys.executable, "-m", "therabook", "serve", *said])
        program = Program(command, Cores.shared(), folder / "log")
        self._open.append(program.stop)
        until = time.monotonic() + START_SECONDS
        ready = [sys.executable, "-c", READY, f"https://{address}:{PORT}/readyz"]
        while "up" not in run(self._places.inside("middle", ready)):
            if not program.running or time.monotonic() > until:
                raise Failed(f"the service didn't start: {program.last_words()}")
            time.sleep(0.3)
        return program


READY = """
import ssl, sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=2, context=ssl._create_unverified_context())
    print("up")
except OSError as error:
    print(error)
"""


def _emulate(page: Page, emulated: Emulated) -> None:
    """Before there is a peer connection: later ones are not touched."""
    if emulated:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1, **emulated},
        )
