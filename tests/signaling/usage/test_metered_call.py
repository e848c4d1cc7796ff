"""A call through the whole server, with real media of two clients: what of it is counted, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest_asyncio

from clinic import open_database, sqlite_url
from clinic.usage.records import EVERYBODY, Wanted, WholeSitting
from clinic.usage.store import Usages
from signaling import messages as m
from signaling.usage.meter import LOOK
from tests.signaling.server import Server, a_server
from tests.signaling.test_call import WITHIN, Caller

STEP = 5.0
"""Seconds that the clocks are put forward before each look."""


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, encryption="preferred", media_loopback=True) as server:
        yield server


async def a_call(server: Server) -> tuple[Caller, Caller]:
    doctor, patient = Caller(await server.client(), 60), Caller(await server.client(), 180)
    await doctor.joins(server.token("therapist", user="t1"), "Dr. Blue")
    await patient.joins(server.token("patient", user="p1"), "Alex Planted")
    state = await doctor.client.state(lambda state: state.waiting)
    await doctor.client.says(m.Admit(person=state.waiting[0].id))
    await asyncio.gather(doctor.sees(180), patient.sees(60))
    return doctor, patient


async def kept(folder: Path) -> list[WholeSitting]:
    database = open_database(sqlite_url(folder / "data" / "clinic.db"))
    try:
        return list((await Usages(database).find(Wanted(), spans=True)).sittings)
    finally:
        await database.close()


async def goes_on(server: Server, folder: Path, until: Callable[[WholeSitting], bool]) -> WholeSitting:
    """Time passes in steps until what is kept of the only sitting is as it should be."""
    async with asyncio.timeout(WITHIN * 2):
        while True:
            server.clock.ahead += STEP
            await asyncio.sleep(0.4)  # for a look and for media, which flow in real time
            found = await kept(folder)
            if found and until(found[0]):
                assert len(found) == 1
                return found[0]


def states(whole: WholeSitting, person: str = EVERYBODY) -> list[str]:
    return [span.reason or span.state for span in whole.spans if span.person == person]


async def test_minutes_are_those_in_which_media_went_both_ways(server: Server, tmp_path: Path) -> None:
    doctor, patient = await a_call(server)
    try:
        whole = await goes_on(server, tmp_path, lambda whole: whole.sitting.video_ms > 30_000)
        assert (whole.sitting.session, whole.sitting.therapist) == ("session-1", "t1")
        assert {share.person: share.role for share in whole.shares} == {"t1": "therapist", "p1": "patient"}

        await patient.client.says(m.Devices(microphone=True, camera=False, screen=False))
        whole = await goes_on(server, tmp_path, lambda whole: states(whole)[-1] == "audio")
        assert states(whole, "p1")[-1] == "audio"
        assert states(whole, "t1")[-1] == "video"

        await patient.client.says(m.Devices(microphone=False, camera=False, screen=False))
        whole = await goes_on(server, tmp_path, lambda whole: states(whole)[-1] == "muted")
        counted = whole.sitting.two_way_ms
        whole = await goes_on(server, tmp_path, lambda whole: whole.spans[-1].ended_at - whole.spans[-1].began_at > 20)
        assert whole.sitting.two_way_ms == counted, "nothing more is counted"

        await patient.client.says(m.Devices(microphone=True, camera=True, screen=False))
        whole = await goes_on(server, tmp_path, lambda whole: whole.sitting.two_way_ms > counted)
        assert "connection" not in states(whole)[1:], "only until the media connections stood"
    finally:
        await asyncio.gather(doctor.pc.close(), patient.pc.close())


async def test_a_connection_that_is_lost_is_a_gap(server: Server, tmp_path: Path) -> None:
    doctor, patient = await a_call(server)
    try:
        await goes_on(server, tmp_path, lambda whole: whole.sitting.video_ms > 10_000)
        await patient.pc.close()
        whole = await goes_on(server, tmp_path, lambda whole: states(whole)[-1] in ("connection", "alone"))
        counted = whole.sitting.two_way_ms
        whole = await goes_on(server, tmp_path, lambda whole: whole.gaps[-1].ended_at - whole.gaps[-1].began_at > 10)
        assert whole.sitting.two_way_ms == counted
    finally:
        await doctor.pc.close()


async def test_a_waiting_room_is_no_session(server: Server, tmp_path: Path) -> None:
    doctor = Caller(await server.client(), 60)
    patient = Caller(await server.client(), 180)
    try:
        await doctor.joins(server.token("therapist", user="t1"), "Dr. Blue")
        await patient.joins(server.token("patient", user="p1"), "Alex Planted")
        whole = await goes_on(server, tmp_path, lambda whole: whole.sitting.known_until - whole.sitting.started_at > 20)
        assert states(whole) == ["alone"]
        assert [share.person for share in whole.shares] == ["t1"]
        assert whole.sitting.two_way_ms == 0
    finally:
        await asyncio.gather(doctor.pc.close(), patient.pc.close())


async def test_a_server_that_is_started_again_goes_on_counting_in_the_same_sitting(tmp_path: Path) -> None:
    settings = {"encryption": "preferred", "media_loopback": True}
    async with a_server(tmp_path, **settings) as server:
        doctor, patient = await a_call(server)
        first = await goes_on(server, tmp_path, lambda whole: whole.sitting.video_ms > 10_000)
        ahead = server.clock.ahead
        await asyncio.gather(doctor.pc.close(), patient.pc.close())
    async with a_server(tmp_path, **settings) as server:
        server.clock.ahead = ahead + LOOK
        doctor, patient = await a_call(server)
        try:
            more = first.sitting.two_way_ms + 20_000
            whole = await goes_on(server, tmp_path, lambda whole: whole.sitting.two_way_ms > more)
            assert whole.sitting.id == first.sitting.id
            assert "server" in states(whole)
        finally:
            await asyncio.gather(doctor.pc.close(), patient.pc.close())
