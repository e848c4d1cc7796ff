"""Every page as people see it, wide and narrow, light and dark, in `build/screenshots/`. For looking at."""

from __future__ import annotations

import shutil

import pytest
from playwright.async_api import ViewportSize

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DRAWN, Content
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.states import walk

SIZES = {1280: ViewportSize(width=1280, height=800), 375: ViewportSize(width=375, height=812)}


@pytest.mark.timeout(600)
async def test_screenshots_of_every_page(service: Service, person: MakePerson) -> None:
    folder = BUILD / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)

    async def look(name: str, someone: ChromiumPerson) -> None:
        page = someone.page
        before = page.viewport_size
        for width, size in SIZES.items():
            await page.set_viewport_size(size)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                ending = "" if scheme == "light" else "-dark"
                await page.screenshot(path=folder / f"{name}-{width}{ending}.png", animations="disabled")
            overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await page.evaluate(overflow) <= 0, f"{name} scrolls sideways at {width} px"
        await page.emulate_media(color_scheme=None)
        if before:
            await page.set_viewport_size(before)

    async def drawn(name: str, content: Content, *flags: str) -> ChromiumPerson:
        return await person(name, DRAWN[content], *flags)

    await walk(service, drawn, look)
    assert len(list(folder.glob("*.png"))) >= 60
