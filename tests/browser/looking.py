"""What is wrong with how a page looks: by axe, too small to be hit, or wider than the window."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page, ViewportSize

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


OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def violations(page: Page, where: str) -> list[str]:
    """What axe finds there now."""
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
