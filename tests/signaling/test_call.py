"""A call through the whole server, with aiortc's peer connections as browsers: who sees whom, and when."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import av
import pytest_asyncio
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from signaling import messages as m
from signaling.roles import Role
from tests.sfu.stage import Picture, Tone, _for_aiortc
from tests.signaling.server import Client, Server, a_server

WITHIN = 20.0


class Caller:
    """A page with a camera of one brightness, and a slot of each kind, which does not encrypt."""

    def __init__(self, client: Client, luma: int) -> None:
        self.client = client
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.pc.addTransceiver(Tone(), direction="sendonly")
        self.pc.addTransceiver(Picture(luma), direction="sendonly")
        self.pc.addTransceiver("audio", direction="recvonly")
        self.pc.addTransceiver("video", direction="recvonly")
        self.pc.addTransceiver("video", direction="recvonly")  # the last one is kept for screens

    async def offer(self) -> m.Offer:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return m.Offer(sdp=self.pc.localDescription.sdp, sources=m.Sources(microphone="0", camera="1"))

    async def answered(self, answer: m.Answer | None) -> None:
        assert answer is not None
        await self.pc.setRemoteDescription(RTCSessionDescription(_for_aiortc(answer.sdp), "answer"))

    async def joins(self, token: str, name: str) -> None:
        await self.client.joins(token, name, offer=await self.offer(), encrypts=False)
        assert self.client.joined is not None
        await self.answered(self.client.joined.answer)
        async with asyncio.timeout(WITHIN):
            while self.pc.connectionState != "connected":  # noqa: ASYNC110 - aiortc tells it by a synchronous callback
                await asyncio.sleep(0.01)

    async def sees(self, luma: int) -> None:
        """Waits for a picture of that brightness."""
        async with asyncio.timeout(WITHIN):
            while True:
                frame = await self._track("3").recv()
                assert isinstance(frame, av.VideoFrame)
                if abs(statistics.median(bytes(frame.planes[0])[::97]) - luma) < 12:
                    return

    async def sees_nothing_for(self, seconds: float) -> None:
        for mid in ("2", "3", "4"):
            track = self._track(mid)
            try:
                await asyncio.wait_for(track.recv(), seconds)
            except TimeoutError:
                continue
            raise AssertionError(f"something arrived in slot {mid}")

    def _track(self, mid: str) -> Any:
        return next(each.receiver.track for each in self.pc.getTransceivers() if each.mid == mid)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, encryption="preferred", media_loopback=True) as server:
        yield server


async def caller(server: Server, role: Role, name: str, luma: int) -> Caller:
    made = Caller(await server.client(), luma)
    await made.joins(server.token(role), name)
    return made


async def test_a_waiting_person_and_the_therapist_see_each_other_only_once_admitted(server: Server) -> None:
    therapist = await caller(server, "therapist", "Dr. Blue", 60)
    patient = await caller(server, "patient", "Alex", 200)
    try:
        await asyncio.gather(therapist.sees_nothing_for(0.4), patient.sees_nothing_for(0.4))
        state = await therapist.client.state(lambda state: state.waiting)
        await therapist.client.says(m.Admit(person=state.waiting[0].id))
        await asyncio.gather(therapist.sees(200), patient.sees(60))
    finally:
        await asyncio.gather(therapist.pc.close(), patient.pc.close())


async def test_a_page_that_is_closed_is_shown_as_reconnecting_and_its_reload_is_seen(server: Server) -> None:
    therapist = await caller(server, "therapist", "Dr. Blue", 60)
    patient = await caller(server, "patient", "Alex", 200)
    again = Caller(await server.client(), 120)
    try:
        state = await therapist.client.state(lambda state: state.waiting)
        await therapist.client.says(m.Admit(person=state.waiting[0].id))
        await therapist.sees(200)
        await patient.pc.close()
        await therapist.client.state(lambda state: state.people and state.people[0].reconnecting)
        assert patient.client.joined is not None
        resume = m.Resume(
            encrypts=True, token=patient.client.joined.resume, offer=await again.offer(), microphone=True, camera=True
        )
        await again.client.says(resume)
        await again.answered((await again.client.hears(m.Joined)).answer)
        await asyncio.gather(therapist.sees(120), again.sees(60))
    finally:
        await asyncio.gather(therapist.pc.close(), patient.pc.close(), again.pc.close())
