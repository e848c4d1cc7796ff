"""The staff pages in a real browser: set-up, every way of signing in, people, keys, emergency access, idle logoff."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Locator, Route, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.looking import SIZES
from tests.browser.office import COOKIE, Office, an_office, has_authenticator, new_password, next_code
from tests.browser.person import ChromiumPerson


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


def heading(someone: ChromiumPerson, name: str | re.Pattern[str]) -> Locator:
    return someone.page.get_by_role("heading", level=1, name=name)


def dialog(someone: ChromiumPerson) -> Locator:
    return someone.page.locator("dialog[open]").last


async def at_the_door(office: Office, make: MakePerson, **settings: object) -> ChromiumPerson:
    someone: ChromiumPerson = await make("Somebody", DOCTOR, **settings)
    someone.expects_network_errors()  # Chromium tells of every refusal
    await someone.open(f"{office.url}/staff")
    await expect(heading(someone, "Sign in")).to_be_visible()
    return someone


async def types_password(someone: ChromiumPerson, login: str, password: str) -> None:
    await someone.fill("Login", login)
    await someone.fill("Password", password)
    await someone.press("Sign in")


async def types_new_password(someone: ChromiumPerson, password: str) -> None:
    await someone.fill("New password", password)
    await someone.fill("The same password again", password)


async def sets_up_the_app(someone: ChromiumPerson) -> str:
    """With the picture's key, which can be typed instead; returns it."""
    await expect(someone.page.get_by_role("img", name="QR code")).to_be_visible()
    await someone.page.get_by_text("Type the key instead").click()
    secret = (await someone.page.locator("code.staff-secret").inner_text()).replace(" ", "")
    await someone.fill("Code from the app", pyotp.TOTP(secret).now())
    await someone.press("Confirm")
    return secret


async def keeps_the_codes(someone: ChromiumPerson) -> list[str]:
    codes = someone.page.locator(".staff-codes li code")
    await expect(codes).to_have_count(10)
    kept = await codes.all_inner_texts()
    await someone.press("Continue")
    await someone.reads("Print or copy them first")
    await someone.page.get_by_label("I keep these codes").check()
    await someone.press("Continue")
    return kept


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
        await types_new_password(ada, "adaadamsada1")
        await ada.press("Continue")
        await ada.reads("Mostly your name")
        password = new_password()
        await types_new_password(ada, password)
        await ada.press("Continue")
        await ada.reads("This is not the set-up token")
        await expect(ada.page.get_by_label("Set-up token")).to_be_focused()

        await ada.open(f"{office.url}/staff#setup={office.setup_token}")  # in the tab that is open already
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
        await expect(heading(ada, "People")).to_be_focused()
        await ada.page.reload()
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
    await dialog(ada).get_by_label("Therapist").check()
    await dialog(ada).get_by_role("button", name="Make the link").click()
    await expect(dialog(ada).get_by_role("heading", name="The link for Ben Bloom")).to_be_visible()
    link = await dialog(ada).locator("code").inner_text()
    await ada.press("I have passed it on")
    row = ada.page.get_by_role("listitem").filter(has_text="Ben Bloom")
    await expect(row).to_contain_text("Invited")

    ben = await person("Ben", DOCTOR)
    ben.expects_network_errors()
    await ben.open(link.replace("127.0.0.1", "localhost"))
    await expect(heading(ben, "Welcome, Ben Bloom")).to_be_visible()
    await types_new_password(ben, new_password())
    await ben.press("Continue")
    await ben.page.get_by_role("button", name=re.compile("^Authenticator app")).click()
    await sets_up_the_app(ben)
    await keeps_the_codes(ben)
    await expect(ben.page.get_by_role("banner")).to_contain_text("Ben Bloom")

    thief = await person("Thief", DOCTOR)
    thief.expects_network_errors()
    await thief.open(link.replace("127.0.0.1", "localhost"))
    await expect(heading(thief, "This invitation does not work")).to_be_visible()
    await thief.press("Go to sign-in")
    await expect(heading(thief, "Sign in")).to_be_visible()


# One's own account


async def test_a_password_is_changed_and_other_browsers_are_signed_out(office: Office, person: MakePerson) -> None:
    member = await office.member("therapist")
    here = await office.page(person, member, "#security")
    there = await office.page(person, member, "#security")
    here.expects_network_errors()
    there.expects_network_errors()
    await here.press("Change password")
    await here.fill("Your password until now", "something else")
    await types_new_password(here, password := new_password())
    await dialog(here).get_by_role("button", name="Save").click()
    await here.reads("This is not your password.")
    await here.fill("Your password until now", member.password)
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
    member.codes = await keeps_the_codes(theo)
    await theo.reads("You have new recovery codes")
    await office.page(person, member, "#security")


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
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {secret}"}) as http:
            async with http.post(f"{office.service.url}/api/token", json=asked) as answer:
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
    theo = await office.page(person, await office.member("therapist", name="Theo Thorn"))
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

    aud = await office.page(person, await office.member("auditor", name="Aud Iverson"), "#emergencies")
    row = aud.page.get_by_role("listitem").filter(has_text="Theo Thorn")
    await expect(row).to_contain_text("a patient is in danger")
    await aud.press("I have looked at it: Theo Thorn")
    await aud.reads("It is on record that you have looked at it")
    await expect(row).to_contain_text("Looked at")

    await theo.press("End it")
    await expect(bar).to_be_hidden()
    await expect(theo.button("Emergency access")).to_be_visible()


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
    assert COOKIE not in {cookie["name"] for cookie in await theo.page.context.cookies()}


async def test_signing_out_in_one_tab_signs_out_in_the_other(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"))
    other = await theo.page.context.new_page()
    await other.goto(f"{office.url}/staff")
    await expect(other.get_by_role("heading", name="Your account", level=1)).to_be_visible()
    await theo.press("Sign out")
    await expect(other.get_by_text("You signed out in another tab.")).to_be_visible()
    await other.close()


# On a phone, and by keyboard


async def test_on_a_phone_everything_is_in_a_menu(office: Office, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), viewport=SIZES[375])
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


async def tab_to(someone: ChromiumPerson, target: Locator, *, back: bool = False) -> None:
    await target.wait_for()
    for _ in range(60):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await someone.page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {target}")


async def test_what_one_may_not_see_leads_to_what_one_may(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#keys")
    await expect(heading(theo, "API keys")).to_have_count(0)
    assert not theo.page.url.endswith("#keys")
