"""An evil server that stands between two people: it reads what it should not, and the words on the two screens give it
away. Whoever compared them before is told at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.decoded import pictures
from tests.browser.middle import Middle, Stolen
from tests.browser.person import ChromiumPerson, Person
from tests.browser.protection import badge, words
from tests.signaling.server import Server, a_server

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def middle(monkeypatch: pytest.MonkeyPatch) -> Middle:
    return Middle(monkeypatch)


@pytest_asyncio.fixture(loop_scope="session")
async def server(middle: Middle, tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as running:
        yield running


def _link(server: Server, page: str, token: str) -> str:
    return f"{server.url}/video-call/{page}#token={token}"


async def _call(server: Server, session: str, person: MakePerson) -> tuple[ChromiumPerson, ChromiumPerson]:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(_link(server, "therapy", server.token("therapist", session)))
    await patient.join(_link(server, "secure-therapy", server.token("patient", session)))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    return doctor, patient


async def _both_words(doctor: ChromiumPerson, patient: ChromiumPerson) -> tuple[list[str], list[str]]:
    """What the two would read out. The dialogs are open."""
    found = await words(doctor, patient.name), await words(patient, doctor.name)
    assert [len(each) for each in found] == [4, 4]
    return found


async def _steals_from(middle: Middle, someone: Person, seen_by: ChromiumPerson) -> Stolen:
    tile = seen_by.tile(someone.name)
    person = await tile.get_attribute("data-person")
    assert person is not None
    return await middle.listens_to(person)


def _shown(stolen: Stolen) -> Counter[object]:
    return Counter(each.content for each in pictures(stolen.frames, "vp8"))


async def test_who_stands_in_the_middle_reads_everything_and_is_found_by_the_words(
    server: Server, middle: Middle, session: str, person: MakePerson
) -> None:
    middle.steps_in()
    doctor, patient = await _call(server, session, person)
    for someone in (doctor, patient):
        await expect(badge(someone)).to_have_text(re.compile("In transit.*End to end", re.S))
    assert set(middle.names.values()) == {doctor.name, patient.name}
    assert _shown(await _steals_from(middle, patient, doctor))[PATIENT] > 20
    assert _shown(await _steals_from(middle, doctor, patient))[DOCTOR] > 20
    await badge(doctor).click()
    await badge(patient).click()
    doctors, patients = await _both_words(doctor, patient)
    assert doctors != patients


async def test_who_steps_in_later_has_nothing_of_before_and_those_who_compared_are_told(
    server: Server, middle: Middle, session: str, person: MakePerson
) -> None:
    doctor, patient = await _call(server, session, person)
    before = await _steals_from(middle, patient, doctor)
    assert before.frames == []
    assert before.locked > 0
    for someone in (doctor, patient):
        await badge(someone).click()
    doctors, patients = await _both_words(doctor, patient)
    assert doctors == patients, "nobody stands between them"
    for someone, other in ((doctor, patient), (patient, doctor)):
        await someone.press(f"They are the same: {other.name}")
        await someone.page.keyboard.press("Escape")
        await expect(badge(someone)).to_contain_text("End to end")

    middle.steps_in()
    for someone, other in ((doctor, patient), (patient, doctor)):
        await someone.reads(f"{other.name}’s device has changed. Compare the words again.")
        await expect(badge(someone)).to_contain_text("Please check")
    await doctor.sees_and_hears(patient)
    assert _shown(await _steals_from(middle, patient, doctor))[PATIENT] > 20, "or else there was nothing to be told"
    for someone in (doctor, patient):
        await someone.press("Compare words")
    doctors, patients = await _both_words(doctor, patient)
    assert doctors != patients
