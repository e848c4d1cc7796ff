"""What is wrong with how a page looks: by axe, too small to be hit, or wider than the window."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, ViewportSize, expect

from tests.browser.person import ChromiumPerson

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET = 44
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

SIZES = {1280: ViewportSize(width=1280, height=800), 375: ViewportSize(width=375, height=812)}

SETTLED = """() => Promise.all(document.getAnimations()
  .filter(each => each instanceof CSSTransition)
  .map(each => each.finished.catch(() => null)))"""

TOO_SMALL = """smallest => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=button]")]
  .filter(each => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map(each => [each, each.closest("label")?.getBoundingClientRect() ?? each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < smallest - 0.5 || box.height < smallest - 0.5))
  .map(([each, box]) => `${each.outerHTML.slice(0, 120)} is ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
  .map(each => each.outerHTML.slice(0, 100)).slice(-3)"""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def violations(page: Page, where: str) -> list[str]:
    """What axe finds there once it has loaded: until then what was there before is pale."""
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await page.evaluate(AXE_SCRIPT)
    result = await page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
    assert result["passes"], "axe looked at nothing"
    return [
        f"{where}: {violation['id']} ({violation['help']}): {node['html'][:160]} {node['failureSummary']}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


async def look_at(page: Page, name: str, folder: Path, *, sizes: dict[int, ViewportSize] = SIZES) -> list[str]:
    """Takes its picture, wide in light colours and narrow in dark ones; returns what is wrong with it."""
    wrong = []
    before = page.viewport_size
    for (width, size), scheme in zip(sizes.items(), SCHEMES, strict=False):
        await page.set_viewport_size(size)
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.evaluate(SETTLED)
        await page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", animations="disabled")
        wrong += await violations(page, f"{name} {width} {scheme}")
        if await page.evaluate(OVERFLOW) > 0:
            wrong.append(f"{name} scrolls sideways at {width} px")
        wrong += [f"{name} {width}: {each}" for each in await page.evaluate(TOO_SMALL, SMALLEST_TARGET)]
    await page.emulate_media(color_scheme=None, reduced_motion=None)
    if before:
        await page.set_viewport_size(before)
    return wrong


class Photographs:
    """A walk's look: each state in both widths and both colours, into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._folder = folder

    @property
    def count(self) -> int:
        return len(list(self._folder.glob("*.png")))

    async def __call__(self, name: str, someone: ChromiumPerson) -> None:
        page = someone.page
        for width, size in SIZES.items():
            await page.set_viewport_size(size)
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                ending = "" if scheme == "light" else "-dark"
                open_dialog = bool(await page.locator("dialog[open]").count())
                path = self._folder / f"{name}-{width}{ending}.png"
                await page.screenshot(path=path, animations="disabled", full_page=not open_dialog)
            assert await page.evaluate(OVERFLOW) <= 0, f"{name} scrolls sideways at {width} px"
        await page.emulate_media(color_scheme=None)
        await page.set_viewport_size(SIZES[1280])


class Accessible:
    """A walk's look: what axe finds, and what scrolls sideways."""

    def __init__(self) -> None:
        self.found: list[str] = []

    async def __call__(self, name: str, someone: ChromiumPerson) -> None:
        await someone.page.evaluate(SETTLED)
        self.found += await violations(someone.page, name)
        if await someone.page.evaluate(OVERFLOW) > 0:
            self.found.append(f"{name} scrolls sideways")


class OnAPhone:
    """A walk's look: targets too small to be hit, and text of twice the size that does not fit."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.targets = 0

    async def __call__(self, name: str, someone: ChromiumPerson) -> None:
        page = someone.page
        await page.evaluate(SETTLED)
        self.found += [f"{name}: {each}" for each in await page.evaluate(TOO_SMALL, SMALLEST_TARGET)]
        self.targets += len(await page.evaluate(TOO_SMALL, 10_000))
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        if await page.evaluate(OVERFLOW) > 0:
            self.found.append(f"{name} scrolls sideways with large text: {await page.evaluate(TOO_WIDE)}")
        await page.evaluate("document.documentElement.style.fontSize = ''")
