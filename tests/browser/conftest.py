"""Real browsers at a real service: fixtures for the tests of this folder, which all run on one event loop."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Playwright, async_playwright, expect

from tests.browser.content import DRAWN, Content, write_portrait, write_sound, write_video
from tests.browser.person import RECOGNISE, ChromiumPerson
from tests.browser.service import Service

BUILD = Path(__file__).parents[2] / "build"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"

FLAGS = [
    "--disable-gpu",
    "--use-fake-device-for-media-stream",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--allow-loopback-in-peer-connection",
]

PAGES = ("test_check_page", "test_loading", "test_recordings_", "test_staff", "test_visit")
"""How the names of files begin whose tests look at pages and hold no calls: two of them can run at a time. A call of
two takes both cores of a small machine, so those run one after the other."""

Launch = Callable[..., Awaitable[Browser]]
MakePerson = Callable[..., Awaitable[ChromiumPerson]]


expect.set_options(timeout=20_000)  # as long as what people do may take, on a busy machine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of this folder last (what fails in milliseconds is told first) and tells calls from pages."""
    ours = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.pages if item.path.name.startswith(PAGES) else pytest.mark.calls)
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    items[:] = [item for item in items if item not in ours] + ours


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


class Devices:
    """The flags that make a browser's camera and microphone those of a person. Files are made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, content: Content) -> list[str]:
        film = self._folder / f"camera-{content.pitch}.y4m"
        if not film.exists():
            (write_portrait if content in DRAWN.values() else write_video)(film, content)
        sound = self._folder / f"microphone-{content.pitch}.wav"
        if not sound.exists():
            write_sound(sound, content)
        return [f"--use-file-for-fake-video-capture={film}", f"--use-file-for-fake-audio-capture={sound}"]


@pytest.fixture(scope="session")
def devices(tmp_path_factory: pytest.TempPathFactory) -> Devices:
    return Devices(tmp_path_factory.mktemp("devices"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser_of(playwright: Playwright, devices: Devices) -> AsyncIterator[Launch]:
    """Chromium with the devices of one person: one process each, kept for all tests."""
    browsers: dict[tuple[Content, tuple[str, ...]], Browser] = {}

    async def launch(content: Content, *flags: str) -> Browser:
        key = (content, flags or ("--use-fake-ui-for-media-stream",))
        if key not in browsers or not browsers[key].is_connected():
            browsers[key] = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=[*FLAGS, *devices[content], *key[1]], chromium_sandbox=False
            )
        return browsers[key]

    yield launch
    for browser in browsers.values():
        await browser.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One service for the tests of a module; each test uses a session of its own in it."""
    running = Service(tmp_path_factory.mktemp("service"))
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


@pytest.fixture
def session(request: pytest.FixtureRequest) -> str:
    """The id of a session that no other test uses."""
    return f"s-{os.urandom(6).hex()}"


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser_of: Launch, request: pytest.FixtureRequest) -> AsyncIterator[MakePerson]:
    """Makes people: `await person("Dr. Blue", DOCTOR)`. Each has a browser context of their own."""
    contexts: list[BrowserContext] = []
    people: list[ChromiumPerson] = []

    async def make(name: str, content: Content, *flags: str, **settings: object) -> ChromiumPerson:
        browser = await browser_of(content, *flags)
        options: dict[str, object] = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **settings}
        context = await browser.new_context(**options)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(20_000)
        await context.add_init_script(RECOGNISE)
        someone = ChromiumPerson(await context.new_page(), name, content)
        people.append(someone)
        return someone

    yield make
    for number, someone in enumerate(people):
        if request.node.stash.get(FAILED, False) and not someone.page.is_closed():
            name = re.sub(r"\W+", "-", f"{request.node.name} {number} {someone.name}")
            await someone.page.screenshot(path=BUILD / "failures" / f"{name}.png")
    for context in contexts:
        await context.close()
    errors = [f"{someone.name}: {error}" for someone in people for error in someone.errors]
    assert not errors, "the pages reported errors:\n" + "\n".join(errors)
