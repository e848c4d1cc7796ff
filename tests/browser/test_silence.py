"""Silence is not sent: who says nothing costs the others' connections next to nothing."""

from __future__ import annotations

from tests.browser.conftest import MakePerson
from tests.browser.person import eventually
from tests.browser.service import Service
from tests.browser.test_controls import call

FALLS_SILENT = """async () => {
  const [sender] = window.recognise.connections.flatMap((connection) => connection.getSenders())
    .filter(({ track }) => track?.kind === "audio");
  window.voice = sender.track;
  const silence = new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0];
  await sender.replaceTrack(silence);
}"""

SPEAKS_AGAIN = """async () => {
  for (const connection of window.recognise.connections)
    for (const sender of connection.getSenders())
      if (sender.track?.kind === "audio") await sender.replaceTrack(window.voice);
}"""

PACKETS_A_SECOND = """async () => {
  const sent = async () => {
    let packets = 0;
    for (const connection of window.recognise.connections)
      for (const each of (await connection.getStats()).values())
        if (each.type === "outbound-rtp" && each.kind === "audio") packets += each.packetsSent;
    return packets;
  };
  const [before, since] = [await sent(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return ((await sent()) - before) / ((performance.now() - since) / 1000);
}"""


async def test_who_says_nothing_sends_next_to_nothing(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await doctor.hears(patient)
    assert await patient.evaluate(PACKETS_A_SECOND) > 30

    await patient.evaluate(FALLS_SILENT)

    async def quiet() -> bool:
        return bool(await patient.evaluate(PACKETS_A_SECOND) < 6)

    await eventually(quiet, "silence is one packet in 400 ms")
    await doctor.hears()
    await doctor.sees(patient)
    await patient.evaluate(SPEAKS_AGAIN)
    await doctor.hears(patient)
