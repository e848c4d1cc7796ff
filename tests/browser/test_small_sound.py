"""Where a way carries hardly more than a voice, the voice is made small, and is heard as before."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.encrypted import is_end_to_end
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import Person, eventually
from tests.browser.service import Service

pytestmark = pytest.mark.timeout(120)

INSIGHT = Path(__file__).with_name("insight.js").read_text()

NARROW = """
const counted = RTCPeerConnection.prototype.getStats;
RTCPeerConnection.prototype.getStats = async function (...which) {
  const report = await counted.apply(this, which);
  if (!window.narrow) return report;
  return new Map([...report].map(([id, each]) => [
    id,
    each.availableOutgoingBitrate ? { ...each, availableOutgoingBitrate: window.narrow } : each,
  ]));
};
"""
"""What the browser believes that it can send is what a test says."""

SOUND = """async () => {
  for (const each of (await insight.peers.at(-1).getStats()).values()) {
    if (each.type === 'outbound-rtp' && each.kind === 'audio') {
      return [each.packetsSent, each.bytesSent + each.headerBytesSent];
    }
  }
  return [0, 0];
}"""

SECONDS = 3


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        await person.prepare(INSIGHT)
        yield person


async def pace(someone: Person) -> tuple[float, float]:
    """Packets, and bits with all headers but those of UDP and IP, that their sound sends in a second."""
    before = await someone.evaluate(SOUND)
    await someone.evaluate(f"() => new Promise((resolve) => setTimeout(resolve, {SECONDS * 1000}))")
    after = await someone.evaluate(SOUND)
    packets, size = ((now - then) / SECONDS for now, then in zip(after, before, strict=True))
    return packets, 8 * size


async def is_small(someone: Person) -> bool:
    packets, bits = await pace(someone)
    return packets < 20 and bits < 30_000


async def test_who_can_send_little_sends_small_sound_and_is_heard(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    for each in (doctor, patient):
        await each.prepare(INSIGHT)
    await patient.prepare(NARROW)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)
    packets, bits = await pace(patient)
    assert packets > 45
    assert bits > 40_000
    await patient.evaluate("() => { window.narrow = 60_000; }")

    async def smaller() -> bool:
        return await is_small(patient)

    await eventually(smaller, "the sound is made small", seconds=25)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    await is_end_to_end(doctor)
    assert (await pace(doctor))[0] > 45, "what the other says goes over no narrow way"


async def test_firefox_makes_its_sound_small_as_well(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    await doctor.join(await service.link("therapist", session))
    await fox.join(await service.link("patient", session))
    await doctor.admit(fox)
    await doctor.sees_and_hears(fox)
    assert (await pace(fox))[0] > 45
    for wanted in (True, False):
        said = json.dumps({"type": "wanted", "layers": {}, "sound": "small" if wanted else "usual"})
        tell = "data => insight.sockets.at(-1).dispatchEvent(new MessageEvent('message', { data }))"
        await fox.evaluate(tell, said)

        async def as_told(wanted: bool = wanted) -> bool:
            return await is_small(fox) == wanted

        await eventually(as_told, f"its sound is small: {wanted}", seconds=20)
        await doctor.sees_and_hears(fox)
