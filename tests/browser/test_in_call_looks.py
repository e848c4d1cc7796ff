"""What people see in a call when something is not as it should be: axe finds nothing, targets are large enough, and
pictures of it are in `build/screenshots-in-call/`, wide in light colours and narrow in dark ones. For looking at.

What the server says of weak connections is said by a go-between, and devices come and go as `machine.py` says.
"""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DOCTOR, DRAWN, INTERPRETER, PATIENT, Content
from tests.browser.go_between import GoBetween
from tests.browser.looking import SIZES, look_at
from tests.browser.machine import Machine, kill_camera
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.test_picture_in_picture import small_window

FOLDER = BUILD / "screenshots-in-call"
SMALL_WINDOW = {400: ViewportSize(width=400, height=300)}


class Looks:
    """Looks at pages and remembers what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    async def at(self, page: Page, name: str, *, sizes: dict[int, ViewportSize] = SIZES) -> None:
        self.wrong += await look_at(page, name, FOLDER, sizes=sizes)


@pytest.fixture(scope="module")
def looks() -> Looks:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return Looks()


async def _drawn(person: MakePerson, name: str, content: Content, **settings: Any) -> ChromiumPerson:
    return await person(name, DRAWN[content], reduced_motion="reduce", **settings)


@pytest.mark.timeout(300)
async def test_a_weak_connection_in_a_call_of_two(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor, patient = await _drawn(person, "Dr. Blue", DOCTOR), await _drawn(person, "Sam Reed", PATIENT)
    between, machine = await GoBetween.for_(patient), await Machine.of(patient)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await patient.sees(doctor)
    await doctor.sees(patient)
    page = patient.page

    between.grade("poor")
    await patient.is_offered("Sound only", seconds=40)
    await looks.at(page, "weak")
    await between.hold("Dr. Blue")
    await patient.reads("The picture is paused")
    await looks.at(page, "held")
    await patient.press("Your connection")
    await patient.reads("Delay, there and back")
    await looks.at(page, "connection-weak")
    await page.keyboard.press("Escape")
    await between.hold()
    between.grade("good")
    await patient.press("More")
    await looks.at(page, "more")
    await page.keyboard.press("Escape")
    await patient.press("Your connection")
    await looks.at(page, "connection-good")
    await page.keyboard.press("Escape")

    await patient.press("Sound only")
    await patient.reads("Not shown, to save data")
    await looks.at(page, "sound-only")
    await patient.press("Show pictures")
    await patient.sees(doctor)

    await machine.pause("audio", paused=True)
    await patient.is_offered("Turn back on")
    await looks.at(page, "microphone-paused")
    await machine.pause("audio", paused=False)
    [camera] = await machine.sent("video")
    await machine.is_gone(camera)
    assert kill_camera() > 0
    await patient.reads("Your camera was disconnected.")
    await looks.at(page, "camera-unplugged")
    await machine.is_back(camera)
    await patient.reads("is back and is used again.")
    await looks.at(page, "camera-back")

    window = await small_window(patient)
    await window.get_by_text("Dr. Blue").wait_for()
    await looks.at(window, "small-window", sizes=SMALL_WINDOW)
    await between.hold("Dr. Blue")
    await window.get_by_text("The picture is paused").wait_for()
    await looks.at(window, "small-window-held", sizes=SMALL_WINDOW)
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_a_weak_connection_in_a_call_of_three(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor = await _drawn(person, "Dr. Blue", DOCTOR)
    others = [await _drawn(person, "Sam Reed", PATIENT), await _drawn(person, "Ines Ito", INTERPRETER)]
    between = await GoBetween.for_(doctor)
    await doctor.join(await service.link("therapist", session, max_participants=3))
    for other, role in zip(others, ("patient", "interpreter"), strict=True):
        await other.join(await service.link(role, session, max_participants=3))
        await doctor.admit(other)
    for other in others:
        await doctor.sees(other)
    await between.hold("Ines Ito")
    await doctor.reads("The picture is paused")
    await looks.at(doctor.page, "three-held")
    await between.hold()
    await doctor.press("Show large: Sam Reed")
    await looks.at(doctor.page, "three-pinned-people")
    await doctor.press("Participants")
    await looks.at(doctor.page, "three-pinned")
    await between.hold("Sam Reed", "Ines Ito")
    await doctor.reads("The picture is paused")
    await doctor.reads("Picture paused")
    await looks.at(doctor.page, "three-pinned-held")
    await between.hold()
    await others[0].press("Show large: Ines Ito")
    await doctor.press("Share screen")
    await others[0].sees_a_screen(doctor)
    await others[0].press("Sound only")
    await others[0].reads("Not shown, to save data")
    await looks.at(others[0].page, "three-screen-sound-only")
    assert not looks.wrong, "\n".join(looks.wrong)
