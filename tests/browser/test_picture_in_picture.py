"""The other person's picture in a small window, for whoever has to look something up meanwhile."""

from __future__ import annotations

from contextlib import suppress

from playwright.async_api import Error, Page, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import PATIENT
from tests.browser.machine import turns
from tests.browser.person import RECOGNISE, ChromiumPerson, Picture, eventually
from tests.browser.service import Service
from tests.browser.test_controls import call
from tests.browser.test_low_data import watched_call


async def small_window(person: ChromiumPerson) -> Page:
    """Opens it, by the name of its button."""
    async with person.page.context.expect_page() as opening:
        await person.press("Picture in a small window")
    window = await opening.value
    await window.set_viewport_size({"width": 400, "height": 300})  # Playwright has made it as large as a page
    await window.evaluate(RECOGNISE)
    return window


async def shows(window: Page, person: ChromiumPerson) -> None:
    async def look() -> bool:
        raw = await window.evaluate("() => window.recognise.picture(document.querySelector('video'))")
        return raw is not None and Picture.of(raw).content is person.content

    await eventually(look, f"the small window shows {person.name}")


async def test_the_small_window_shows_the_other_person_and_has_the_microphone(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    window = await small_window(doctor)
    await shows(window, patient)
    await expect(window.get_by_text("Sam Reed")).to_be_visible()
    await window.get_by_role("button", name="Mute microphone", exact=True).click()
    await patient.hears()
    await doctor.is_offered("Unmute microphone")

    await patient.press("Turn camera off")
    await expect(window.get_by_text("Camera off")).to_be_visible()
    await patient.press("Turn camera on")
    await shows(window, patient)

    await window.get_by_role("button", name="Back to the call", exact=True).click()
    await eventually(lambda: _closed(window), "the small window closes")
    await doctor.press("More")
    await doctor.is_offered("Picture in a small window")


async def test_the_small_window_opens_and_closes_with_the_keyboard(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await doctor.press("More")
    async with doctor.page.context.expect_page() as opening:
        await doctor.button("Picture in a small window").focus()
        await doctor.page.keyboard.press("Enter")
    window = await opening.value
    await expect(window.get_by_text(patient.name)).to_be_visible()
    await window.keyboard.press("Tab")
    assert await window.evaluate("() => document.activeElement?.textContent") == "MuteMute microphone"
    with suppress(Error):  # it is gone before the key is up again
        await window.keyboard.press("Escape")
    await eventually(lambda: _closed(window), "the small window closes")


async def test_the_small_window_closes_with_the_call(service: Service, session: str, person: MakePerson) -> None:
    doctor, _ = await call(service, session, person)
    window = await small_window(doctor)
    await doctor.leave()
    await eventually(lambda: _closed(window), "the small window closes")


async def test_what_only_the_small_window_shows_is_still_wanted(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, between = await watched_call(service, session, person)
    await between.hold()
    large = await between.sees_at(patient, doctor.name, least=400, most=800)
    window = await small_window(patient)
    await turns(patient, "hidden")
    await between.sees_at(patient, doctor.name, least=50, most=large - 50)
    await window.close()
    await between.sees_at(patient, doctor.name, least=0, most=0)


async def test_alone_there_is_nothing_to_show(service: Service, session: str, person: MakePerson) -> None:
    doctor = await person("Dr. Blue", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await doctor.is_offered("Leave call")
    await doctor.press("More")
    await doctor.is_not_offered("Picture in a small window")


async def _closed(window: Page) -> bool:
    return window.is_closed()
