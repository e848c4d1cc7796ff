"""No page has anything that axe calls a violation; everything works with the keyboard; targets are large enough."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.looking import OVERFLOW, SCHEMES, SMALLEST_TARGET, TOO_SMALL, violations
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.states import walk

MOVES = "() => document.getAnimations().some(each => each instanceof CSSTransition)"


@pytest.mark.timeout(600)
async def test_axe_finds_nothing_on_any_page_and_targets_are_large_enough_on_a_phone(
    service: Service, person: MakePerson
) -> None:
    found: list[str] = []
    targets = 0

    async def careful(*arguments: Any) -> ChromiumPerson:
        return await person(*arguments, reduced_motion="reduce")

    async def look(name: str, someone: ChromiumPerson) -> None:
        nonlocal targets
        page = someone.page
        if await page.evaluate(MOVES):
            found.append(f"{name}: something moves although less motion was asked for")
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            found.extend(await violations(page, f"{name} ({scheme})"))
        await page.emulate_media(color_scheme=None)
        if await page.evaluate(OVERFLOW) > 0:
            found.append(f"{name} scrolls sideways")
        await page.set_viewport_size({"width": 375, "height": 812})
        found.extend(f"{name}: {each}" for each in await page.evaluate(TOO_SMALL, SMALLEST_TARGET))
        targets += len(await page.evaluate(TOO_SMALL, 10_000))
        if await page.evaluate(OVERFLOW) > 0:
            found.append(f"{name} scrolls sideways on a phone")
        await page.set_viewport_size({"width": 1280, "height": 800})

    await walk(service, careful, look)
    assert targets > 100
    assert not found, "\n".join(found)


async def test_the_narrowest_page_does_not_scroll_sideways(service: Service, session: str, person: MakePerson) -> None:
    narrow = {"width": 320, "height": 568}
    doctor = await person("Dr. Blue", DOCTOR, viewport=narrow)
    await doctor.open(await service.link("therapist", session))
    assert await doctor.page.evaluate(OVERFLOW) <= 0
    await doctor.fill("Your name", doctor.name)
    await doctor.press("Join session")
    await doctor.is_offered("Leave call")
    assert await doctor.page.evaluate(OVERFLOW) <= 0
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
