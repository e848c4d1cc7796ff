"""Every state of the staff pages as people see it, in `build/screenshots-staff/`: wide, narrow, light and dark; with
nothing that axe calls a violation, targets that are large enough, and text at twice its size."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DOCTOR
from tests.browser.looking import SIZES, Accessible, OnAPhone, Photographs
from tests.browser.office import Office, an_office, has_authenticator, new_password
from tests.browser.person import ChromiumPerson

Look = Callable[[str, ChromiumPerson], Awaitable[None]]

LONG = "Dr. Wilhelmina Featherstonehaugh-Cholmondeley"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


async def walk(office: Office, make: MakePerson, look: Look, **settings: object) -> None:
    """Goes from state to state and looks at each."""
    await _setting_up(office, make, look, **settings)
    admin = await office.administrator()
    await _signing_in(office, make, look, **settings)
    await _invited(office, make, look, **settings)

    theo = await office.member("therapist", name=LONG)
    someone = await office.page(make, theo, "", **settings)
    await someone.page.goto(f"{office.url}/staff#security")
    await someone.reads("Recovery codes")
    await look("security", someone)
    await someone.press("Change password")
    await someone.fill("New password", "too short")
    await look("change-password", someone)
    await someone.page.keyboard.press("Escape")
    await someone.press("Make new codes")
    await look("new-codes-question", someone)
    await someone.page.get_by_role("alertdialog").get_by_role("button", name="Make new codes").click()
    await expect(someone.page.locator(".staff-codes li code")).to_have_count(10)
    await look("new-codes", someone)
    await someone.page.get_by_label("I keep these codes").check()
    await someone.press("Continue")
    await someone.reads("You have new recovery codes")
    await _through_the_menu(someone, "Emergency access")
    await look("emergency-question", someone)
    await someone.fill("Why it is needed", "The colleague is ill and a patient is in danger")
    await someone.press("Open records now")
    await someone.reads("Emergency access until")
    await look("emergency", someone)
    await someone.press("End it")
    await expect(someone.page.get_by_role("region", name="Emergency access")).to_have_count(0)

    auditor = await office.page(make, await office.member("auditor"), "#emergencies", **settings)
    await auditor.reads("a patient is in danger")
    await look("emergencies", auditor)

    ada = await office.page(make, admin, "#people", **settings)
    await ada.reads(LONG)
    await look("people", ada)
    if (ada.page.viewport_size or {"width": 0})["width"] < 900:
        await ada.press("Menu")
        await look("menu", ada)
        await ada.page.keyboard.press("Escape")
    await ada.press("Invite somebody")
    await ada.press("Make the link")
    await look("invite", ada)
    await ada.page.keyboard.press("Escape")
    await ada.page.get_by_role("link", name=LONG).first.click()
    await expect(ada.page.get_by_role("heading", level=1, name=LONG)).to_be_visible()
    await look("person", ada)
    await ada.press("New invitation link")
    await ada.press("Make the link")
    await ada.reads("Whoever has this link")
    await look("link", ada)
    await ada.press("I have passed it on")
    await ada.page.goto(f"{office.url}/staff#keys")
    await ada.press("New key")
    await look("new-key", ada)
    await ada.fill("Which program is it for?", "Booking")
    await ada.page.get_by_label(re.compile("^Appointments")).check()
    await ada.press("Make the key")
    await ada.reads("It is shown only this once")
    await look("key", ada)
    await ada.press("I have copied it")
    await ada.reads("never used")
    await look("keys", ada)
    await _through_the_menu(ada, "Sign out")
    await ada.reads("You have signed out")
    await look("signed-out", ada)


async def _through_the_menu(someone: ChromiumPerson, name: str) -> None:
    """The top line's button of this name; on a phone it stands in the menu."""
    if not await someone.button(name).is_visible():
        await someone.press("Menu")
    await someone.button(name).last.click()


async def _setting_up(office: Office, make: MakePerson, look: Look, **settings: object) -> None:
    """Only looked at: the clinic is set up over the API."""
    nobody = await make("Nobody", DOCTOR, **settings)
    nobody.expects_network_errors()
    gate = {"password": True, "sign_on": None, "second_factor": "required", "shortest_password": 12}
    await nobody.page.route("**/api/staff/state", lambda route: route.fulfill(json=gate | {"needs_setup": True}))
    await nobody.open(f"{office.url}/staff")
    await nobody.reads("Set-up token")
    await look("setup", nobody)
    await nobody.fill("Set-up token", "something")
    await nobody.fill("Name", "Ada Adams")
    await nobody.fill("Login", "ada")
    await nobody.fill("New password", "abcdefghijklmnop")
    await nobody.press("Continue")
    await nobody.reads("Mostly rows of keys")
    await look("setup-weak", nobody)


async def _signing_in(office: Office, make: MakePerson, look: Look, **settings: object) -> None:
    member = await office.member("front_desk")
    someone = await make("Somebody", DOCTOR, **settings)
    someone.expects_network_errors()
    await someone.open(f"{office.url}/staff#problem=sign_on_unknown")
    await someone.reads("nobody here has that account")
    await look("sign-in-problem", someone)
    await someone.page.reload()
    await someone.page.get_by_role("heading", name="Sign in").wait_for()
    await look("sign-in", someone)
    await someone.fill("Login", member.login)
    await someone.fill("Password", "wrong")
    await someone.press("Sign in")
    await someone.reads("do not belong together")
    await look("sign-in-wrong", someone)
    await someone.fill("Password", member.password)
    await someone.press("Sign in")
    await someone.fill("Code from your authenticator app", "000000")
    await someone.press("Continue")
    await someone.reads("This code is not right")
    await look("second-factor", someone)
    await someone.press("Use a recovery code")
    await look("recovery-code", someone)


async def _invited(office: Office, make: MakePerson, look: Look, **settings: object) -> None:
    name = "Ina Invited"
    login = new_password().replace(" ", "")
    link = await office.invitation("therapist", name=name, login=login)
    ina = await make("Ina", DOCTOR, **settings)
    await has_authenticator(ina.page)
    await ina.open(link)
    await ina.reads(f"Welcome, {name}")
    await look("invitation", ina)
    password = new_password()
    await ina.fill("New password", password)
    await ina.fill("The same password again", password)
    await ina.press("Continue")
    await ina.reads("Protect your account")
    await look("enrol", ina)
    await ina.page.get_by_role("button", name=re.compile("^Passkey")).click()
    await look("passkey", ina)
    await ina.press("Choose something else")
    await ina.page.get_by_role("button", name=re.compile("^Authenticator app")).click()
    await ina.page.get_by_text("Type the key instead").click()
    key = ina.page.locator("code.staff-secret")
    await expect(key).not_to_have_text("")
    secret = (await key.inner_text()).replace(" ", "")
    await look("app", ina)
    await ina.fill("Code from the app", pyotp.TOTP(secret).now())
    await ina.press("Confirm")
    await expect(ina.page.locator(".staff-codes li code")).to_have_count(10)
    await look("codes", ina)

    other = await make("Other", DOCTOR, **settings)
    other.expects_network_errors()
    await other.open(f"{office.url}/staff#invitation=an-invitation-of-yesterday")
    await other.reads("This invitation does not work")
    await look("invitation-over", other)


@pytest.mark.screenshots
@pytest.mark.timeout(600)
async def test_screenshots_of_every_state(office: Office, person: MakePerson) -> None:
    photographs = Photographs(BUILD / "screenshots-staff")
    await walk(office, person, photographs)
    assert photographs.count >= 80


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
async def test_axe_finds_nothing_in_any_state(office: Office, person: MakePerson, scheme: str, width: int) -> None:
    accessible = Accessible()
    await walk(office, person, accessible, color_scheme=scheme, reduced_motion="reduce", viewport=SIZES[width])
    assert not accessible.found, "\n".join(accessible.found)


@pytest.mark.timeout(600)
async def test_targets_are_large_enough_and_text_may_be_twice_as_large_on_a_phone(
    office: Office, person: MakePerson
) -> None:
    phone = OnAPhone()
    await walk(office, person, phone, viewport=SIZES[375])
    assert phone.targets > 100
    assert not phone.found, "\n".join(phone.found)
