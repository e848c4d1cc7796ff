"""A dropped socket is not a dropped call, and whoever is gone without a word is gone after 15 s."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.gaps import DETACHED, RECONNECTING, WAITING, Gaps
from tests.browser.person import ChromiumPerson, eventually
from tests.browser.protection import badge, words
from tests.browser.service import Service
from tests.browser.wire import MediaWire, Wire

ICE_USERNAMES = """() => window.recognise.connections
  .filter(connection => connection.connectionState !== "closed")
  .map(connection => /a=ice-ufrag:(\\S+)/.exec(connection.localDescription.sdp)[1])"""

ADMITTED = """() => {
  const { token } = JSON.parse(sessionStorage.getItem("therabook.seat"));
  return JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).seat?.admitted === true;
}"""

MEDIA_IS_LOST = """() => window.recognise.connections
  .every(connection => ["disconnected", "failed", "closed"].includes(connection.iceConnectionState))"""


async def words_between(one: ChromiumPerson, other: ChromiumPerson) -> list[str]:
    """That the one is shown to compare with the other."""
    await badge(one).click()
    found = await words(one, other.name)
    await one.page.keyboard.press("Escape")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind_a_wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), *MediaWire.FLAGS)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


async def test_five_seconds_without_a_socket_disturb_nothing_and_lose_nothing_that_was_written(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    async with Wire(service) as wire:
        await doctor.join(await service.link("therapist", session))
        await patient.join(wire.link(await service.link("patient", session)))
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)
        await patient.sees_and_hears(doctor)
        agreed = await words_between(doctor, patient)

        patient.expects_network_errors()
        gaps = Gaps(doctor, patient)
        await gaps.start()
        wire.cut()
        await patient.reads(DETACHED)
        await patient.says("Written meanwhile")
        await asyncio.sleep(3)

        wire.mend()
        await patient.reads_no_longer(DETACHED)
        await gaps.mended()
        print(gaps.table("5 s without a socket"))
        assert gaps.longest() < 0.5, "pictures and sound go on at both ends"
        assert gaps.read[doctor.name] == {}, "the other is told nothing"
        assert list(gaps.read[patient.name]) == [DETACHED], "and they themselves only what does not work"
        assert (
            await patient.page.get_by_role("textbox", name="Message", exact=True).input_value() == "Written meanwhile"
        )
        await patient.press("Send")
        await doctor.press("Chat")
        await doctor.reads("Written meanwhile")
        await doctor.press("Chat")
        assert await words_between(doctor, patient) == agreed == await words_between(patient, doctor)


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
            await someone.reads(RECONNECTING)
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


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_after_a_restart_the_call_goes_on_and_nobody_is_admitted_again(
    tmp_path: Path, session: str, person: MakePerson, how: str
) -> None:
    service = Service(tmp_path)
    await service.start()
    try:
        doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
        await doctor.join(await service.link("therapist", session))
        await patient.join(await service.link("patient", session))
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)
        await eventually(lambda: patient.evaluate(ADMITTED), "the patient's page knows that it was let in")

        for someone in (doctor, patient):
            someone.expects_network_errors()
        gaps = Gaps(doctor, patient)
        await gaps.start()
        began = time.monotonic()
        if how == "killed":
            await service.kill()
        else:
            assert await service.stop() == 0
        await patient.reads(RECONNECTING)
        await service.start()
        ready = time.monotonic()
        await doctor.sees_and_hears(patient)
        await patient.sees_and_hears(doctor)
        back = time.monotonic()
        print(f"\n{how}: ready again after {ready - began:.1f} s, the call is back {back - ready:.1f} s later")
        assert back - ready < 8
        await gaps.look()
        assert not any(WAITING in read for read in gaps.read.values()), "nobody was seen at the door"
        await patient.reads_no_longer(RECONNECTING)
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
