"""What people do at the staff pages once they are in: their own account, keys, emergency access, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.desk import dialog, heading, keeps_the_codes, types_new_password
from tests.browser.looking import SIZES
from tests.browser.office import Office, an_office, new_password


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


# One's own account


async def test_a_password_is_changed_and_other_browsers_are_signed_out(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist")
    here = await office.page(person, member, "#security")
    there = await office.page(person, member, "#security")
    here.expects_network_errors()
    there.expects_network_errors()
    await here.press("Change password")
    await here.fill("Current password", "something else")
    await types_new_password(here, password := new_password())
    await dialog(here).get_by_role("button", name="Save").click()
    await here.reads("This is not your password.")
    await here.fill("Current password", member.password)
    await here.fill("The same password again", "another one")
    await dialog(here).get_by_role("button", name="Save").click()
    await here.reads("This is not the same password.")
    await here.fill("The same password again", password)
    await dialog(here).get_by_role("button", name="Save").click()
    await here.reads("Your password was changed")
    await there.press("Make new codes")
    await dialog(there).get_by_role("button", name="Make new codes").click()
    await there.reads("Your time was over")
    member.password = password
    await office.page(person, member, "#security")


async def test_other_browsers_are_listed_and_signed_out(office: Office, person: MakePerson) -> None:
    member = await office.member("auditor")
    here = await office.page(person, member, "#security")
    await office.page(person, member, "#security")
    await here.page.reload()
    sessions = here.page.get_by_role("region", name="Where you are signed in").get_by_role("listitem")
    await expect(sessions).to_have_count(3)  # and the one of their invitation
    await here.press("Sign out everywhere else")
    await dialog(here).get_by_role("button", name="Sign out there").click()
    await here.reads("You were signed out everywhere else")
    await expect(sessions).to_have_count(1)
    await expect(sessions).to_contain_text("This browser")


async def test_new_recovery_codes_are_shown_until_they_are_kept(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist")
    theo = await office.page(person, member, "#security")
    await theo.press("Make new codes")
    await dialog(theo).get_by_role("button", name="Make new codes").click()
    await expect(dialog(theo).get_by_role("heading", name="Your recovery codes")).to_be_visible()
    await theo.page.keyboard.press("Escape")
    await theo.page.emulate_media(media="print")
    await expect(theo.page.locator(".staff-codes li").first).to_be_visible()
    await expect(theo.page.get_by_text("Recovery codes for")).to_be_visible()
    await expect(theo.button("Continue")).to_be_hidden()
    await theo.page.emulate_media(media="screen")
    member.codes = await keeps_the_codes(theo)
    await theo.reads("You have new recovery codes")
    await office.page(person, member, "#security")


async def test_nothing_jumps_while_panels_load(office: Office, person: MakePerson) -> None:
    theo = await person("Theo", DOCTOR)
    await theo.prepare("""
      window.shifted = [];
      const what = each => each.sources.map(({ node }) => (node?.outerHTML ?? node?.textContent ?? "").slice(0, 80));
      const add = list => list.getEntries().forEach(each => window.shifted.push([each.value, ...what(each)]));
      new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
    """)
    await office.signs_in(theo.page, await office.administrator())
    for place in ("security", "people", "keys", "emergencies"):
        await theo.open(f"{office.url}/staff?{place}#{place}")
        await theo.page.locator("tb-staff[data-in] .staff-page:not([aria-busy])").wait_for()
        shifted = await theo.page.evaluate("window.shifted")
        assert sum(each[0] for each in shifted) < 0.02, (place, shifted)


# Keys, and showing who one is


async def test_a_key_is_shown_once_works_and_is_revoked(office: Office, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), "#keys")
    await ada.press("New key")
    await ada.fill("Which program is it for?", "Booking")
    await dialog(ada).get_by_label("Links to sessions").check()
    await dialog(ada).get_by_role("button", name="Make the key").click()
    await expect(dialog(ada).get_by_role("heading", name="The key for Booking")).to_be_visible()
    secret = await dialog(ada).locator("code").inner_text()
    await ada.press("I have copied it")
    row = ada.page.get_by_role("listitem").filter(has_text="Booking")
    await expect(row).to_contain_text("never used")
    await expect(ada.page.get_by_text(secret)).to_have_count(0)

    async def status() -> int:
        asked = {"user_id": "dr-blue", "role": "therapist", "room_id": "s-1"}
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.post(f"{office.service.url}/api/token", json=asked) as answer,
        ):
            return answer.status

    assert await status() == 200
    await ada.press("Revoke Booking")
    await dialog(ada).get_by_role("button", name="Revoke").click()
    await ada.reads("Booking works no longer")
    await expect(row).to_contain_text("Revoked")
    assert await status() == 401


async def test_whoever_has_been_there_long_shows_that_it_is_them(office: Office, person: MakePerson) -> None:
    admin = await office.administrator()
    ada = await office.page(person, admin, "#keys")
    ada.expects_network_errors()
    refusals = 0

    async def refuse_once(route: Route) -> None:
        nonlocal refusals
        if route.request.method == "POST" and refusals == 0:
            refusals += 1
            await route.fulfill(status=403, json={"code": "confirm_needed", "error": "Confirm that it is you."})
        else:
            await route.continue_()

    await ada.page.route("**/api/staff/keys", refuse_once)
    await ada.press("New key")
    await ada.fill("Which program is it for?", "Website")
    await dialog(ada).get_by_label("Quality reports").check()
    await dialog(ada).get_by_role("button", name="Make the key").click()
    question = dialog(ada)
    await expect(question.get_by_role("heading", name="Is it you?")).to_be_visible()
    await question.get_by_label("Your password").fill("wrong")
    await question.get_by_role("button", name="Continue").click()
    await ada.reads("This was not right.")
    await question.get_by_label("Your password").fill(admin.password)
    await question.get_by_role("button", name="Continue").click()
    await expect(dialog(ada).get_by_role("heading", name="The key for Website")).to_be_visible()


# Emergency access


async def test_emergency_access_is_seen_as_long_as_it_lasts_and_looked_at_by_somebody_else(
    office: Office, person: MakePerson
) -> None:
    theo = await office.page(person, await office.member("therapist", name="Theo Thorn"), "#security")
    await theo.press("Emergency access")
    await theo.fill("Why it is needed", "too short")
    await theo.press("Open records now")
    await theo.reads("At least ten characters.")
    await theo.fill("Why it is needed", "The colleague is ill and a patient is in danger")
    await theo.press("Open records now")
    bar = theo.page.get_by_role("region", name="Emergency access")
    await expect(bar).to_contain_text("Emergency access until")
    await theo.page.reload()
    await expect(bar).to_contain_text("30 minutes")
    await theo.page.set_viewport_size(SIZES[375])
    await theo.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await expect(bar).to_be_in_viewport()
    await theo.page.set_viewport_size(SIZES[1280])

    aud = await office.page(person, await office.member("auditor", name="Aud Iverson"), "#emergencies")
    row = aud.page.get_by_role("listitem").filter(has_text="Theo Thorn")
    await expect(row).to_contain_text("a patient is in danger")
    await aud.press("I have looked at it: Theo Thorn")
    await aud.reads("It is on record that you have looked at it")
    await expect(row).to_contain_text("Looked at")

    await theo.press("End it")
    await expect(bar).to_be_hidden()
    await expect(theo.button("Emergency access")).to_be_visible()


async def test_what_one_may_not_see_leads_to_what_one_may(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#keys")
    await expect(heading(theo, "API keys")).to_have_count(0)
    assert not theo.page.url.endswith("#keys")
