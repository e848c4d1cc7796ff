"""What a patient's link leads to, in a real browser: too early, the questions, the waiting room, and why it leads
nowhere. Screenshots are in `build/screenshots-visit`."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import PATIENT
from tests.browser.looking import look_at
from tests.browser.person import ChromiumPerson, eventually
from tests.browser.service import Service

FOLDER = BUILD / "screenshots-visit"


@pytest.fixture(scope="module", autouse=True)
def _folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def practice(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("practice"), "--visits-per-minute", "1000", demo=False)
    await running.start()
    yield running
    said = running.said()
    assert await running.stop() == 0, said
    for private in ("Alex", "Salem", "555 0100", "Dr. Blue"):
        assert private not in said


async def asks(practice: Service, method: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {(practice.data / 'api-key').read_text().strip()}"}
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, practice.url + path, json=body, headers=headers) as answer,
    ):
        assert answer.status in (200, 201), await answer.text()
        return await answer.json()


async def books(practice: Service, minutes: float = 5, **changes: Any) -> dict[str, Any]:
    start = datetime.fromtimestamp(time.time() + minutes * 60, UTC).isoformat(timespec="seconds")
    asked = {
        "therapist": "dr-blue",
        "therapist_name": "Dr. Blue",
        "start": start,
        "zone": "Asia/Kathmandu",
        "patients": [{"id": "p-1", "name": "Alex Doe"}],
    }
    booked: dict[str, Any] = await asks(practice, "POST", "/api/appointments", asked | changes)
    return booked


def address(practice: Service, booked: dict[str, Any], number: int = 0) -> str:
    return f"{practice.url}/visit#{booked['links'][number]['url'].partition('#')[2]}"


async def look(name: str, someone: ChromiumPerson) -> None:
    assert await look_at(someone.page, name, FOLDER) == []


async def heading(someone: ChromiumPerson, text: str) -> None:
    await expect(someone.page.get_by_role("heading", level=1, name=text)).to_be_visible(timeout=20_000)


@pytest.mark.timeout(180)
async def test_from_the_link_through_the_questions_to_the_waiting_room(practice: Service, person: MakePerson) -> None:
    booked = await books(practice)
    patient = await person("Alex", PATIENT)
    await patient.open(address(practice, booked))
    await heading(patient, "Before you go in")
    assert patient.page.url == f"{practice.url}/visit"
    await patient.reads("With Dr. Blue")
    await patient.reads("At the practice")
    await look("questions", patient)

    await patient.press("Go on")
    await expect(patient.page.get_by_label("What would you like to be called?")).to_be_focused()
    await patient.reads("Please write where you are.")
    await patient.page.get_by_label("Their number").fill("nobody")
    await patient.page.get_by_label("What would you like to be called?").fill("Alex")
    await patient.page.get_by_label("Where are you now?").fill("Salem, Oregon")
    await patient.page.get_by_label("At which number can you be called back?").fill("+1 503 555 0100")
    await patient.press("Go on")
    await patient.reads("Please write a phone number")
    await patient.reads("Without this the appointment cannot be by video.")
    await look("amiss", patient)
    await patient.page.get_by_label("Their number").fill("")
    await patient.page.get_by_label("I agree").check()
    await patient.press("Go on")

    await patient.is_offered("Join session")
    assert "token" not in patient.page.url
    assert await patient.page.evaluate("history.length") <= 3
    await patient.press("Join session")

    async def waits() -> bool | None:
        text = await patient.page.inner_text("body")
        return True if re.search("wait", text, re.IGNORECASE) else None

    await eventually(waits, "the waiting room")
    # back in the same tab with the link, they are known and need not answer again
    await patient.page.goto(address(practice, booked))
    await heading(patient, "You can go in now")
    await look("ready", patient)


@pytest.mark.timeout(180)
async def test_too_early_it_counts_down_in_the_patients_own_zone_and_opens_by_itself(
    practice: Service, person: MakePerson
) -> None:
    booked = await books(practice, 15 + 8 / 60)
    patient = await person("Alex", PATIENT)
    await patient.open(address(practice, booked))
    await heading(patient, "It is not time yet")
    await expect(patient.page.get_by_role("timer")).to_have_text(re.compile(r"^0:0\d$"))
    await look("early", patient)
    await heading(patient, "Before you go in")


@pytest.mark.timeout(120)
async def test_days_before_it_says_how_many(practice: Service, person: MakePerson) -> None:
    patient = await person("Alex", PATIENT)
    await patient.open(address(practice, await books(practice, 3 * 24 * 60)))
    await expect(patient.page.get_by_role("timer")).to_have_text("3 days")


@pytest.mark.timeout(180)
async def test_every_reason_why_it_leads_nowhere_is_a_calm_sentence(practice: Service, person: MakePerson) -> None:
    first, other = await person("Alex", PATIENT), await person("Alex", PATIENT)
    for someone in (first, other):
        someone.expects_network_errors()
    booked = await books(practice)
    link = address(practice, booked)
    await first.open(link)
    await heading(first, "Before you go in")
    await other.open(link)
    await heading(other, "This link is in use on another device")
    assert "Dr. Blue" not in await other.page.inner_text("body")
    await look("elsewhere", other)

    path = f"/api/appointments/{booked['appointments'][0]['id']}"
    await asks(practice, "POST", f"{path}/cancel", {"revision": 0})
    await first.page.reload()
    await heading(first, "This appointment was cancelled")
    await look("cancelled", first)

    await other.page.goto(address(practice, await books(practice, -120)))
    await heading(other, "The time of this appointment is over")
    await look("over", other)

    await other.page.goto(f"{practice.url}/visit#{'A' * 43}")
    await heading(other, "This link is not valid")
    await look("invalid", other)

    await other.page.evaluate("sessionStorage.clear()")
    await other.page.goto(f"{practice.url}/visit")
    await heading(other, "A link is needed")


@pytest.mark.timeout(120)
async def test_an_interpreter_is_asked_nothing(practice: Service, person: MakePerson) -> None:
    booked = await books(practice, guests=[{"relation": "interpreter", "name": "Ines"}])
    interpreter = await person("Ines", PATIENT)
    await interpreter.open(address(practice, booked, 1))
    await heading(interpreter, "You can go in now")
    await interpreter.press("Go on")
    await interpreter.is_offered("Join session")
