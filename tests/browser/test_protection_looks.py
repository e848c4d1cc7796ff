"""What people see of end-to-end encryption: axe finds nothing, targets are large enough, and pictures of it are in
`build/screenshots-protection/`, wide in light colours and narrow in dark ones. For looking at.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import ViewportSize, expect

from tests.browser import encrypted, protection
from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DOCTOR, DRAWN, INTERPRETER, PATIENT, Content
from tests.browser.looking import look_at
from tests.browser.person import ChromiumPerson
from tests.browser.protection import badge, card, words
from tests.browser.service import Service

FOLDER = BUILD / "screenshots-protection"


CROWDED = """() => {
  const boxes = [...document.querySelectorAll(".in-room .top-line :is(.logo, .pills > *)")]
    .map((each) => [each.className, each.getBoundingClientRect()])
    .filter(([, { width }]) => width > 0);
  return boxes.flatMap(([name, { left, right }], index) => [
    right > innerWidth && `${name} ends at ${right}`,
    index > 0 && left < boxes[index - 1][1].right && `${name} lies on ${boxes[index - 1][0]}`,
  ]).filter(Boolean);
}"""
"""What of the top line has no room."""


class Looks:
    """Looks at pages and remembers what is wrong."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    async def at(self, person: ChromiumPerson, name: str) -> None:
        self.wrong += await look_at(person.page, name, FOLDER)
        await self.top_line_of(person, name)

    async def top_line_of(self, person: ChromiumPerson, name: str) -> None:
        before = person.page.viewport_size
        assert before is not None
        for width in (1280, 375, 320):
            await person.page.set_viewport_size(ViewportSize(width=width, height=700))
            crowded = await person.page.evaluate(CROWDED)
            self.wrong += [f"{name} {width}: in the top line {each}" for each in crowded]
        await person.page.set_viewport_size(before)


@pytest.fixture(scope="module")
def looks() -> Looks:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return Looks()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def preferring(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A clinic that lets in whoever cannot encrypt."""
    running = Service(tmp_path_factory.mktemp("preferring"), "--encryption", "preferred")
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


async def _drawn(person: MakePerson, name: str, content: Content, **settings: Any) -> ChromiumPerson:
    return await person(name, DRAWN[content], reduced_motion="reduce", **settings)


@pytest.mark.timeout(300)
async def test_two_compare_their_words(service: Service, session: str, person: MakePerson, looks: Looks) -> None:
    doctor, patient = await _drawn(person, "Dr. Blue", DOCTOR), await _drawn(person, "Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.open(await service.link("patient", session))
    await patient.reads("Encrypted end to end: only those in the session can see and hear it.")
    await patient.fill("Your name", patient.name)
    await patient.press("Join session")
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    for someone in (doctor, patient):
        await expect(badge(someone)).to_have_text(re.compile("In transit.*End to end", re.S))
    await looks.at(doctor, "call")
    await badge(doctor).click()
    await badge(patient).click()
    assert await words(doctor, patient.name) == await words(patient, doctor.name)
    assert len(await words(doctor, patient.name)) == 4
    await looks.at(doctor, "words")
    await patient.press("They are different: Dr. Blue")
    await patient.reads("Do not say or show anything private.")
    await looks.at(patient, "words-differ")
    await patient.page.keyboard.press("Escape")
    await expect(badge(patient)).to_contain_text("Please check")
    await badge(patient).click()
    await patient.press("Read them again")
    await patient.press("They are the same: Dr. Blue")
    await expect(patient.page.locator(".compare-done")).to_be_focused()
    await looks.at(patient, "words-compared")
    await patient.page.keyboard.press("Escape")
    await expect(badge(patient)).to_contain_text("End to end")
    await doctor.press("They are the same: Sam Reed")
    await doctor.page.keyboard.press("Escape")
    await doctor.press("Participants")
    await doctor.reads("Words compared")
    await looks.at(doctor, "participants-compared")
    await doctor.press("Participants")

    await protection.come_back_with_another_key(patient)
    await doctor.reads("Sam Reed’s device has changed. Compare the words again.")
    await doctor.sees(patient)
    await looks.at(doctor, "changed")
    await doctor.press("Participants")
    await doctor.reads("Device has changed")
    await looks.at(doctor, "participants-changed")
    await doctor.press("Compare words")
    await doctor.reads("has changed since you compared")
    await looks.at(doctor, "words-changed")
    await doctor.press("They are the same: Sam Reed")
    await doctor.page.keyboard.press("Escape")
    await expect(badge(doctor)).to_contain_text("End to end")
    await doctor.reads_no_longer("device has changed")
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_the_recorder_is_seen_with_what_it_can_hear(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor, patient = await _drawn(person, "Dr. Blue", DOCTOR), await _drawn(person, "Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await doctor.press("Lock session")
    await doctor.press("Participants")
    await looks.top_line_of(doctor, "locked")
    await doctor.press("Record session")
    await doctor.press("Ask everyone")
    await patient.press("Participants")
    recorder = patient.page.get_by_role("group", name="Recorder")
    await expect(recorder).to_contain_text("Has no keys from you: it cannot hear or see you")
    await looks.at(patient, "recorder-asks")
    await patient.press("Participants")
    await patient.press("Agree")
    await patient.press("Participants")
    await expect(recorder).to_contain_text("Has keys from you: it hears and sees you")
    await expect(patient.recording).to_contain_text(re.compile(r"Recording\s*\d:"))
    await looks.at(patient, "recorder-runs")
    await looks.top_line_of(doctor, "locked and recorded")
    await badge(patient).click()
    await patient.reads("With everyone’s yes, the recorder")
    await patient.reads("and by the recorder, to which everyone has said yes")
    await looks.at(patient, "recorded")
    await patient.page.keyboard.press("Escape")
    await doctor.recording.click()
    await doctor.press("Pause recording")
    await expect(recorder).to_contain_text("Paused, without keys from you")
    await looks.at(patient, "recorder-paused")
    await looks.top_line_of(doctor, "locked and paused")
    await doctor.recording.click()
    await doctor.press("Stop recording")
    await expect(recorder).to_be_hidden()
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_in_a_group_there_are_words_for_each(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor = await _drawn(person, "Dr. Blue", DOCTOR)
    patient, interpreter = await _drawn(person, "Sam Reed", PATIENT), await _drawn(person, "Ines Ito", INTERPRETER)
    await doctor.join(await service.link("therapist", session, max_participants=3))
    await patient.join(await service.link("patient", session, max_participants=3))
    await doctor.admit(patient)
    await badge(doctor).click()
    shown = await words(doctor, patient.name)
    await interpreter.join(await service.link("interpreter", session, max_participants=3))
    await doctor.page.keyboard.press("Escape")
    await doctor.admit(interpreter)
    await badge(doctor).click()
    await badge(interpreter).click()
    assert await words(doctor, interpreter.name) == await words(interpreter, doctor.name) != shown
    assert await words(doctor, patient.name) == shown, "they do not change because somebody else comes"
    await looks.at(doctor, "words-of-three")
    await interpreter.page.keyboard.press("Escape")
    await interpreter.leave()
    await expect(card(doctor, interpreter.name)).to_have_count(0)
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_somebody_whose_key_does_not_fit_is_told(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor, patient = await _drawn(person, "Dr. Blue", DOCTOR), await _drawn(person, "Sam Reed", PATIENT)
    await patient.prepare(encrypted.SCRIPT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await encrypted.spoils(patient, True)
    await doctor.admit(patient)
    await doctor.reads("What Sam Reed sends cannot be opened here, and is not shown.")
    await expect(badge(doctor)).to_contain_text("Please check")
    await looks.at(doctor, "unopened")
    await doctor.press("What to do")
    await doctor.reads("Ask Sam Reed to leave and join again.")
    await looks.at(doctor, "unopened-what-to-do")
    await doctor.page.keyboard.press("Escape")
    await doctor.press("Participants")
    await doctor.reads("Cannot be opened")
    await looks.at(doctor, "participants-unopened")
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_somebody_who_stands_between_two_is_told(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor, patient = await _drawn(person, "Dr. Blue", DOCTOR), await _drawn(person, "Sam Reed", PATIENT)
    forger = await protection.Forger.for_(doctor)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    forger.forges = True
    await patient.page.reload()
    await doctor.reads("Something between you and Sam Reed is not as it should be.")
    await expect(badge(doctor)).to_contain_text("Please check")
    await looks.at(doctor, "forged")
    await doctor.press("What to do")
    await doctor.reads("Somebody may be trying to get between you.")
    await looks.at(doctor, "forged-what-to-do")
    await doctor.page.keyboard.press("Escape")
    await doctor.reads_no_longer("is not as it should be.")
    await expect(badge(doctor)).to_contain_text("Please check")

    forger.forges = False
    await doctor.page.reload()
    await doctor.sees(patient)
    await expect(badge(doctor)).to_contain_text("Please check")
    await badge(doctor).click()
    await doctor.reads("was not as it should be. Compare the words to be sure.")
    await looks.at(doctor, "forged-before")
    await doctor.press("They are the same: Sam Reed")
    await doctor.page.keyboard.press("Escape")
    await expect(badge(doctor)).to_contain_text("End to end")
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_a_browser_that_cannot_is_told_what_to_do(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    patient = await protection.make_old(await _drawn(person, "Sam Reed", PATIENT))
    await patient.open(await service.link("patient", session))
    await patient.reads("This browser cannot be used for your session")
    await patient.is_not_offered("Join session")
    await looks.at(patient, "cannot")
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_where_it_may_be_in_the_clear_everybody_is_told(
    preferring: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor = await _drawn(person, "Dr. Blue", DOCTOR)
    patient = await protection.make_old(await _drawn(person, "Sam Reed", PATIENT))
    await doctor.join(await preferring.link("therapist", session))
    await expect(badge(doctor)).to_contain_text("End to end")
    await patient.open(await preferring.link("patient", session))
    await patient.reads("With this browser, the session is less protected")
    await patient.page.get_by_text("What you can do").click()
    await looks.at(patient, "join-cannot")
    await patient.fill("Your name", patient.name)
    await patient.press("Join session")
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    await doctor.reads("because the browser of Sam Reed cannot encrypt end to end")
    await patient.reads("because your browser cannot encrypt end to end")
    for someone in (doctor, patient):
        await expect(badge(someone)).to_contain_text("Not end to end")
    await looks.at(doctor, "clear")
    await patient.press("What it means")
    await looks.at(patient, "clear-you")
    await patient.page.keyboard.press("Escape")
    await doctor.press("What it means")
    await looks.at(doctor, "clear-them")
    await doctor.page.keyboard.press("Escape")
    await patient.says("Hello")
    await doctor.press("Chat")
    await doctor.reads("Not encrypted end to end now: the server can read it.")
    await looks.at(doctor, "clear-chat")
    await doctor.press("Participants")
    await doctor.reads("Cannot encrypt end to end")
    await looks.at(doctor, "clear-participants")
    await patient.leave()
    await expect(badge(doctor)).to_contain_text("End to end")
    assert not looks.wrong, "\n".join(looks.wrong)


@pytest.mark.timeout(300)
async def test_the_code_of_the_page_is_told_and_how_it_is_checked(
    service: Service, session: str, person: MakePerson, looks: Looks
) -> None:
    doctor = await _drawn(person, "Dr. Blue", DOCTOR)
    await doctor.join(await service.link("therapist", session))
    await badge(doctor).click()
    digest, _, _ = (await service.get("/web-digest")).partition("\n")
    await expect(doctor.page.locator(".code-digest")).to_have_text(digest)
    await doctor.page.locator(".page-code").scroll_into_view_if_needed()
    await looks.at(doctor, "page-code")
    await doctor.page.get_by_text("How it is checked").click()
    await doctor.reads("It fetches each file as your browser does")
    await doctor.page.get_by_role("link", name="List of all files").scroll_into_view_if_needed()
    await looks.at(doctor, "page-code-how")
    assert not looks.wrong, "\n".join(looks.wrong)
