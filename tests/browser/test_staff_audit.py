"""The audit log and what was unusual, as an auditor works with them: by keyboard, at both sizes, with nothing that axe
calls a violation."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.looking import look_at
from tests.browser.office import Office, an_office
from tests.browser.person import ChromiumPerson

FOLDER = BUILD / "screenshots-staff-audit"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """At which somebody has tried one password after another."""
    async with an_office(
        tmp_path_factory.mktemp("office"), "--alert-failed-sign-ins", "2", "--alert-hours", "always"
    ) as opened:
        await opened.administrator()
        async with aiohttp.ClientSession() as http:
            for _ in range(2):
                body = {"login": "ada", "password": "not-the-password"}
                headers = {"Origin": opened.url, "Sec-Fetch-Site": "same-origin"}
                async with http.post(f"{opened.url}/api/staff/sign-in", json=body, headers=headers) as answer:
                    assert answer.status == 401
        yield opened


async def an_auditor(office: Office, person: MakePerson, place: str) -> ChromiumPerson:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return await office.page(person, await office.member("auditor"), place)


@pytest.mark.timeout(300)
async def test_an_auditor_searches_the_log_by_keyboard_and_reports_on_it(office: Office, person: MakePerson) -> None:
    member = await office.member("auditor")
    someone = await office.page(person, member, "#audit")
    page = someone.page
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = page.get_by_role("list", name="Events").get_by_role("listitem")
    await expect(rows.filter(has_text="Service started")).to_have_count(1)
    found = await look_at(page, "audit", FOLDER)
    await page.get_by_label("What happened", exact=True).select_option("account.sign_in")
    await page.get_by_label("Who did it (id)").first.fill(member.id)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 events are shown.")).to_be_visible()
    await expect(rows.first).to_contain_text("Signed in")
    await expect(rows.first).to_contain_text(f"{member.id} (staff)")

    await page.get_by_label("Report", exact=True).select_option("staff")
    await page.get_by_role("button", name="Show", exact=True).click()
    await someone.reads("Enter the id of whom it is about.")
    found += await look_at(page, "report-missing", FOLDER)
    await page.get_by_role("textbox", name="Who did it (id)").last.fill(member.id)
    await page.keyboard.press("Enter")
    table = page.get_by_role("table", name="What somebody did")
    await expect(table.get_by_role("cell", name="Audit log looked at")).to_be_visible()
    found += await look_at(page, "report", FOLDER)
    async with page.expect_download() as taking:
        await page.get_by_role("link", name="Download as CSV").click()
    text = (await (await taking.value).path()).read_text("utf-8")
    assert "audit.view" in {row[0] for row in csv.reader(io.StringIO(text))}
    async with page.expect_download() as taking:
        await page.get_by_role("link", name="Export for verification").click()
    lines = (await (await taking.value).path()).read_text("utf-8").splitlines()
    assert lines[0].startswith('{"audit_export":')
    await page.get_by_label("What happened", exact=True).select_option("audit.export")
    await page.get_by_role("button", name="Search", exact=True).click()
    await expect(rows.first).to_contain_text("Audit log exported")
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
async def test_an_auditor_closes_a_notice(office: Office, person: MakePerson) -> None:
    someone = await an_auditor(office, person, "#alerts")
    page = someone.page
    await someone.reads("Failed sign-ins")
    found = await look_at(page, "alerts", FOLDER)
    rows = page.get_by_role("list", name="Unusual activity").get_by_role("listitem")
    count = await rows.count()
    await page.get_by_role("button", name="I have looked at it: Failed sign-ins").first.focus()
    await page.keyboard.press("Enter")
    await someone.reads("Closed: Failed sign-ins")
    await expect(rows).to_have_count(count - 1)
    await page.get_by_role("button", name="Show closed ones").click()
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("Closed")
    found += await look_at(page, "alerts-closed", FOLDER)
    assert not found, "\n".join(found)


@pytest.mark.timeout(300)
async def test_who_may_not_read_the_log_sees_neither(office: Office, person: MakePerson) -> None:
    someone = await office.page(person, await office.member("front_desk"), "")
    for name in ("Audit log", "Unusual activity"):
        await expect(someone.page.get_by_role("link", name=name)).to_have_count(0)
