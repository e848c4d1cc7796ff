"""The way into the staff pages and out of them, in a real browser: set-up, every way of signing in, idle logoff."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.desk import (
    at_the_door,
    dialog,
    heading,
    keeps_the_codes,
    sets_up_the_app,
    tab_to,
    types_new_password,
    types_password,
)
from tests.browser.looking import SIZES
from tests.browser.office import COOKIE, Office, an_office, has_authenticator, new_password, next_code
from tests.browser.person import eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


# Coming in


async def test_the_first_administrator_sets_the_clinic_up(tmp_path: Path, person: MakePerson) -> None:
    async with an_office(tmp_path) as office:
        ada = await person("Ada", DOCTOR)
        ada.expects_network_errors()
        await ada.open(f"{office.url}/staff")
        await expect(heading(ada, re.compile("Set up"))).to_be_visible()
        await expect(ada.page.get_by_label("Set-up token")).to_be_focused()
        await ada.fill("Set-up token", "not-the-token-that-was-shown")
        await ada.fill("Name", "Ada Adams")
        await ada.fill("Login", "ada")
        await types_new_password(ada, "Adams-adams 1")
        await ada.press("Continue")
        await ada.reads("Mostly your name")
        password = new_password()
        await types_new_password(ada, password)
        await ada.press("Continue")
        await ada.reads("This is not the set-up token")
        await expect(ada.page.get_by_label("Set-up token")).to_be_focused()

        await ada.open(f"{office.url}/staff#setup={await office.setup_token()}")  # in the tab that is open already
        await ada.reads("Your link has brought the set-up token")
        assert "setup=" not in ada.page.url
        await ada.fill("Name", "Ada Adams")
        await ada.fill("Login", "ada")
        await types_new_password(ada, password)
        await ada.press("Continue")
        await expect(heading(ada, "Protect your account")).to_be_focused()
        await ada.page.get_by_role("button", name=re.compile("^Authenticator app")).click()
        await sets_up_the_app(ada)
        await keeps_the_codes(ada)
        await expect(ada.page.locator("tb-staff[data-in] main h1")).to_be_focused()
        await ada.page.reload()
        await ada.page.get_by_role("link", name="People").click()
        await expect(heading(ada, "People")).to_be_visible()
        await expect(ada.page.get_by_role("link", name="Ada Adams")).to_be_visible()


async def test_a_password_and_a_code_of_the_app_let_somebody_in(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist", name="Dr. Theo Thorn")
    theo = await at_the_door(office, person)
    await expect(theo.page.get_by_label("Login")).to_be_focused()
    await theo.press("Sign in")
    await theo.reads("Type your login.")
    await types_password(theo, member.login, "a password of somebody else")
    await theo.reads("Login and password do not belong together")
    await expect(theo.page.get_by_label("Password", exact=True)).to_be_focused()
    await expect(theo.page.get_by_label("Password", exact=True)).to_have_value("")
    await types_password(theo, member.login.upper() + " ", member.password)
    await expect(heading(theo, "One more step")).to_be_visible()
    code = theo.page.get_by_label("Code from your authenticator app")
    await expect(code).to_be_focused()
    await expect(code).to_have_attribute("autocomplete", "one-time-code")
    await code.fill("12345")
    await theo.press("Continue")
    await theo.reads("Type the six digits")
    await code.fill("000 000")
    await theo.press("Continue")
    await theo.reads("This code is not right")
    digits = next_code(member)
    await code.fill(f"{digits[:3]} {digits[3:]}")
    await theo.press("Continue")
    banner = theo.page.get_by_role("banner")
    await expect(banner).to_contain_text("Dr. Theo Thorn")
    await expect(banner).to_contain_text("Therapist")
    await expect(theo.page.get_by_role("navigation").get_by_role("link", name="People")).to_have_count(0)
    await theo.press("Sign out")
    await expect(heading(theo, "You have signed out")).to_be_visible()
    await theo.page.reload()
    await expect(heading(theo, "Sign in")).to_be_visible()


async def test_a_recovery_code_lets_somebody_in_once(office: Office, person: MakePerson) -> None:
    member = await office.member("front_desk")
    code = member.codes.pop()
    fay = await at_the_door(office, person)
    for well in (True, False):
        await types_password(fay, member.login, member.password)
        await fay.press("Use a recovery code")
        await fay.fill("Recovery code", code.upper())
        await fay.press("Continue")
        if well:
            await fay.press("Sign out")
            await fay.press("Sign in again")
    await fay.reads("This code is not right, or it was used already")
    await fay.press("Sign in as somebody else")
    await expect(heading(fay, "Sign in")).to_be_visible()


async def test_a_passkey_is_set_up_and_lets_somebody_in_alone_and_after_a_password(
    office: Office, person: MakePerson
) -> None:
    link = await office.invitation("therapist", name="Pia Pass", login="pia")
    pia = await person("Pia", DOCTOR)
    await has_authenticator(pia.page)
    await pia.open(link)
    await expect(heading(pia, "Welcome, Pia Pass")).to_be_visible()
    assert "invitation" not in pia.page.url
    password = new_password()
    await types_new_password(pia, password)
    await pia.press("Continue")
    await pia.page.get_by_role("button", name=re.compile("^Passkey")).click()
    await pia.fill("Name of this passkey", "Laptop")
    await pia.press("Make a passkey")
    await keeps_the_codes(pia)
    await expect(pia.page.locator("tb-staff[data-in]")).to_be_visible()
    await pia.open(f"{office.url}/staff#security")
    await expect(pia.page.get_by_text("Laptop")).to_be_visible()

    await pia.press("Sign out")
    await pia.press("Sign in again")
    await pia.press("Sign in with a passkey")
    await expect(pia.page.get_by_role("banner")).to_contain_text("Pia Pass")

    await pia.press("Sign out")
    await pia.press("Sign in again")
    await types_password(pia, "pia", password)
    await pia.press("Use your passkey")
    await expect(pia.page.get_by_role("banner")).to_contain_text("Pia Pass")


async def test_a_passkey_that_is_not_used_says_so(office: Office, person: MakePerson) -> None:
    nobody = await at_the_door(office, person)
    await has_authenticator(nobody.page)
    await nobody.press("Sign in with a passkey")
    await nobody.reads("No passkey was used")


async def test_single_sign_on_leads_away_and_says_what_went_wrong(office: Office, person: MakePerson) -> None:
    """What happens there and on the way back is tried with a real provider elsewhere."""
    gate = {"needs_setup": False, "password": False, "second_factor": "required", "shortest_password": 12}
    someone = await person("Somebody", DOCTOR)
    someone.expects_network_errors()
    await someone.page.route(
        "**/api/staff/state", lambda route: route.fulfill(json=gate | {"sign_on": {"name": "Clinic Login"}})
    )
    await someone.page.route(
        "**/api/staff/sign-on", lambda route: route.fulfill(json={"address": f"{office.url}/check#there"})
    )
    await someone.open(f"{office.url}/staff#problem=sign_on_unknown")
    await someone.reads("nobody here has that account")
    await expect(someone.page.get_by_label("Password", exact=True)).to_have_count(0)
    await someone.press("Sign in with Clinic Login")
    await someone.page.wait_for_url("**/check#there")


async def test_whoever_guesses_is_locked_out_and_an_administrator_unlocks(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist", name="Lou Lock")
    lou = await at_the_door(office, person)
    for _ in range(5):
        await types_password(lou, member.login, "wrong password, again")
        await lou.reads("Login and password do not belong together")
        await expect(lou.page.get_by_label("Password", exact=True)).to_have_value("")
    await types_password(lou, member.login, member.password)
    await lou.reads("signing in is locked. Try again in 1 minute")

    ada = await office.page(person, await office.administrator(), "#people")
    row = ada.page.get_by_role("listitem").filter(has_text="Lou Lock")
    await expect(row).to_contain_text("Locked")
    await row.get_by_role("link").click()
    await expect(heading(ada, "Lou Lock")).to_be_focused()
    await ada.press("Unlock")
    await ada.reads("Lou Lock can sign in again")
    await types_password(lou, member.login, member.password)
    await expect(heading(lou, "One more step")).to_be_visible()


async def test_an_invitation_works_once(office: Office, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), "#people")
    await ada.press("Invite somebody")
    await dialog(ada).get_by_role("button", name="Make the link").click()
    await ada.reads("Type a name.")
    await ada.fill("Name", "Ben Bloom")
    await ada.fill("Login", "ben")
    await dialog(ada).get_by_role("button", name="Make the link").click()
    await ada.reads("Choose at least one role.")
    await dialog(ada).get_by_label(re.compile("^Therapist")).check()
    await dialog(ada).get_by_role("button", name="Make the link").click()
    await expect(dialog(ada).get_by_role("heading", name="The link for Ben Bloom")).to_be_visible()
    link = await dialog(ada).locator("code").inner_text()
    await ada.press("I have passed it on")
    row = ada.page.get_by_role("listitem").filter(has_text="Ben Bloom")
    await expect(row).to_contain_text("Invited")

    ben = await person("Ben", DOCTOR)
    ben.expects_network_errors()
    await ben.open(link)
    await expect(heading(ben, "Welcome, Ben Bloom")).to_be_visible()
    await types_new_password(ben, new_password())
    await ben.press("Continue")
    await ben.page.get_by_role("button", name=re.compile("^Authenticator app")).click()
    await sets_up_the_app(ben)
    await keeps_the_codes(ben)
    await expect(ben.page.get_by_role("banner")).to_contain_text("Ben Bloom")

    thief = await person("Thief", DOCTOR)
    thief.expects_network_errors()
    await thief.open(link)
    await expect(heading(thief, "This invitation does not work")).to_be_visible()
    await thief.press("Go to sign-in")
    await expect(heading(thief, "Sign in")).to_be_visible()


# Going out by itself


async def test_whoever_is_not_there_is_warned_and_signed_out(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist")
    theo = await person("Theo", DOCTOR)
    await theo.page.clock.install()
    await office.signs_in(theo.page, member)
    await theo.open(f"{office.url}/staff#security")
    await expect(heading(theo, "Your account")).to_be_visible()
    await theo.page.clock.fast_forward("14:20")
    warning = theo.page.get_by_role("alertdialog", name="Are you still there?")
    await expect(warning).to_contain_text("seconds")
    await warning.get_by_role("button", name="Stay signed in").click()
    await expect(warning).to_have_count(0)
    await theo.page.clock.fast_forward("13:00")
    await expect(warning).to_have_count(0)
    await theo.page.clock.fast_forward("02:10")
    await theo.reads("You were signed out because nobody had used this page")
    await expect(heading(theo, "Your account")).to_have_count(0)

    async def is_gone() -> bool:
        return COOKIE not in {cookie["name"] for cookie in await theo.page.context.cookies()}

    await eventually(is_gone, "the cookie is gone")


async def test_signing_out_in_one_tab_signs_out_in_the_other(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"))
    other = await theo.page.context.new_page()
    await other.goto(f"{office.url}/staff#security")
    await expect(other.get_by_role("heading", name="Your account", level=1)).to_be_visible()
    await theo.press("Sign out")
    await expect(other.get_by_text("You signed out in another tab.")).to_be_visible()
    await other.close()


# On a phone, and by keyboard


async def test_on_a_phone_everything_is_in_a_menu(office: Office, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), "#people", viewport=SIZES[375])
    await expect(heading(ada, "People")).to_be_visible()
    await ada.press("Menu")
    sheet = dialog(ada)
    await expect(sheet.get_by_role("heading", name="Ada Adams")).to_be_visible()
    await expect(sheet.get_by_role("link", name="People")).to_have_attribute("aria-current", "page")
    await sheet.get_by_role("link", name="API keys").click()
    await expect(heading(ada, "API keys")).to_be_focused()
    await ada.press("Menu")
    await dialog(ada).get_by_role("button", name="Sign out").click()
    await expect(heading(ada, "You have signed out")).to_be_visible()


async def test_everything_can_be_done_with_the_keyboard(office: Office, person: MakePerson) -> None:
    member = await office.member("administrator", name="Kay Keys")
    kay = await at_the_door(office, person)
    keyboard = kay.page.keyboard
    await keyboard.type(member.login)
    await keyboard.press("Tab")
    await keyboard.type(member.password)
    await keyboard.press("Enter")
    await expect(kay.page.get_by_label("Code from your authenticator app")).to_be_focused()
    await keyboard.type(next_code(member))
    await keyboard.press("Enter")
    await expect(kay.page.locator("tb-staff[data-in] h1")).to_be_focused()
    await kay.page.reload()
    await kay.page.locator("tb-staff[data-in] h1").wait_for()
    await keyboard.press("Tab")
    await expect(kay.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await keyboard.press("Enter")
    await expect(kay.page.locator("tb-staff[data-in] h1")).to_be_focused()
    await tab_to(kay, kay.page.get_by_role("link", name="API keys"), back=True)
    await keyboard.press("Enter")
    await expect(heading(kay, "API keys")).to_be_focused()
    await tab_to(kay, kay.button("New key"))
    await keyboard.press("Enter")
    await expect(dialog(kay).get_by_role("heading", name="New API key")).to_be_focused()
    await keyboard.press("Escape")
    await expect(kay.button("New key")).to_be_focused()
