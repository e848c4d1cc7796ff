"""A dropped socket is not a dropped call, and whoever is gone without a word is gone after 15 s."""

from __future__ import annotations

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.service import Service
from tests.browser.wire import Wire


async def test_media_goes_on_while_the_socket_is_down_and_the_socket_comes_back(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    async with Wire(service) as wire:
        await doctor.join(await service.link("therapist", session))
        await patient.join(wire.link(await service.link("patient", session)))
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)

        patient.expects_network_errors()
        wire.cut()
        await patient.sees_and_hears(doctor)
        await doctor.sees_and_hears(patient)
        await patient.reads("Reconnecting")

        wire.mend()
        await patient.says("Here again")
        await doctor.press("Chat")
        await doctor.reads("Here again")
        await patient.sees_and_hears(doctor)


async def test_a_reloaded_page_is_back_in_the_call_without_being_admitted_again(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)

    await patient.page.reload()
    await patient.sees_and_hears(doctor)
    await doctor.sees_and_hears(patient)


async def test_a_network_that_goes_away_and_comes_back_keeps_the_call(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)

    patient.expects_network_errors()
    await patient.page.context.set_offline(True)
    await patient.reads("Reconnecting", seconds=20)
    await patient.page.context.set_offline(False)
    await patient.sees_and_hears(doctor)
    await doctor.sees_and_hears(patient)


async def test_a_browser_that_vanishes_is_gone_after_its_grace(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)

    await patient.page.close()
    await doctor.does_not_see(patient, seconds=40)


async def test_the_same_link_on_a_second_device_asks_the_first(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    link = await service.link("patient", session)
    await doctor.join(await service.link("therapist", session))
    await patient.join(link)
    await doctor.admit(patient)
    await doctor.sees(patient)

    phone = await person("Sam Reed", PATIENT)
    await phone.join(link)
    await phone.asks_to_move()
    await patient.allows_the_move()
    await phone.sees_and_hears(doctor)
    await patient.does_not_see(doctor)
    await doctor.sees_and_hears(phone)
