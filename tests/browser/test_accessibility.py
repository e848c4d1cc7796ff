"""No page has anything that axe calls a violation; everything works with the keyboard; targets are large enough."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.states import walk

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET = 44

SETTLED = """() => Promise.all(document.getAnimations()
  .filter(each => each instanceof CSSTransition)
  .map(each => each.finished.catch(() => null)))"""

MOVES = "() => document.getAnimations().some(each => each instanceof CSSTransition)"

TOO_SMALL = """smallest => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=button]")]
  .filter(each => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map(each => [each, each.closest("label")?.getBoundingClientRect() ?? each.getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && (box.width < smallest - 0.5 || box.height < smallest - 0.5))
  .map(([each, box]) => `${each.outerHTML.slice(0, 120)} is ${Math.round(box.width)} x ${Math.round(box.height)}`)"""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_any_page(service: Service, person: MakePerson, scheme: str) -> None:
    found: list[str] = []

    async def careful(*arguments: Any) -> ChromiumPerson:
        return await person(*arguments, color_scheme=scheme, reduced_motion="reduce")

    async def look(name: str, someone: ChromiumPerson) -> None:
        await someone.page.evaluate(AXE_SCRIPT)
        if await someone.page.evaluate(MOVES):
            found.append(f"{name}: something moves although less motion was asked for")
        result = await someone.page.evaluate("tags => axe.run(document, { runOnly: tags })", RULES)
        assert result["passes"], "axe looked at nothing"
        found.extend(
            f"{name}: {violation['id']} ({violation['help']}): {node['html'][:160]} {node['failureSummary']}"
            for violation in result["violations"]
            for node in violation["nodes"]
        )

    await walk(service, careful, look)
    assert not found, "\n".join(found)


@pytest.mark.timeout(600)
async def test_targets_are_large_enough_on_a_phone(service: Service, person: MakePerson) -> None:
    found: list[str] = []
    looked_at = 0

    async def look(name: str, someone: ChromiumPerson) -> None:
        nonlocal looked_at
        await someone.page.set_viewport_size({"width": 375, "height": 812})
        await someone.page.evaluate(SETTLED)
        found.extend(f"{name}: {each}" for each in await someone.page.evaluate(TOO_SMALL, SMALLEST_TARGET))
        looked_at += len(await someone.page.evaluate(TOO_SMALL, 10_000))
        await someone.page.set_viewport_size({"width": 1280, "height": 800})

    await walk(service, person, look)
    assert looked_at > 100
    assert not found, "\n".join(found)


async def test_the_narrowest_page_does_not_scroll_sideways(service: Service, session: str, person: MakePerson) -> None:
    narrow = {"width": 320, "height": 568}
    doctor = await person("Dr. Blue", DOCTOR, viewport=narrow)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    await doctor.open(await service.link("therapist", session))
    assert await doctor.page.evaluate(overflow) <= 0
    await doctor.fill("Your name", doctor.name)
    await doctor.press("Join session")
    await doctor.is_offered("Leave call")
    assert await doctor.page.evaluate(overflow) <= 0
    await expect(doctor.button("Leave call")).to_be_in_viewport(ratio=1)


async def test_a_call_from_the_link_to_its_end_with_the_keyboard_alone(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    for someone, role in ((doctor, "therapist"), (patient, "patient")):
        await someone.open(await service.link(role, session))
        await _tab_to(someone, "Your name")
        await someone.page.keyboard.type(someone.name)
        await someone.page.keyboard.press("Enter")
    await doctor.is_offered("Admit Sam Reed")
    await _tab_to(doctor, "Admit Sam Reed")
    await doctor.page.keyboard.press("Enter")
    await doctor.sees(patient)
    await _tab_to(patient, "Mute microphone", along_the_bar=True)
    await patient.page.keyboard.press("Space")
    await patient.is_offered("Unmute microphone")
    await _tab_to(patient, "Leave call", along_the_bar=True)
    await patient.page.keyboard.press("Enter")
    await doctor.does_not_see(patient)


async def test_what_happens_is_announced(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await doctor.is_offered("Leave call")
    await doctor.page.evaluate(
        """() => {
          window.announced = [];
          const regions = [...document.querySelectorAll("[aria-live], [role=status], [role=alert], [role=log]")];
          for (const region of regions) new MutationObserver(() => window.announced.push(region.textContent))
            .observe(region, { childList: true, subtree: true, characterData: true });
        }"""
    )
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.press("Raise hand")
    await patient.is_offered("Lower hand")
    await patient.leave()
    await doctor.does_not_see(patient)
    announced = " / ".join(await doctor.page.evaluate("window.announced"))
    assert announced.count("Sam Reed") >= 4, announced


async def _tab_to(someone: ChromiumPerson, name: str, *, along_the_bar: bool = False) -> None:
    """Moves the focus with Tab, and with the arrow keys within the toolbar, to what has this name."""
    page = someone.page
    target = page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("textbox", name=name, exact=True))
    await target.wait_for()
    for _ in range(60):
        if await target.evaluate("element => element === document.activeElement"):
            return
        in_bar = await page.evaluate("() => document.activeElement?.closest('[role=toolbar]') !== null")
        await page.keyboard.press("ArrowRight" if along_the_bar and in_bar else "Tab")
    raise AssertionError(f"the keyboard does not reach {name!r}")
