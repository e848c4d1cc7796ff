"""Every page as people see it, wide and narrow, light and dark, in `build/screenshots/`. For looking at."""

from __future__ import annotations

import shutil

import pytest

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DRAWN, Content
from tests.browser.looking import OVERFLOW, SIZES
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.states import walk


@pytest.mark.screenshots
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
            assert await page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways at {width} px"
        await page.emulate_media(color_scheme=None)
        if before:
            await page.set_viewport_size(before)

    async def drawn(name: str, content: Content, *flags: str) -> ChromiumPerson:
        return await person(name, DRAWN[content], *flags)

    await walk(service, drawn, look)
    assert len(list(folder.glob("*.png"))) >= 60
