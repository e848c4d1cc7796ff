"""Everyone is asked before a session is recorded, in the browser: what each person sees, hears and can do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Locator, expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, INTERPRETER, PATIENT
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
RUNS = re.compile(r"Recording\s*\d+:\d\d")

LISTENS = """
const Oscillator = OscillatorNode;
window.notes = [];
window.OscillatorNode = class extends Oscillator {
  constructor(context, options) {
    super(context, options);
    window.notes.push(options.frequency);
  }
};
"""
"""Remembers every note that the page plays."""

WATCHES = """() => {
  window.announced = [];
  for (const region of document.querySelectorAll('tb-announcer [aria-live]')) {
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) window.announced.push(node.textContent);
    }).observe(region, { childList: true });
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service_with_places(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    folder = tmp_path_factory.mktemp("service-with-places")
    places = folder / "places.toml"
    places.write_text('"Home state" = "all"\n"Signing state" = "written"\n"Closed state" = "never"\n')
    running = Service(folder, "--consent-places", str(places))
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


async def call(
    service: Service, session: str, person: MakePerson, **patients_screen: object
) -> tuple[ChromiumPerson, ChromiumPerson]:
    """A therapist and a patient who see each other, in a session with room for a third."""
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT, **patients_screen)
    await patient.page.add_init_script(LISTENS)
    await doctor.join(await service.link("therapist", session, max_participants=3))
    await patient.join(await service.link("patient", session, max_participants=3))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    return doctor, patient


async def asks(doctor: ChromiumPerson) -> None:
    await doctor.press("Record session")
    await doctor.press("Ask everyone")


async def recorded_call(service: Service, session: str, person: MakePerson) -> tuple[ChromiumPerson, ChromiumPerson]:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await patient.press("Agree")
    await is_recorded(doctor, patient)
    return doctor, patient


async def is_recorded(*people: ChromiumPerson) -> None:
    for someone in people:
        await expect(someone.recording).to_contain_text(RUNS)


def question(someone: ChromiumPerson) -> Locator:
    return someone.page.get_by_role("dialog", name="May this session be recorded?")


async def test_the_recording_begins_only_when_everyone_has_agreed(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await patient.page.evaluate(WATCHES)
    before = await patient.page.evaluate("window.notes.length")
    await doctor.press("Record session")
    await expect(question(patient)).to_have_count(0)
    await doctor.press("Ask everyone")
    await expect(question(patient)).to_be_visible()
    await expect(question(doctor)).to_have_count(0)
    await doctor.reads("Not answered yet: Sam Reed")
    for someone in (doctor, patient):
        await expect(someone.recording).to_contain_text("Asking to record")

    await patient.press("Agree")
    await is_recorded(doctor, patient)
    await expect(question(patient)).to_have_count(0)
    await doctor.sees_and_hears(patient)
    said = await patient.page.evaluate("window.announced")
    assert said.count("This session is being recorded") == 1
    assert await patient.page.evaluate("window.notes.length") == before + 3

    await doctor.recording.click()
    await doctor.press("Pause recording")
    await expect(patient.recording).to_contain_text("Recording paused")
    await doctor.recording.click()
    await doctor.press("Go on recording")
    await is_recorded(doctor, patient)
    assert await patient.page.evaluate("window.notes.length") == before + 3, "the sound comes once"
    await doctor.recording.click()
    await doctor.press("Stop recording")
    await patient.reads("The recording has stopped")
    await expect(patient.recording).to_have_count(0)


async def test_a_no_ends_the_question_and_nothing_else(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await patient.press("No, continue without recording")
    await doctor.reads("The recording was not agreed to. Nothing is recorded.")
    await expect(question(patient)).to_have_count(0)
    await expect(patient.recording).to_have_count(0)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    await doctor.press("OK")
    await doctor.reads_no_longer("was not agreed to")
    await expect(doctor.recording).to_have_count(0)


async def test_the_question_leaves_the_call_usable(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await expect(question(patient)).to_be_visible()
    await patient.press("Mute microphone")
    await patient.says("What happens with the recording?")
    await doctor.press("Chat")
    await doctor.reads("What happens with the recording?")
    await doctor.press("Stop asking")
    await expect(question(patient)).to_have_count(0)


async def test_the_question_is_answered_with_the_keyboard_alone(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await expect(question(patient).get_by_role("heading")).to_be_focused()
    await patient.page.keyboard.press("Tab")
    await expect(patient.button("No, continue without recording")).to_be_focused()
    await patient.page.keyboard.press("Tab")
    await expect(patient.button("Agree")).to_be_focused()
    await patient.page.keyboard.press("Enter")
    await is_recorded(doctor, patient)
    focused = "() => document.activeElement?.closest('[role=toolbar]') !== null"
    await patient.page.wait_for_function(focused)


async def test_the_question_does_not_take_the_focus_from_somebody_who_writes(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await patient.press("Chat")
    field = patient.page.get_by_role("textbox", name="Message", exact=True)
    await field.focus()
    await asks(doctor)
    await expect(question(patient)).to_be_visible()
    await patient.page.keyboard.type("One moment")
    await expect(field).to_have_value("One moment")


async def test_a_newcomer_is_asked_and_pauses_it_until_then(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await recorded_call(service, session, person)
    third = await person("Ines Ito", INTERPRETER)
    await third.join(await service.link("interpreter", session, max_participants=3))
    await doctor.is_offered("Admit Ines Ito")
    await expect(question(third)).to_have_count(0)
    await is_recorded(doctor, patient)
    await doctor.admit(third)
    await expect(question(third)).to_be_visible()
    await expect(patient.recording).to_contain_text("Recording paused")
    await doctor.reads("Not answered yet: Ines Ito")
    await third.press("Agree")
    await is_recorded(doctor, patient, third)


async def test_whoever_withdraws_stops_it(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await recorded_call(service, session, person)
    await patient.recording.click()
    await patient.is_not_offered("Pause recording", "Stop recording")
    await patient.press("Stop recording me")
    await expect(patient.recording).to_have_count(0)
    await patient.reads("The recording has stopped")
    await doctor.reads("The recording has stopped, because it is no longer agreed to.")
    await doctor.sees_and_hears(patient)


async def test_the_question_and_the_recording_survive_a_reload(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await expect(question(patient)).to_be_visible()
    await patient.page.reload()
    await expect(question(patient)).to_be_visible()
    await patient.press("Agree")
    await is_recorded(doctor, patient)
    for someone in (doctor, patient):
        await someone.page.reload()
    await is_recorded(doctor, patient)
    await patient.is_not_offered("Agree")
    await patient.press("Participants")
    await expect(patient.page.get_by_role("group", name="Recorder")).to_contain_text("Has keys from you")


async def test_where_it_matters_people_say_where_they_are_and_sign(
    service_with_places: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service_with_places, session, person)
    await asks(doctor)
    await patient.press("Agree")
    await patient.reads("Choose where you are, or continue without recording.")
    place = patient.page.get_by_label("Where are you now?")
    signature = patient.page.get_by_label("Your name, as your signature")
    await expect(signature).to_be_hidden()
    await place.select_option("Signing state")
    await patient.press("Agree")
    await patient.reads("Type your name to agree, or continue without recording.")
    await signature.fill("Sam Reed")
    await patient.press("Agree")
    await expect(question(patient)).to_have_count(0)
    await doctor.page.get_by_label("Where are you now?").select_option("Home state")
    await doctor.page.get_by_label("Your name, as your signature").fill("B.")
    await doctor.press("Agree")
    await is_recorded(doctor, patient)


async def test_where_nothing_may_be_recorded_it_is_told_calmly(
    service_with_places: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service_with_places, session, person)
    await asks(doctor)
    await patient.page.get_by_label("Where are you now?").select_option("Closed state")
    await patient.press("Agree")
    await doctor.reads("A recording is not allowed where somebody in this session is.")
    await expect(patient.recording).to_have_count(0)
    await doctor.press("OK")
    await asks(doctor)
    await doctor.reads("Sessions may not be recorded where somebody in this session is.")


async def test_both_answers_are_equally_large_and_in_sight_on_a_phone(
    service_with_places: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service_with_places, session, person, **PHONE)
    await asks(doctor)
    answers = [patient.button("No, continue without recording"), patient.button("Agree")]
    sizes = []
    for answer in answers:
        await expect(answer).to_be_in_viewport(ratio=1)
        box = await answer.bounding_box()
        assert box is not None
        sizes.append((round(box["width"], 1), round(box["height"], 1)))  # what is below that is the browser's rounding
    assert sizes[0] == sizes[1]
    await expect(patient.button("Leave call")).to_be_in_viewport(ratio=1)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await patient.page.evaluate(overflow) <= 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_in_the_longest_question(
    service_with_places: Service, session: str, person: MakePerson, scheme: str
) -> None:
    doctor, patient = await call(service_with_places, session, person, color_scheme=scheme, reduced_motion="reduce")
    await asks(doctor)
    await patient.page.get_by_label("Where are you now?").select_option("Signing state")
    await patient.press("Agree")
    await patient.reads("Type your name to agree")
    await patient.page.evaluate(AXE_SCRIPT)
    result = await patient.page.evaluate("axe.run(document.querySelector('tb-consent-card'))")
    assert result["passes"]
    assert [violation["id"] for violation in result["violations"]] == []
