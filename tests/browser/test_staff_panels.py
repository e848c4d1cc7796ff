"""Every panel of the staff pages, whoever made it: opens for each role that sees it, looks well while there is nothing
in it yet, and says so when the server does not answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.looking import OVERFLOW, SCHEMES, SETTLED, SIZES, SMALLEST_TARGET, TOO_SMALL, violations
from tests.browser.office import Office, an_office
from tests.browser.person import ChromiumPerson

ROLES = ("administrator", "therapist", "supervisor", "front_desk", "auditor")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


async def panels_of(someone: ChromiumPerson) -> list[str]:
    links = someone.page.locator("tb-staff-navigation a[data-panel]")
    return [str(await link.get_attribute("data-panel")) for link in await links.all()]


async def opens(someone: ChromiumPerson, panel: str) -> None:
    await someone.page.evaluate("place => { location.hash = place }", f"#{panel}")
    await expect(someone.page.locator("tb-staff-navigation a[aria-current]")).to_have_attribute("data-panel", panel)
    await someone.page.locator("main h1").first.wait_for()
    await expect(someone.page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ROLES)
async def test_every_panel_opens_and_looks_well(office: Office, person: MakePerson, role: str) -> None:
    found: list[str] = []
    someone = await office.page(person, await office.member(role), reduced_motion="reduce")
    panels = await panels_of(someone)
    assert "security" in panels
    for panel in panels:
        await opens(someone, panel)
        found += [f"{panel}: {text}" for text in await someone.page.locator("main .note.bad:visible").all_inner_texts()]
        for width, scheme in zip(SIZES, SCHEMES, strict=True):
            await someone.page.set_viewport_size(SIZES[width])
            await someone.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await someone.page.evaluate(SETTLED)
            found += await violations(someone.page, f"{panel} {width}")
            if await someone.page.evaluate(OVERFLOW) > 0:
                found.append(f"{panel} scrolls sideways at {width} px")
            found += [f"{panel}: {each}" for each in await someone.page.evaluate(TOO_SMALL, SMALLEST_TARGET)]
        await someone.page.set_viewport_size(SIZES[1280])
    assert not found, "\n".join(found)


async def test_a_panel_says_so_when_the_server_does_not_answer(office: Office, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), "#security")
    ada.expects_network_errors()
    answers = False

    async def refuse(route: Route) -> None:
        if answers:
            await route.continue_()
        else:
            await route.abort("connectionrefused")

    await ada.page.route("**/api/staff/accounts*", refuse)
    await ada.page.evaluate("location.hash = '#people'")
    await ada.reads("The server cannot be reached")
    answers = True
    await ada.press("Try again")
    await expect(ada.page.get_by_role("link", name="Ada Adams")).to_be_visible()
    await ada.reads_no_longer("The server cannot be reached")


async def test_recordings_are_a_page_of_their_own_that_knows_who_is_signed_in(
    office: Office, person: MakePerson
) -> None:
    theo = await office.page(person, await office.member("therapist"))
    await theo.page.locator("tb-staff-navigation").get_by_role("link", name="Recordings").click()
    await expect(theo.page.get_by_role("heading", level=1, name="Recordings")).to_be_visible()
    assert theo.page.url.endswith("/recordings")
    fay = await office.page(person, await office.member("front_desk"))
    await expect(fay.page.locator("tb-staff-navigation a[href='/recordings']")).to_have_count(0)
