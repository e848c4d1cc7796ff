"""Somebody new at the clinic is invited by e-mail, with a real mail server: from the form to the link."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.desk import dialog, heading
from tests.browser.office import Office, an_office
from tests.browser.person import eventually
from tests.signaling.outbox.mail_server import MailServerForTests, Received, a_mail_server, flags_for


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mail(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailServerForTests]:
    async with a_mail_server(tmp_path_factory.mktemp("mail"), "none") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory, mail: MailServerForTests) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office"), *flags_for(mail)) as opened:
        yield opened


async def link_to(mail: MailServerForTests, address: str, count: int = 1) -> str:
    """In the newest of so many mails."""

    async def come() -> Received | None:
        theirs = [each for each in mail.received if address in each.recipients]
        return theirs[-1] if len(theirs) == count else None

    received: Received = await eventually(come, f"{count} mails to {address}")
    found = re.search(r"\S+#invitation=\S+", received.text)
    assert found is not None
    return found.group()


async def test_somebody_is_invited_by_mail_and_again(
    office: Office, person: MakePerson, mail: MailServerForTests
) -> None:
    ada = await office.page(person, await office.administrator(), "#people")
    await ada.press("Invite somebody")
    await ada.fill("Name", "Ben Bloom")
    await ada.fill("Login", "ben")
    await ada.fill("E-mail", "ben at home")
    await dialog(ada).get_by_label(re.compile("^Therapist")).check()
    await ada.press("Make the link")
    await ada.reads("This is no e-mail address.")
    await ada.fill("E-mail", "ben@clinic.example")
    await ada.press("Make the link")
    await ada.reads("It is sent to ben@clinic.example.")
    copied = await dialog(ada).locator("code").inner_text()
    assert await link_to(mail, "ben@clinic.example") == copied
    await ada.press("Done")

    # a new link goes to the address that is known, or to another one
    await ada.page.get_by_role("link", name=re.compile("Ben Bloom")).click()
    await expect(heading(ada, "Ben Bloom")).to_be_focused()
    await ada.reads("ben@clinic.example")
    await ada.press("New invitation link")
    await expect(dialog(ada).get_by_label("E-mail")).to_have_value("ben@clinic.example")
    await ada.press("Make the link")
    await ada.reads("It is sent to ben@clinic.example.")
    link = await link_to(mail, "ben@clinic.example", 2)
    assert link != copied
    await ada.press("Done")

    ben = await person("Ben", DOCTOR)
    ben.expects_network_errors()
    await ben.open(copied)
    await expect(heading(ben, "This invitation does not work")).to_be_visible()
    other = await person("Ben", DOCTOR)
    await other.open(link)
    await expect(heading(other, "Welcome, Ben Bloom")).to_be_visible()

    # or nowhere: the administrator passes it on
    await ada.press("New invitation link")
    await ada.fill("E-mail", "")
    await ada.press("Make the link")
    await ada.reads("Give it to them yourself")
    await ada.press("I have passed it on")
    await ada.reads("ben@clinic.example")  # still known
    assert len(mail.received) == 2
