"""A call whose people encrypt, through the whole server and its writer: what it cannot read is forwarded, and what the
recorder was given keys for is recorded, from then on and until they are taken away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import av
import pytest

from recording.e2ee import Secret, Sender, seal_frame
from recording.frames import Codec
from recording.opening import SOURCES
from sfu import Source
from signaling import messages as m
from signaling.capture_parts import PROBLEMS
from tests.signaling.numbered import PATTERN_BYTES, RATE, NumberedCaller, Sends
from tests.signaling.recorded_call import Sent, what_is_kept
from tests.signaling.sealing_page import SealingPage
from tests.signaling.server import WITHIN, Client, M, Server, a_server
from tests.signaling.test_recorded_call import a_clinic, agrees, hang_up, is_asked, phase, writer_of

NAMES = ("Dr. Blue Planted", "Alex Planted")


class SealedClient(Client):
    """Reads all the time, and does what its page does about it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, page: SealingPage) -> None:
        super().__init__(socket)
        self.page = page
        self.outgoing: list[m.Message] = []
        self._come: asyncio.Queue[m.Message] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    async def hears(self, kind: type[M], *, where: Any = lambda message: True) -> M:
        async with asyncio.timeout(WITHIN):
            while True:
                message = await self._come.get()
                if isinstance(message, kind) and where(message):
                    return message

    async def _read(self) -> None:
        async for received in self.socket:
            message = m.server_messages.validate_json(received.data)
            if isinstance(message, m.Joined):
                self.joined = message
            self.told.append(message)
            self.page.take(message)
            self._come.put_nowait(message)
            outgoing, self.outgoing[:] = list(self.outgoing), []
            for each in outgoing:
                await self.says(each)


class Page(SealingPage):
    """With what its worker has: the one sender of all that it sends."""

    _sender: Sender | None = None
    _sender_of: tuple[int, bytes] = (0, b"")

    @property
    def sender(self) -> Sender:
        now = self.key_id, self.key
        if self._sender is None or self._sender_of != now:
            self._sender, self._sender_of = Sender(self.key_id, Secret(self.key)), now
        return self._sender


class SealedSends(Sends):
    def __init__(self, source: Source, pattern: bytes, page: Page) -> None:
        super().__init__(source, pattern)
        self._page = page

    async def recv(self) -> av.Packet[Any]:
        packet = await super().recv()
        codec: Codec = "opus" if self.source == "microphone" else "VP8"
        sealed = av.Packet(seal_frame(self._page.sender, codec, SOURCES[self.source], bytes(packet)))
        sealed.pts, sealed.time_base = packet.pts, packet.time_base
        return sealed


class SealedCaller(NumberedCaller):
    def __init__(self, client: Client, name: str, *, gives: bool = True) -> None:
        outgoing: list[m.Message] = []
        self.page = Page(outgoing.append, name=name, seed=secrets.randbits(64), honest=gives)
        self.page.number = 1
        self.page.new_epoch()
        sealed = SealedClient(client.socket, self.page)
        sealed.outgoing = outgoing
        super().__init__(sealed, secrets.token_bytes(PATTERN_BYTES))
        self.sends = {source: SealedSends(source, self.pattern, self.page) for source in RATE}
        for source, transceiver in zip(RATE, self.pc.getTransceivers(), strict=False):
            transceiver.sender.replaceTrack(self.sends[source])

    async def joins(self, token: str, name: str) -> None:
        offer = await self.offer()
        await self.client.says(m.Join(token=token, offer=offer, encrypts=True, microphone=True, camera=True))
        await self.client.hears(m.Joined)
        await self.client.state()
        assert self.client.joined is not None
        await self.answered(self.client.joined.answer)
        async with asyncio.timeout(WITHIN):
            while self.pc.connectionState != "connected":  # noqa: ASYNC110 - as in test_call
                await asyncio.sleep(0.01)

    @property
    def received(self) -> bytes:
        return b"".join(self._received)


@contextlib.asynccontextmanager
async def a_call(server: Server, *, patient_gives: bool = True) -> AsyncIterator[tuple[SealedCaller, SealedCaller]]:
    doctor = SealedCaller(await server.client(), NAMES[0])
    patient = SealedCaller(await server.client(), NAMES[1], gives=patient_gives)
    try:
        await doctor.joins(server.token("therapist"), "")
        await patient.joins(server.token("patient"), "")
        state = await doctor.client.state(lambda state: state.waiting)
        await doctor.client.says(m.Admit(person=state.waiting[0].id))
        await patient.client.state(lambda state: state.phase == "present")
        yield doctor, patient
    finally:
        await hang_up(doctor, patient)


async def records(doctor: SealedCaller, patient: SealedCaller) -> None:
    await doctor.client.says(m.Record(action="start"))
    await is_asked(patient.client)
    await agrees(patient.client)
    await phase(doctor.client, "running")
    await phase(patient.client, "running")


def sent(*callers: SealedCaller) -> Sent:
    return [each.sent for each in callers]


async def test_what_was_agreed_to_is_recorded_and_nothing_else_can_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with a_server(tmp_path) as server:
        async with a_call(server) as (doctor, patient):
            await asyncio.sleep(1)
            asked = sent(doctor, patient)
            await records(doctor, patient)
            begun = sent(doctor, patient)
            await asyncio.sleep(3)
            paused = sent(doctor, patient)
            await doctor.client.says(m.Record(action="pause"))
            await phase(patient.client, "paused")
            await asyncio.sleep(0.3)
            pause = sent(doctor, patient)
            await asyncio.sleep(1)
            pause_over = sent(doctor, patient)
            await doctor.client.says(m.Record(action="resume"))
            await phase(patient.client, "running")
            again = sent(doctor, patient)
            await asyncio.sleep(3)
            stopped = sent(doctor, patient)
            await doctor.client.says(m.Record(action="stop"))
            await doctor.client.state(lambda state: state.recording is None)
            await asyncio.sleep(1)
            for one, other in ((doctor, patient), (patient, doctor)):
                assert len(other.received) > 20_000
                assert one.pattern not in other.received, "something was forwarded that can be read"
            told = "".join(message.model_dump_json() for each in (doctor, patient) for message in each.client.told)
            assert "Planted" not in told
            assert not any(isinstance(message, m.Error) for each in (doctor, patient) for message in each.client.told)
            pages = doctor.page, patient.page
        async with a_clinic(tmp_path) as clinic:
            whole = await clinic.only()
            assert {check.problem for check in await clinic.vault.verify(whole.recording.id)} == {None}
            names = {person.role: await clinic.vault.name(person) for person in whole.people}
            kept = await what_is_kept(clinic.vault, [doctor, patient])
    assert names == dict(zip(("therapist", "patient"), NAMES, strict=True))
    assert kept.lost(begun, paused) <= 1.0
    assert kept.lost(again, stopped) <= 1.0
    for numbers, before, first, last, end in zip(kept.numbers, asked, pause, pause_over, stopped, strict=True):
        for source in RATE:
            assert min(numbers[source]) >= before[source]
            assert not numbers[source] & set(range(first[source], last[source]))
            assert max(numbers[source]) <= end[source] + RATE[source]
    for page in pages:
        assert len(page.has) >= 2
        assert page.key.hex() not in caplog.text
    for word in ("Planted", *(caller.pattern.hex() for caller in (doctor, patient))):
        assert word not in caplog.text


async def test_somebody_whose_page_gives_no_key_is_missing_in_it_and_all_are_told(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, a_clinic(tmp_path) as clinic:
        async with a_call(server, patient_gives=False) as (doctor, patient):
            await records(doctor, patient)
            begun = sent(doctor, patient)
            await phase(doctor.client, "running", problem=PROBLEMS["locked"])
            stopped = sent(doctor, patient)
            await doctor.client.says(m.Record(action="stop"))
            await clinic.only()
        kept = await what_is_kept(clinic.vault, [doctor, patient])
        async with server.http.get(f"{server.url}/metrics") as answer:
            (line,) = [
                line
                for line in (await answer.text()).splitlines()
                if line.startswith("therabook_recording_frames_unopened_total")
            ]
    assert float(line.split()[1]) > 100
    assert kept.numbers[1] == {source: set() for source in RATE}
    assert all(
        len(kept.numbers[0][source]) >= (stopped[0][source] - begun[0][source]) - RATE[source] for source in RATE
    )


async def test_the_names_are_in_it_which_the_recorder_is_told_with_the_keys(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, a_clinic(tmp_path) as clinic:
        async with a_call(server) as (doctor, patient):
            await records(doctor, patient)
            await asyncio.sleep(1)
            await doctor.client.says(m.Record(action="stop"))
            whole = await clinic.only()
        assert sorted([await clinic.vault.name(person) for person in whole.people]) == sorted(NAMES)
        kept = await what_is_kept(clinic.vault, [doctor, patient])
        assert all(numbers["microphone"] for numbers in kept.numbers)


async def test_a_writer_that_dies_takes_its_keys_along_and_another_one_gets_new_ones(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, a_clinic(tmp_path) as clinic:
        async with a_call(server) as (doctor, patient):
            await records(doctor, patient)
            await asyncio.sleep(2)
            before = [set(caller.page.has) for caller in (doctor, patient)]
            os.kill(writer_of(os.getpid()), signal.SIGKILL)
            await phase(doctor.client, "paused", paused_by="fault")
            await phase(doctor.client, "running")
            again = sent(doctor, patient)
            await asyncio.sleep(3)
            stopped = sent(doctor, patient)
            await doctor.client.says(m.Record(action="stop"))
            await clinic.only()
            kept = await what_is_kept(clinic.vault, [doctor, patient])
        assert kept.lost(again, stopped) <= 1.0
        for caller, had in zip((doctor, patient), before, strict=True):
            assert set(caller.page.has) - had
