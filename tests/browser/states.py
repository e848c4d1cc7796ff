"""One walk through every page that people come to, for the tests that look at pages rather than at what they do."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.content import DOCTOR, INTERPRETER, PATIENT
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service

MakePerson = Callable[..., Awaitable[ChromiumPerson]]
Look = Callable[[str, ChromiumPerson], Awaitable[None]]
"""Called at each page with what it is and the person who is there."""

WITHOUT_PERMISSION = "--deny-permission-prompts"


async def walk(service: Service, make: MakePerson, look: Look) -> None:
    """Goes from page to page and looks at each."""
    await _before_a_call(service, make, look)
    await _a_call_of_two(service, make, look)
    await _a_call_of_three(service, make, look)


async def _before_a_call(service: Service, make: MakePerson, look: Look) -> None:
    patient = await make("Sam Reed", PATIENT)
    await patient.open(f"{service.url}/video-call/demo")
    await patient.button("Join session").wait_for()
    await look("demo-form", patient)

    await patient.press("Join session")
    await look("demo-form-incomplete", patient)

    await patient.open(await service.link("patient", _session()))
    await patient.button("Join session").wait_for()
    await look("join-patient", patient)

    nobody = await make("Nobody", PATIENT)
    await nobody.open(f"{service.url}/video-call/therapy")
    await nobody.page.get_by_role("heading", level=1).wait_for()
    await look("no-link", nobody)

    refused = await make("Sam Reed", PATIENT)
    await refused.join(f"{service.url}/video-call/secure-therapy#token={service.expired_token()}")
    await refused.is_refused("This link has expired")
    await look("expired-link", refused)

    denied = await make("Sam Reed", PATIENT, WITHOUT_PERMISSION)
    await denied.open(await service.link("patient", _session()))
    await denied.button("Join session").wait_for()
    await look("join-without-permission", denied)


async def _a_call_of_two(service: Service, make: MakePerson, look: Look) -> None:
    session = _session()
    doctor, patient = await make("Dr. Blue", DOCTOR), await make("Sam Reed", PATIENT)
    patient_link = await service.link("patient", session)
    await doctor.open(await service.link("therapist", session))
    await doctor.button("Join session").wait_for()
    await look("join-therapist", doctor)
    await doctor.fill("Your name", doctor.name)
    await doctor.press("Join session")
    await doctor.is_offered("Leave call")
    await look("therapist-alone", doctor)

    await patient.join(patient_link)
    await doctor.is_offered("Admit Sam Reed")
    await look("therapist-with-somebody-waiting", doctor)
    await look("waiting", patient)

    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    await look("call-therapist", doctor)
    await look("call-patient", patient)
    await patient.page.locator("tb-protection-pill").get_by_role("button").click()
    await look("protection", patient)
    await patient.page.keyboard.press("Escape")
    await _a_recording(doctor, patient, look)

    await patient.press("Raise hand")
    await patient.says("I will be two minutes late next week, is that all right?")
    await doctor.press("Chat")
    await doctor.says("Of course. Take your time.")
    await patient.reads("Take your time")
    await look("chat", patient)
    await look("chat-and-raised-hand", doctor)

    await doctor.press("Participants")
    await look("participants", doctor)
    await doctor.press("Remove Sam Reed")
    await look("question", doctor)
    await doctor.page.keyboard.press("Escape")
    await doctor.press("Participants")

    await doctor.press("More")
    await look("more", doctor)
    await doctor.page.keyboard.press("Escape")
    await doctor.press("Settings")
    await look("settings", doctor)
    await doctor.page.keyboard.press("Escape")

    await patient.press("Chat")
    await patient.press("Turn camera off")
    await doctor.sees_no_picture_of(patient)
    await look("call-without-picture", doctor)

    await doctor.press("Share screen")
    await patient.sees_a_screen(doctor)
    await look("shared-screen", patient)
    await look("sharing", doctor)
    await doctor.press("Stop sharing")

    await patient.leave()
    await look("left", patient)
    await doctor.end_for_everyone()
    await look("ended", doctor)


async def _a_recording(doctor: ChromiumPerson, patient: ChromiumPerson, look: Look) -> None:
    await doctor.press("Record session")
    await look("record-question", doctor)
    await doctor.press("Ask everyone")
    await patient.is_offered("Agree")
    await look("consent", patient)
    await look("recording-asked", doctor)
    await patient.press("Agree")
    for someone in (doctor, patient):
        await expect(someone.recording).to_contain_text(re.compile(r"Recording\s*\d:"))
    await look("recording-therapist", doctor)
    await look("recording-patient", patient)
    await patient.recording.click()
    await look("recording-withdraw", patient)
    await patient.page.keyboard.press("Escape")
    await doctor.recording.click()
    await look("recording-controls", doctor)
    await doctor.press("Pause recording")
    await expect(doctor.recording).to_contain_text("Recording paused")
    await look("recording-paused", doctor)
    await doctor.recording.click()
    await doctor.press("Stop recording")
    await expect(patient.recording).to_have_count(0)
    await doctor.reads_no_longer("The recording has stopped")


async def _a_call_of_three(service: Service, make: MakePerson, look: Look) -> None:
    session = _session()
    people = [await make("Dr. Blue", DOCTOR), await make("Sam Reed", PATIENT), await make("Ines Ito", INTERPRETER)]
    doctor, *others = people
    await doctor.join(await service.link("therapist", session, max_participants=3))
    for other, role in zip(others, ("patient", "interpreter"), strict=True):
        await other.join(await service.link(role, session, max_participants=3))
        await doctor.admit(other)
    for other in others:
        await doctor.sees(other)
    await look("call-of-three", doctor)
    await doctor.end_for_everyone()


def _session() -> str:
    return f"s-{os.urandom(6).hex()}"
