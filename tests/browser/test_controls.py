"""What people do during a call, and what the others see and hear of it."""

from __future__ import annotations

from typing import Any

from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}


async def call(
    service: Service, session: str, person: MakePerson, **screen: Any
) -> tuple[ChromiumPerson, ChromiumPerson]:
    """A therapist and a patient, both at the same kind of screen, who see each other."""
    doctor, patient = await person("Dr. Blue", DOCTOR, **screen), await person("Sam Reed", PATIENT, **screen)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    return doctor, patient


async def test_a_muted_microphone_is_not_heard(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await doctor.hears(patient)
    await patient.press("Mute microphone")
    await doctor.hears()
    await doctor.sees(patient)

    await patient.press("Unmute microphone")
    await doctor.hears(patient)


async def test_a_camera_that_is_off_is_not_seen(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await patient.press("Turn camera off")
    await doctor.sees_no_picture_of(patient)
    await doctor.hears(patient)

    await patient.press("Turn camera on")
    await doctor.sees(patient)


async def test_a_raised_hand_is_seen(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await patient.press("Raise hand")
    await patient.is_offered("Lower hand")
    await expect(
        doctor.tile("Sam Reed").get_by_text("hand").or_(doctor.tile("Sam Reed").get_by_label("hand"))
    ).to_be_attached()

    await patient.press("Lower hand")
    await patient.is_offered("Raise hand")


async def test_chat_reaches_the_other_and_shows_only_text(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await patient.says("I am on the train <b>until noon</b>.")
    await doctor.press("Chat")
    await doctor.reads("I am on the train <b>until noon</b>.")
    await doctor.says("That is fine.")
    await patient.reads("That is fine.")


async def test_the_keyboard_alone_mutes_and_turns_the_camera_off(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await patient.page.keyboard.press("Control+d")
    await patient.is_offered("Unmute microphone")
    await doctor.hears()
    await patient.page.keyboard.press("Control+e")
    await patient.is_offered("Turn camera on")
    await doctor.sees_no_picture_of(patient)


async def test_a_shared_screen_is_the_main_picture(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await doctor.press("Share screen")
    await doctor.is_offered("Stop sharing")
    await patient.sees_a_screen(doctor)
    await patient.sees_and_hears(doctor)

    await doctor.press("Stop sharing")
    await doctor.is_offered("Share screen")
    await patient.sees_no_screen()
    await patient.sees(doctor)


async def test_the_therapist_asks_to_mute_and_the_patient_decides(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await doctor.hears(patient)
    await doctor.press("Ask to mute: Sam Reed")
    await patient.press("Stay unmuted")
    await doctor.hears(patient)
    await patient.is_offered("Mute microphone")

    await doctor.press("Ask to mute: Sam Reed")
    await patient.press("Mute")
    await patient.is_offered("Unmute microphone")
    await doctor.hears()
    await doctor.is_not_offered("Unmute: Sam Reed", "Unmute Sam Reed")


async def test_a_patient_shares_a_screen_only_when_the_therapist_allows(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await patient.is_not_offered("Share screen")
    await doctor.press("Allow sharing: Sam Reed")
    await patient.is_offered("Share screen")
    await patient.press("Share screen")
    await patient.is_offered("Stop sharing")
    await doctor.sees_a_screen(patient)

    await doctor.press("End sharing: Sam Reed")
    await doctor.sees_no_screen()
    await patient.is_not_offered("Stop sharing", "Share screen")


async def test_a_whole_call_on_phones(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person, **PHONE)
    await doctor.hears(patient)
    await patient.press("Raise hand")
    await patient.press("Turn camera off")
    await doctor.sees_no_picture_of(patient)
    await doctor.end_for_everyone()
    await patient.does_not_see(doctor)
