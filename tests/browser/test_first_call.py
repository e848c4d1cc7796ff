"""From two links to a call: both pictures and both sounds, recognised at the far end."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, IN_DETAIL, INTERPRETER, PATIENT
from tests.browser.person import eventually
from tests.browser.service import Service


async def test_therapist_and_patient_see_and_hear_each_other(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)

    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    await doctor.is_painted(patient)
    await patient.is_painted(doctor)


@pytest.mark.timeout(180)
async def test_a_camera_is_asked_for_1280_by_720_and_that_is_what_arrives(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", IN_DETAIL)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    picture = await doctor.sees(patient)

    async def full_size() -> bool:
        return (await doctor.sees(patient)).width == 1280

    await eventually(full_size, f"the picture grows from {picture.width} to 1280", seconds=60)


async def test_the_demo_form_leads_into_the_same_call(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    for someone, role in ((doctor, "Therapist"), (patient, "Patient")):
        await someone.open(f"{service.url}/video-call/demo")
        await someone.fill("Your name", someone.name)
        await someone.fill("Session ID", session)
        await someone.page.get_by_label("Role", exact=True).select_option(label=role)
        await someone.press("Join session")
    await doctor.admit(patient)

    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)


async def test_every_page_of_the_old_deployment_leads_into_the_client(service: Service, person: MakePerson) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    for page in ("demo", "therapy", "secure-therapy"):
        await doctor.open(f"{service.url}/video-call/{page}")
        await expect(doctor.page.get_by_role("heading", level=1)).to_be_visible()
    await doctor.open(service.url)
    await expect(doctor.page.get_by_role("heading", level=1)).to_be_visible()


async def test_a_third_person_joins_and_everyone_sees_and_hears_everyone(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    interpreter = await person("Ines Ito", INTERPRETER)
    await doctor.join(await service.link("therapist", session, max_participants=3))
    await patient.join(await service.link("patient", session, max_participants=3))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await interpreter.join(await service.link("interpreter", session, max_participants=3))
    await doctor.admit(interpreter)

    await doctor.sees_and_hears(patient, interpreter)
    await patient.sees_and_hears(doctor, interpreter)
    await interpreter.sees_and_hears(doctor, patient)

    await interpreter.leave()
    await doctor.does_not_see(interpreter)
    await doctor.sees_and_hears(patient)


async def test_leaving_ends_the_call_for_one_and_says_so_to_the_other(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)

    await patient.leave()
    await doctor.does_not_see(patient)
    await doctor.hears()
    await patient.does_not_see(doctor)
    await patient.released_devices()


async def test_the_therapist_ends_the_session_for_everyone(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await patient.sees(doctor)

    await doctor.end_for_everyone()
    await patient.does_not_see(doctor)
    await doctor.does_not_see(patient)
    await patient.hears()
    await patient.released_devices()
    await doctor.released_devices()
