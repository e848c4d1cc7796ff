"""Invitations by e-mail, on a whole server with a mail server: who gets one, and what is left of it afterwards."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from signaling.outbox.sender import FIRST_REST
from tests.signaling.accounts.staff import KEY, PASSWORD, Browser, a_practice
from tests.signaling.outbox.mail_server import MailServerForTests, Received, a_mail_server, settings_for

EMAIL = "planted.grey@clinic.example"
NEW = {"login": "grey", "name": "Gray Grey", "roles": ["therapist"]}


@pytest_asyncio.fixture
async def mail(tmp_path: Path) -> AsyncIterator[MailServerForTests]:
    async with a_mail_server(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def admin(tmp_path: Path, mail: MailServerForTests) -> AsyncIterator[Browser]:
    async with a_practice(tmp_path, **settings_for(mail)) as (_, browser):
        yield browser


async def come(mail: MailServerForTests, count: int) -> list[Received]:
    async with asyncio.timeout(30):
        while len(mail.received) < count:
            mail.come.clear()
            await mail.come.wait()
            await asyncio.sleep(0)
    return mail.received


async def messages(admin: Browser, account: str, *states: str, tried: int = 0) -> list[dict[str, Any]]:
    """What became of the messages about somebody, once all are in one of these states and were tried so often."""
    async with asyncio.timeout(30):
        while True:
            answer = await admin.get(f"/api/messages?about={account}", root="")
            assert answer.status == 200, answer.text
            said: list[dict[str, Any]] = answer.json["messages"]
            if all(each["state"] in states and each["attempts"] >= tried for each in said):
                return said
            await asyncio.sleep(0.2)


async def is_done(admin: Browser, account: str) -> list[dict[str, Any]]:
    return await messages(admin, account, "sent", "failed", "suppressed")


async def invite(admin: Browser, **more: Any) -> dict[str, Any]:
    answer = await admin.post("/accounts", NEW | more)
    assert answer.status == 201, answer.text
    invited: dict[str, Any] = answer.json
    return invited


def link_in(received: Received) -> str:
    found = re.search(r"\S+/staff#invitation=\S+", received.text)
    assert found is not None
    return found.group()


async def test_an_invitation_comes_by_mail_and_opens_the_account(admin: Browser, mail: MailServerForTests) -> None:
    invited = await invite(admin, email=EMAIL)
    assert (invited["sent_to"], invited["account"]["email"]) == (EMAIL, EMAIL)
    (received,) = await come(mail, 1)
    assert received.recipients == [EMAIL]
    assert received.encrypted
    assert link_in(received) == "https://video.clinic.example" + invited["link"], "the same that can be copied"
    assert "Gray" not in received.raw.decode()
    browser = Browser(admin.server)
    token = link_in(received).partition("#invitation=")[2]
    taken = await browser.post("/invitation/accept", {"token": token, "password": PASSWORD})
    assert taken.status == 200, taken.text


async def test_nothing_readable_is_left_of_a_mail_nor_in_logs(
    admin: Browser, mail: MailServerForTests, tmp_path: Path
) -> None:
    with capture_logs() as logs:
        invited = await invite(admin, email=EMAIL)
        await come(mail, 1)
        (message,) = await is_done(admin, invited["account"]["id"])
    assert (message["kind"], message["state"]) == ("staff_invitation", "sent")
    token = invited["link"].partition("#invitation=")[2]
    with sqlite3.connect(tmp_path / "data" / "clinic.db") as file:
        assert file.execute("SELECT to_sealed, content_sealed FROM message").fetchall() == [(None, None)]
    files = [file for file in (tmp_path / "data").iterdir() if file.name.startswith(("clinic.db", "audit.db"))]
    content = b"".join(file.read_bytes() for file in files)
    for secret in (EMAIL, token):
        assert secret.encode() not in content
        assert secret not in json.dumps(logs, default=repr)


async def test_without_an_address_nothing_is_sent(admin: Browser, mail: MailServerForTests) -> None:
    invited = await invite(admin)
    assert (invited["sent_to"], invited["account"]["email"]) == (None, None)
    assert invited["link"]
    assert await is_done(admin, invited["account"]["id"]) == []


async def test_a_new_link_goes_to_the_address_that_is_given_then(admin: Browser, mail: MailServerForTests) -> None:
    account = (await invite(admin))["account"]["id"]
    again = (await admin.post(f"/accounts/{account}/invite", {"email": EMAIL})).json
    assert (again["sent_to"], again["account"]["email"]) == (EMAIL, EMAIL)
    (received,) = await come(mail, 1)
    assert link_in(received).endswith(again["link"])
    by_hand = (await admin.post(f"/accounts/{account}/invite")).json
    assert (by_hand["sent_to"], by_hand["account"]["email"]) == (None, EMAIL), "kept, and not used unasked"
    await is_done(admin, account)
    assert len(mail.received) == 1


@pytest.mark.parametrize("then", ["disable", "invite"])
async def test_a_link_that_works_no_longer_is_not_sent(admin: Browser, mail: MailServerForTests, then: str) -> None:
    mail.answers = ["450 4.2.0 come back later"]
    account = (await invite(admin, email=EMAIL))["account"]["id"]
    await messages(admin, account, "waiting", tried=1)
    assert (await admin.post(f"/accounts/{account}/{then}")).status == 200
    admin.server.clock.ahead += 2 * FIRST_REST  # it is tried again now
    (message,) = await is_done(admin, account)
    assert message["state"] == "suppressed"
    assert mail.received == []


async def test_an_address_is_changed_and_forgotten(admin: Browser) -> None:
    account = (await invite(admin))["account"]["id"]
    path = f"/accounts/{account}/change"
    assert (await admin.post(path, {"email": EMAIL})).json["email"] == EMAIL
    assert (await admin.post(path, {"name": "Gray Greyer"})).json["email"] == EMAIL
    assert (await admin.post(path, {"email": None})).json["email"] is None


@pytest.mark.parametrize("wrong", ["grey", "grey@", "a@b\r\nBcc: x@y", "<grey@clinic.example>", "g" * 250 + "@clinic"])
async def test_what_is_no_address_is_refused(admin: Browser, wrong: str) -> None:
    assert (await admin.post("/accounts", NEW | {"email": wrong})).code == "bad_request"
    account = (await invite(admin))["account"]["id"]
    assert (await admin.post(f"/accounts/{account}/invite", {"email": wrong})).code == "bad_request"


async def test_where_no_mail_is_sent_the_page_is_told(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (_, admin):
        invited = await invite(admin, email=EMAIL)
        assert (invited["sent_to"], invited["account"]["email"]) == (None, EMAIL)
        assert invited["link"].startswith("/staff#invitation=")


async def test_the_booking_system_may_name_addresses(admin: Browser, mail: MailServerForTests) -> None:
    async def sync(**more: Any) -> list[list[str]]:
        users = [{"external_id": "17"} | NEW | more]
        answer = await Browser(admin.server).ask("POST", "/api/accounts/sync", {"users": users}, KEY, root="")
        return [each["fields"] for each in answer.json["changes"]]

    async def email() -> str | None:
        listed = (await admin.get("/accounts")).json["accounts"]
        found: str | None = next(each["email"] for each in listed if each["external_id"] == "17")
        return found

    assert await sync(email=EMAIL) == [[]]
    assert await email() == EMAIL
    assert await sync(email=EMAIL) == []
    assert await sync() == [], "left out: stays"
    assert await sync(email="other@clinic.example") == [["email"]]
    assert await email() == "other@clinic.example"
    assert await sync(email=None) == [["email"]]
    assert await email() is None
    assert mail.received == []
