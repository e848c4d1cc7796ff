"""What real browsers tell of what reaches them: enough for an estimate, and they bear with probes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.firefox import FirefoxPerson
from tests.browser.service import Service

WITHIN = 20.0
ENOUGH = 60
"""Messages of one browser: some seconds of its call."""


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        yield person


async def counted(service: Service, what: str) -> int:
    found = re.search(rf'^therabook_media_total{{what="{what}"}} ([0-9.e+]+)$', await service.get("/metrics"), re.M)
    assert found is not None, what
    return int(float(found[1]))


async def grows(service: Service, what: str, by: int) -> None:
    before = await counted(service, what)
    async with asyncio.timeout(WITHIN):
        while await counted(service, what) < before + by:  # noqa: ASYNC110 - told by a counter
            await asyncio.sleep(0.2)


async def test_chromium_and_firefox_tell_what_came_and_are_not_disturbed_by_probes(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    bad, unread = await counted(service, "dropped_feedback"), await counted(service, "dropped_rtcp")
    probes = await counted(service, "probe_packets_out")
    doctor = await person("Dr. Blue", DOCTOR)
    await doctor.join(await service.link("therapist", session))
    await fox.join(await service.link("patient", session))
    await doctor.admit(fox)
    await doctor.sees_and_hears(fox)
    # both tell about ten times a second
    await grows(service, "feedback_in", 2 * ENOUGH)
    assert await counted(service, "probe_packets_out") > probes
    assert await counted(service, "dropped_feedback") == bad
    assert await counted(service, "dropped_rtcp") == unread
    await doctor.sees_and_hears(fox)
    await fox.sees_and_hears(doctor)


async def test_chromium_alone_tells_as_well(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await grows(service, "feedback_in", 2 * ENOUGH)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
