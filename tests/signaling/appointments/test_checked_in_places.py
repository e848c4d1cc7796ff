"""Where people say at check-in to be reaches the rules for recordings: over HTTP and sockets, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signaling import messages as m
from tests.signaling.appointments.office import Device, Office, link_in
from tests.signaling.server import Client, Server, a_server
from tests.signaling.test_returning import back, token

PLACES = '"Oregon" = "written"\n"Nevada" = "never"\n"Texas" = "notice"\n'


@pytest.fixture
def places(tmp_path: Path) -> Path:
    file = tmp_path / "places.toml"
    file.write_text(PLACES, encoding="utf-8")
    return file


@pytest.fixture
async def server(tmp_path: Path, url: str, places: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, database_url=url, consent_places=places, visits_per_minute=1000) as server:
        yield server


async def comes(server: Server, device: Device, link: str, therapist: Client) -> Client:
    """Who has checked in comes, and is let in."""
    client = await server.client()
    state = await client.joins(await device.token(link), name=None)  # type: ignore[arg-type]
    await therapist.says(m.Admit(person=state.you.id))
    await client.state(lambda state: state.phase == "present")
    return client


async def asked(client: Client) -> m.ConsentText:
    state = await client.state(lambda state: state.recording is not None and state.recording.you == "asked")
    assert state.recording is not None
    assert state.recording.text is not None
    return state.recording.text


async def test_the_question_is_as_strict_as_where_they_checked_in_and_as_where_they_check_in_anew(
    server: Server,
) -> None:
    booked = await Office(server).books()
    link = link_in(booked)
    async with Device(server) as device:
        await device.checks_in(link, place="Salem, Oregon")
        therapist = await server.joined("therapist", session=booked["appointments"][0]["session"])
        patient = await comes(server, device, link, therapist)
        await therapist.says(m.Record(action="start"))
        assert (await asked(patient)).signed
        assert (await asked(therapist)).signed
        await device.checks_in(link, place="Austin, Texas")
        await device.checks_in(link, place="Reno, Nevada")
    state = await therapist.state(lambda state: state.recording is not None and state.recording.phase == "declined")
    assert state.recording is not None
    assert state.recording.declined == "place"
    assert await therapist.refused(m.Record(action="start")) == "recording_not_here"


async def test_a_place_without_a_stricter_rule_changes_nothing(server: Server) -> None:
    booked = await Office(server).books()
    async with Device(server) as device:
        await device.checks_in(link_in(booked), place="Austin, Texas")
        therapist = await server.joined("therapist", session=booked["appointments"][0]["session"])
        patient = await comes(server, device, link_in(booked), therapist)
    await therapist.says(m.Record(action="start"))
    text = await asked(patient)
    assert not text.signed
    assert [place.name for place in text.places] == ["Oregon", "Nevada", "Texas"]


async def test_where_they_checked_in_is_known_after_a_restart(tmp_path: Path, url: str, places: Path) -> None:
    settings = {"database_url": url, "consent_places": places}
    async with a_server(tmp_path, **settings) as server:
        booked = await Office(server).books()
        session = booked["appointments"][0]["session"]
        async with Device(server) as device:
            await device.checks_in(link_in(booked), place="Bend, Texas")
            therapist = await server.joined("therapist", session=session)
            patient = await comes(server, device, link_in(booked), therapist)
            await token(patient)
            await device.checks_in(link_in(booked), place="Bend, Oregon")
        resume = await token(patient)
    async with a_server(tmp_path, **settings) as server:
        patient = await back(server, resume)
        therapist = await server.joined("therapist", session=session)
        await therapist.says(m.Record(action="start"))
        assert (await asked(patient)).signed


async def test_the_token_says_the_rule_and_not_the_place(server: Server) -> None:
    link = link_in(await Office(server).books())
    async with Device(server) as device:
        await device.checks_in(link, place="Salem, Oregon")
        claims = server.running.tokens.read_join(await device.token(link), server.clock.clock.wall())
    assert claims.consent_rule == "written"
    assert "Oregon" not in claims.model_dump_json()
