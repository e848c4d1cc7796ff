"""A Chromium from before RTCRtpScriptTransform came: its frames go through createEncodedStreams, and all is the same.

The browser is today's with the newer way taken out, so that what is left is the older one, as it is there."""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, INTERPRETER, PATIENT
from tests.browser.encrypted import (
    SCRIPT,
    came,
    counts,
    is_end_to_end,
    nothing_comes_through,
    opened_everything,
    spoils,
)
from tests.browser.person import ChromiumPerson, eventually
from tests.browser.service import Service

pytestmark = pytest.mark.timeout(180)

WITHOUT_TRANSFORMS = "delete globalThis.RTCRtpScriptTransform;"


async def an_older(someone: ChromiumPerson) -> ChromiumPerson:
    await someone.prepare(WITHOUT_TRANSFORMS)
    return someone


async def test_an_older_chromium_is_seen_heard_and_encrypted_as_a_newer_one_is(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor = await an_older(await person("Dr. Blue", DOCTOR))
    patient = await person("Sam Reed", PATIENT)
    guest = await an_older(await person("Ines Ito", INTERPRETER))
    everyone = (doctor, patient, guest)
    for someone in everyone:
        await someone.prepare(SCRIPT)
    for someone, role in ((doctor, "therapist"), (patient, "patient"), (guest, "interpreter")):
        await someone.join(await service.link(role, session, max_participants=3))
        if someone is not doctor:
            await doctor.admit(someone)
    has = "() => 'RTCRtpScriptTransform' in globalThis"
    assert [await someone.evaluate(has) for someone in everyone] == [False, True, False]
    await asyncio.gather(
        *(someone.sees_and_hears(*(other for other in everyone if other is not someone)) for someone in everyone)
    )
    for someone in everyone:
        await is_end_to_end(someone)
        await opened_everything(someone, *(other for other in everyone if other is not someone))
        assert (await counts(someone)).sealed > 0


async def test_an_older_chromium_decodes_nothing_of_who_encrypts_under_another_key(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await an_older(await person("Sam Reed", PATIENT))
    for someone in (doctor, patient):
        await someone.prepare(SCRIPT)
    await doctor.join(await service.link("therapist", session))
    await spoils(doctor, True)
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)

    async def packets() -> bool:
        found = await came(patient, doctor)
        return min(found.camera_packets, found.sound_packets) > 50

    await eventually(packets, "something comes of the therapist")
    await nothing_comes_through(patient, doctor, seconds=5)
    told = await counts(patient)
    assert (told.opened, told.clear) == (0, 0)
    assert told.dropped["not-authentic"] > 100
