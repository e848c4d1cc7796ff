"""A call where the network lets no UDP through: ICE-TCP on the same port number."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service

SELECTED = """async () => {
  const found = new Set();
  for (const connection of window.recognise.connections) {
    const stats = new Map(await connection.getStats());
    for (const each of stats.values()) {
      if (each.type === "transport" && each.selectedCandidatePairId)
        found.add(stats.get(stats.get(each.selectedCandidatePairId).localCandidateId).protocol);
    }
  }
  return [...found];
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tcp_only(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), "--no-media-udp")
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


async def _call(service: Service, session: str, person: MakePerson) -> tuple[ChromiumPerson, ChromiumPerson]:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    return doctor, patient


async def test_a_call_without_udp_goes_over_tcp(tcp_only: Service, session: str, person: MakePerson) -> None:
    for someone in await _call(tcp_only, session, person):
        assert await someone.evaluate(SELECTED) == ["tcp"]


async def test_a_call_goes_over_udp_where_it_can(service: Service, session: str, person: MakePerson) -> None:
    for someone in await _call(service, session, person):
        assert await someone.evaluate(SELECTED) == ["udp"]
