"""What people do at the staff pages, by the names that stand there: signing in by hand, second factors, dialogs."""

from __future__ import annotations

import re

import pyotp
from playwright.async_api import Locator, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.office import Office
from tests.browser.person import ChromiumPerson


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
    key = someone.page.locator("code.staff-secret")
    await expect(key).not_to_have_text("")
    secret = (await key.inner_text()).replace(" ", "")
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


async def tab_to(someone: ChromiumPerson, target: Locator, *, back: bool = False) -> None:
    await target.wait_for()
    for _ in range(60):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await someone.page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {target}")
