"""A page of which a file does not come starts all the same, or says that it cannot."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import PATIENT
from tests.browser.looking import look_at
from tests.browser.service import Service

TOLD = "This page could not be loaded completely"


async def test_a_file_that_is_lost_is_loaded_again(service: Service, session: str, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    patient.expects_network_errors()
    lost = 0

    async def lose_two(route: Route) -> None:
        nonlocal lost
        lost += 1
        await (route.abort("connectionreset") if lost <= 2 else route.continue_())

    await patient.page.route("**/js/sending.js", lose_two)
    await patient.page.goto(await service.link("patient", session))
    await patient.is_offered("Join session")
    assert lost == 3
    await expect(patient.page.get_by_text(TOLD)).to_be_hidden()


async def test_words_that_are_lost_are_loaded_again(service: Service, session: str, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    patient.expects_network_errors()
    await patient.page.route("**/strings/en.json", lambda route: route.abort("connectionreset"), times=1)
    await patient.page.goto(await service.link("patient", session))
    await patient.is_offered("Join session")


async def test_who_cannot_load_the_page_is_told_and_can_try_again(
    service: Service, session: str, person: MakePerson, tmp_path: Path
) -> None:
    patient = await person("Sam Reed", PATIENT)
    patient.expects_network_errors()
    await patient.page.route("**/js/sending.js", lambda route: route.abort("failed"))
    await patient.page.goto(await service.link("patient", session))
    await patient.reads(TOLD)
    assert await look_at(patient.page, "unloaded", tmp_path) == []
    await patient.page.unroute_all()
    await patient.press("Try again")
    await patient.is_offered("Join session")


async def test_who_has_a_browser_that_is_too_old_is_told_so_and_nothing_else(
    service: Service, session: str, person: MakePerson, tmp_path: Path
) -> None:
    patient = await person("Sam Reed", PATIENT)
    await patient.page.add_init_script("delete Object.hasOwn")
    pages = {"session": await service.link("patient", session), "check": "/check", "recordings": "/recordings"}
    for name, address in pages.items():
        await patient.page.goto(address if name == "session" else service.url + address)
        await patient.reads("This browser is too old")
        await expect(patient.page.get_by_text(TOLD)).to_be_hidden()
        await expect(patient.page.get_by_role("button")).to_have_count(0)
        assert await look_at(patient.page, f"outdated-{name}", tmp_path) == []
