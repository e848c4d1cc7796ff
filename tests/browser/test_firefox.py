"""The first call between Firefox and Chromium, each as the therapist once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.firefox import FirefoxPerson
from tests.browser.service import Service


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        yield person


async def test_a_patient_with_firefox_calls_a_therapist_with_chromium(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    await doctor.join(await service.link("therapist", session))
    await fox.join(await service.link("patient", session))
    await doctor.admit(fox)
    await doctor.sees_and_hears(fox)
    await fox.sees_and_hears(doctor)


async def test_a_patient_with_chromium_calls_a_therapist_with_firefox(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    patient = await person("Sam Reed", PATIENT)
    await fox.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await fox.admit(patient)
    await fox.sees_and_hears(patient)
    await patient.sees_and_hears(fox)
