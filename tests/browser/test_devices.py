"""Devices that are changed, unplugged and interrupted in mid-call, in real Chromium. `machine.py` says what is real."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, expect
from playwright.async_api import Error as PlaywrightError

from tests.browser.conftest import CHROMIUM, FLAGS, MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.machine import Machine, kill_camera, turns
from tests.browser.person import RECOGNISE, ChromiumPerson, eventually
from tests.browser.service import Service

INPUTS = ("Fake Audio Input 1", "Fake Audio Input 2")
GONE = "Your camera was disconnected."


async def call_on_a_machine(
    service: Service, session: str, person: MakePerson
) -> tuple[ChromiumPerson, ChromiumPerson, Machine]:
    """A therapist, and a patient at a machine whose devices come and go."""
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    machine = await Machine.of(patient)
    await _meet(service, session, doctor, patient)
    return doctor, patient, machine


async def _meet(service: Service, session: str, doctor: ChromiumPerson, patient: ChromiumPerson) -> None:
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await patient.sees(doctor)


@pytest_asyncio.fixture(loop_scope="session")
async def several_cameras(playwright: Playwright) -> AsyncIterator[Page]:
    """A page of a Chromium that has three cameras with its own test picture. The second one measures distances."""
    flags = [*FLAGS, "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=3"]
    browser: Browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=flags, chromium_sandbox=False)
    page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="en-US")
    await page.add_init_script(RECOGNISE)
    yield page
    await browser.close()


async def _moves(person: ChromiumPerson, name: str) -> None:
    """New pictures keep coming to the tile of this person, whatever is in them."""
    frames: set[int] = set()

    async def look() -> bool:
        frames.add(await person.evaluate("name => window.recognise.tile(name)?.frames ?? 0", name))
        return len(frames) >= 4

    await eventually(look, f"{person.name} sees the picture of {name} move")


async def choose(person: ChromiumPerson, kind: str, label: str) -> None:
    """In the settings, as a person does."""
    await person.press("Settings")
    await person.page.get_by_label(kind, exact=True).select_option(label=label)
    await person.page.keyboard.press("Escape")


async def test_another_microphone_and_camera_in_mid_call_need_no_negotiation(
    service: Service, session: str, person: MakePerson, several_cameras: Page
) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    patient = ChromiumPerson(several_cameras, "Sam Reed", PATIENT)
    machine = await Machine.of(patient)
    await _meet(service, session, doctor, patient)
    await machine.sends("video", "fake_device_0")
    await _moves(doctor, "Sam Reed")
    before = await machine.offers()

    await choose(patient, "Camera", "fake_device_2")
    await machine.sends("video", "fake_device_2")
    await _moves(doctor, "Sam Reed")
    await choose(patient, "Microphone", INPUTS[1])
    await machine.sends("audio", INPUTS[1])
    await choose(patient, "Microphone", INPUTS[0])
    await machine.sends("audio", INPUTS[0])
    assert await machine.offers() == before
    assert not patient.errors


async def test_the_others_are_heard_from_the_speaker_that_is_chosen(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, _ = await call_on_a_machine(service, session, person)
    await choose(patient, "Speaker", "Fake Audio Output 2")

    async def routed() -> bool:
        script = """async () => {
          const all = await navigator.mediaDevices.enumerateDevices();
          const wanted = all.find((each) => each.label === "Fake Audio Output 2").deviceId;
          const voices = [...document.querySelectorAll("audio")];
          return voices.length === 1 && voices.every((voice) => voice.sinkId === wanted);
        }"""
        return bool(await patient.evaluate(script))

    await eventually(routed, "the voice plays to the chosen speaker")
    await patient.hears(doctor)


@pytest.mark.timeout(200)
async def test_a_camera_whose_driver_dies_comes_back_by_itself(
    service: Service, session: str, person: MakePerson
) -> None:
    people = await call_on_a_machine(service, session, person)
    try:
        await _the_driver_dies(*people)
    except PlaywrightError:
        # seen once: Chromium as a whole ends with it, of which no page can make anything
        chromium = people[1].page.context.browser
        if chromium is None or chromium.is_connected():
            raise
        await _the_driver_dies(*await call_on_a_machine(service, f"{session}-again", person))


async def _the_driver_dies(doctor: ChromiumPerson, patient: ChromiumPerson, machine: Machine) -> None:
    await doctor.sees(patient)
    [before] = await patient.evaluate("() => [window.machine.track('video').id]")
    assert kill_camera() > 0

    async def another() -> bool:
        return bool(await patient.evaluate("id => (window.machine.track('video')?.id ?? id) !== id", before))

    await eventually(another, "the camera is opened anew")
    await doctor.sees(patient)
    assert len(await machine.sent("video")) == 1
    await patient.reads_no_longer(GONE)


@pytest.mark.timeout(120)
async def test_a_camera_that_is_unplugged_is_told_to_both_and_is_back_when_it_is_plugged_in(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, machine = await call_on_a_machine(service, session, person)
    await doctor.sees(patient)
    [camera] = await machine.sent("video")
    await machine.is_gone(camera)
    assert kill_camera() > 0
    await patient.reads(GONE)
    await doctor.sees_no_picture_of(patient)
    await doctor.hears(patient)
    await machine.is_back(camera)
    await patient.reads(f"{camera} is back and is used again.")
    await doctor.sees(patient)
    await patient.reads_no_longer(GONE)


async def test_an_unplugged_microphone_is_replaced_and_taken_back(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, machine = await call_on_a_machine(service, session, person)
    await choose(patient, "Microphone", INPUTS[1])
    await machine.sends("audio", INPUTS[1])
    before = await machine.offers()
    await machine.is_gone(INPUTS[1])
    await machine.ends("audio")
    await patient.reads("Your microphone was disconnected.")
    [instead] = await machine.sent("audio")
    assert instead != INPUTS[1]
    await doctor.hears(patient)
    await machine.is_back(INPUTS[1])
    await patient.reads(f"{INPUTS[1]} is back and is used again.")
    await machine.sends("audio", INPUTS[1])
    assert await machine.offers() == before


async def test_after_a_phone_call_one_tap_brings_the_microphone_back(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, machine = await call_on_a_machine(service, session, person)
    await doctor.hears(patient)
    before = await machine.offers()
    await machine.pause("audio", paused=True)
    await patient.reads("Your microphone was paused by another app or a phone call.")
    await patient.press("Turn back on")
    await patient.reads_no_longer("was paused")
    await doctor.hears(patient)
    await machine.pause("audio", paused=True)
    await patient.is_offered("Turn back on")
    await machine.pause("audio", paused=False)
    await patient.reads_no_longer("was paused")
    assert await machine.offers() == before


async def test_the_screen_stays_on_for_the_call_and_again_after_another_tab(
    service: Service, session: str, person: MakePerson
) -> None:
    _, patient, machine = await call_on_a_machine(service, session, person)

    async def awake() -> bool:
        return await machine.awake() == 1

    async def asleep() -> bool:
        return await machine.awake() == 0

    await eventually(awake, "the screen is kept on")
    await turns(patient, "hidden")
    await machine.loses_the_lock()
    assert await asleep()
    await turns(patient, "visible")
    await eventually(awake, "the screen is kept on again")
    await patient.leave()
    await eventually(asleep, "after the call the screen behaves as always")
    await expect(patient.button("Leave call")).to_have_count(0)
