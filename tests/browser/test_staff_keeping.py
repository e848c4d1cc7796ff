"""Keeping on the staff pages: how long, holds, deletion, an export; in a real browser."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.desk import dialog
from tests.browser.looking import OVERFLOW, SIZES, violations
from tests.browser.office import Office, an_office


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: object) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office")) as opened:  # type: ignore[attr-defined]
        yield opened


async def test_how_long_is_changed_and_what_the_law_wants_is_said(office: Office, person: MakePerson) -> None:
    ann = await office.page(person, await office.administrator(), "#keeping")
    rows = ann.page.get_by_role("list", name="How long").get_by_role("listitem")
    await expect(rows.filter(has_text="Invitations and reminders")).to_contain_text("90 days")
    await ann.press("Change how long: Invitations and reminders")
    await ann.fill("Days (empty: for ever)", "30")
    await dialog(ann).get_by_role("button", name="Save").click()
    await ann.reads("Invitations and reminders: kept so from now on")
    await expect(rows.filter(has_text="Invitations and reminders")).to_contain_text("30 days")
    await ann.press("Change how long: Consents to be recorded")
    await ann.fill("Days (empty: for ever)", "100")
    await dialog(ann).get_by_role("button", name="Save").click()
    await ann.reads("At least 2,192 days.")


async def test_a_hold_is_placed_and_released(office: Office, person: MakePerson) -> None:
    ann = await office.page(person, await office.administrator(), "#keeping")
    await ann.press("New hold")
    await ann.fill("Why", "case 7")
    await ann.fill("Patient’s id", "pat-7")
    await dialog(ann).get_by_role("button", name="Put on hold").click()
    await ann.reads("On hold now")
    row = ann.page.get_by_role("list", name="Legal holds").get_by_role("listitem").filter(has_text="patient pat-7")
    await expect(row).to_contain_text("case 7")
    for name, width in (("wide", SIZES[1280]), ("narrow", SIZES[375])):
        await ann.page.set_viewport_size(width)
        assert await violations(ann.page, name) == []
        assert await ann.page.evaluate(OVERFLOW) <= 0
    await ann.press("Release patient pat-7")
    await ann.page.get_by_role("alertdialog").or_(dialog(ann)).get_by_role("button", name="Release").click()
    await ann.reads("The hold was released")
    await expect(row).to_have_count(0)


async def test_deleting_wants_the_id_twice_and_says_if_there_is_nothing(office: Office, person: MakePerson) -> None:
    ann = await office.page(person, await office.administrator(), "#keeping")
    ann.expects_network_errors()
    await ann.press("Delete a patient’s records")
    await ann.page.locator("#staff-delete-patient").fill("pat-9")
    await ann.page.locator("#staff-delete-confirm").fill("pat-8")
    await ann.page.locator("#staff-delete-reason").fill("asked for")
    await dialog(ann).get_by_role("button", name="Delete for good").click()
    await ann.reads("This is not the same id.")
    await ann.page.locator("#staff-delete-confirm").fill("pat-9")
    await dialog(ann).get_by_role("button", name="Delete for good").click()
    await ann.reads("Nothing is kept of this patient.")


async def test_a_patients_export_is_downloaded(office: Office, person: MakePerson) -> None:
    ann = await office.page(person, await office.administrator(), "#keeping")
    await ann.press("A patient’s export")
    await ann.page.locator("#staff-export-patient").fill("pat-9")
    async with ann.page.expect_download() as downloading:
        await dialog(ann).get_by_role("button", name="Download").click()
    file = await (await downloading.value).path()
    with zipfile.ZipFile(file) as archive:
        assert json.loads(archive.read("contents.json"))["patient"] == "pat-9"
    await ann.reads("The archive was handed to your browser")


async def test_a_therapist_sees_none_of_it(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#security")
    await expect(theo.page.locator("tb-staff-navigation a[data-panel=keeping]")).to_have_count(0)
