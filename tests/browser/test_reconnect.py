"""A dropped socket is not a dropped call, and whoever is gone without a word is gone after 15 s."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.person import eventually
from tests.browser.service import Service
from tests.browser.wire import MediaWire, Wire

ICE_USERNAMES = """() => window.recognise.connections
  .filter(connection => connection.connectionState !== "closed")
  .map(connection => /a=ice-ufrag:(\\S+)/.exec(connection.localDescription.sdp)[1])"""

MEDIA_IS_LOST = """() => window.recognise.connections
  .every(connection => ["disconnected", "failed", "closed"].includes(connection.iceConnectionState))"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind_a_wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), *MediaWire.FLAGS)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


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
        await patient.reads_no_longer("Reconnecting")
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
    behind_a_wire: Service, session: str, person: MakePerson
) -> None:
    service = behind_a_wire
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    async with Wire(service) as wire, MediaWire(service) as media:
        await doctor.join(wire.link(await service.link("therapist", session)))
        await patient.join(wire.link(await service.link("patient", session)))
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)
        await patient.sees_and_hears(doctor)

        for someone in (doctor, patient):
            someone.expects_network_errors()
        wire.cut()
        media.cut()
        for someone in (doctor, patient):
            await someone.reads("Reconnecting")
        await eventually(lambda: patient.evaluate(MEDIA_IS_LOST), "the patient's browser notices")
        wire.mend()
        media.mend()
        await patient.sees_and_hears(doctor)
        await doctor.sees_and_hears(patient)
        assert media.dropped > 0


async def test_media_that_is_lost_while_the_socket_lives_is_brought_back_by_an_ice_restart(
    behind_a_wire: Service, session: str, person: MakePerson
) -> None:
    service = behind_a_wire
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    async with MediaWire(service) as media:
        await doctor.join(await service.link("therapist", session))
        await patient.join(await service.link("patient", session))
        await doctor.admit(patient)
        await doctor.sees(patient)
        [before] = await patient.evaluate(ICE_USERNAMES)

        media.cut()

        async def restarted() -> bool:
            return before not in await patient.evaluate(ICE_USERNAMES)

        await eventually(restarted, "the patient's browser restarts ICE")
        media.mend()
        await patient.sees_and_hears(doctor)
        await doctor.sees_and_hears(patient)
        assert media.dropped > 0


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


async def test_after_a_restart_the_same_people_meet_again(tmp_path: Path, session: str, person: MakePerson) -> None:
    service = Service(tmp_path)
    await service.start()
    try:
        doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
        await doctor.join(await service.link("therapist", session))
        await patient.join(await service.link("patient", session))
        await doctor.admit(patient)
        await doctor.sees(patient)

        for someone in (doctor, patient):
            someone.expects_network_errors()
        assert await service.stop() == 0
        await service.start()

        # Both find the door again by themselves.
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)
        await patient.sees_and_hears(doctor)
    finally:
        await service.stop()


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
