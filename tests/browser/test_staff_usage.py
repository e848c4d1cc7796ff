"""Minutes at the staff pages, in a real browser: whose they are, one session, what is downloaded, and codes."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from clinic import open_database, sqlite_url
from clinic.usage.records import EVERYBODY, Span, WholeSitting
from clinic.usage.store import Usages
from signaling.usage.statement import verify
from tests.browser.conftest import BUILD, MakePerson
from tests.browser.looking import look_at
from tests.browser.office import Member, Office, an_office
from tests.browser.person import ChromiumPerson
from tests.clinic.usage.made_up import day_of, whole

BEGAN = round(time.time() - 7200, 3)
MONTH = day_of(BEGAN)[:7]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def theo(office: Office) -> Member:
    """A therapist with two sessions; a colleague has one."""
    theo = await office.member("therapist", name="Theo Thorn")
    database = open_database(sqlite_url(office.service.data / "clinic.db"))
    await Usages(database).keep(
        [
            with_outage(whole("one", BEGAN, therapist=theo.id, patients=("p-100",))),
            whole(
                "two",
                round(BEGAN + 4000, 3),
                therapist=theo.id,
                patients=("p-200", "p-300"),
                two_way=1_800_000,
                video=0,
            ),
            whole("three", BEGAN, therapist="colleague", patients=("p-400",)),
        ]
    )
    await database.close()
    return theo


def with_outage(made: WholeSitting) -> WholeSitting:
    sent = Span("p-100", 0, made.sitting.started_at, made.sitting.known_until, "video")
    gap = next(span for span in made.spans if span.state == "gap")
    rest = tuple(replace(gap, reason="connection") if span is gap else span for span in made.spans)
    assert rest[0].person == EVERYBODY
    return replace(made, spans=(*rest, sent))


async def at_month(someone: ChromiumPerson) -> None:
    await someone.page.get_by_label("Month").select_option(MONTH)
    await expect(someone.page.locator("tb-staff-usage:not([aria-busy]) .staff-rows li").first).to_be_visible()


async def downloaded(someone: ChromiumPerson, name: str) -> bytes:
    async with someone.page.expect_download() as waiting:
        await someone.page.get_by_role("link", name=name).click()
    return await asyncio.to_thread(Path(await (await waiting.value).path()).read_bytes)


async def test_a_therapist_sees_their_own_minutes_and_why_some_do_not_count(
    office: Office, theo: Member, person: MakePerson
) -> None:
    someone = await office.page(person, theo, "#usage")
    await at_month(someone)
    await someone.reads("2 sessions, 80 minutes")
    await expect(someone.page.get_by_role("link", name="session-three")).to_have_count(0)
    await expect(someone.page.get_by_label("Therapist")).to_have_count(0)
    row = someone.page.get_by_role("listitem").filter(has_text="session-one")
    await expect(row).to_contain_text("50 minutes")
    await expect(row).to_contain_text("90834-95")
    await expect(someone.page.get_by_role("listitem").filter(has_text="session-two")).to_contain_text("90847-93")
    await someone.page.get_by_role("link", name="session-one").click()
    await expect(someone.page.get_by_role("heading", level=1)).to_have_text("Session session-one")
    course = someone.page.get_by_role("table", name="What happened").get_by_role("row")
    await expect(course).to_have_count(4)
    await expect(course.nth(3)).to_contain_text("The connection was gone")
    await expect(someone.page.get_by_role("table", name="What p-100 sent")).to_be_visible()
    await someone.page.get_by_role("link", name="All sessions").click()
    await expect(someone.page.get_by_role("link", name="session-one")).to_be_focused()


async def test_what_is_downloaded_can_be_opened_and_verified(office: Office, theo: Member, person: MakePerson) -> None:
    someone = await office.page(person, theo, "#usage")
    await at_month(someone)
    rows = list(csv.DictReader(io.StringIO((await downloaded(someone, "For spreadsheets")).decode())))
    assert [row["session"] for row in rows] == ["session-one", "session-two"]
    assert len(json.loads(await downloaded(someone, "For programs"))["sessions"]) == 2
    assert (await downloaded(someone, "For print")).startswith(b"%PDF-")
    found = verify(await downloaded(someone, "Signed statement"))
    assert (found.sittings, found.minutes) == (2, 80)
    assert found.audit_head, "it is anchored in the audit log"


async def test_whoever_may_sees_everybodys_and_finds_a_patients(
    office: Office, theo: Member, person: MakePerson
) -> None:
    auditor = await office.page(person, await office.member("auditor"), "#usage")
    await at_month(auditor)
    await auditor.reads("3 sessions, 130 minutes")
    await auditor.page.get_by_label("Therapist").select_option("colleague")
    await auditor.reads("1 session, 50 minutes")
    await auditor.page.get_by_label("Therapist").select_option(label="Theo Thorn")
    await auditor.reads("2 sessions, 80 minutes")
    await expect(auditor.page.locator(".staff-rows li").first).to_contain_text("Theo Thorn")
    await auditor.page.get_by_label("Therapist").select_option("")
    await auditor.page.get_by_label("Patient’s number").fill("p-300")
    await auditor.page.keyboard.press("Tab")
    await expect(auditor.page.locator(".staff-rows li")).to_have_count(1)
    await auditor.reads("session-two")
    await expect(auditor.page.get_by_role("link", name="Service codes")).to_have_count(0)


async def test_an_administrator_changes_the_codes_in_versions(office: Office, theo: Member, person: MakePerson) -> None:
    ada = await office.page(person, await office.administrator(), "#usage")
    await ada.page.get_by_role("link", name="Service codes").click()
    await ada.reads("The clinic has not changed them.")
    rule = ada.page.get_by_role("group", name="Rule 1")
    await rule.get_by_label("Code").fill("9083 2")
    await ada.press("Save as a new version")
    await ada.reads("Please type a code of letters and digits.")
    await rule.get_by_label("Code").fill("H0004")
    await rule.get_by_label("Price").fill("120,50")
    await ada.press("Add a rule")
    last = ada.page.get_by_role("group", name="Rule 7")
    await expect(last.get_by_label("Code")).to_be_focused()
    await last.get_by_role("button", name="Remove rule 7").click()
    await ada.press("Save as a new version")
    await ada.reads("The new version is in force.")
    await ada.page.get_by_role("link", name="Service codes").click()
    await ada.reads("Version 1, in force since")
    await expect(ada.page.get_by_role("group", name="Rule 1").get_by_label("Price")).to_have_value("120.50")


async def test_it_looks_as_it_should(office: Office, theo: Member, person: MakePerson) -> None:
    folder = BUILD / "screenshots-staff-usage"
    folder.mkdir(parents=True, exist_ok=True)
    ada = await office.page(person, await office.member("administrator"), "#usage")
    wrong: list[str] = []
    for name, place in (("usage", ""), ("usage-session", "/one"), ("usage-codes", "/codes")):
        await ada.page.goto(f"{office.url}/staff#usage{place}")
        await ada.page.locator("tb-staff-usage:not([aria-busy]) h1").wait_for()
        if not place:
            await at_month(ada)
        wrong += await look_at(ada.page, name, folder)
    assert not wrong, "\n".join(wrong)
