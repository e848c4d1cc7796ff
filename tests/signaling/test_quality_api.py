"""A session's quality over HTTP, from sockets and a database that are real."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling import messages as m
from signaling.stats import PathStats, ReceivedStats, Stats
from tests.signaling.server import API_KEY, Client, Server, a_server
from tests.signaling.test_quality import sent, stats

KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


async def ask(
    server: Server, session: str = "session-1", query: str = "", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    url = f"{server.url}/api/sessions/{session}/quality{query}"
    async with server.http.get(url, headers=KEY if headers is None else headers) as answer:
        return answer.status, await answer.json()


async def people(server: Server, session: str = "session-1") -> dict[str, dict[str, Any]]:
    """By role."""
    status, said = await ask(server, session)
    assert status == 200
    return {each["role"]: each for each in said["people"]}


def told(other: str, **more: Any) -> Stats:
    return stats(
        path=PathStats(candidate="host", protocol="udp"),
        sent=[sent("microphone", loss=0.0)],
        received=[ReceivedStats(person=other, source="camera", bitrate=900_000, frame_rate=25.0, height=360)],
        **more,
    )


async def says_after(server: Server, client: Client, message: Stats) -> None:
    """Five seconds later; done when the server has read it."""
    server.clock.ahead += 5.0
    await client.says(message)
    await client.says(m.Hand(raised=True))
    await client.state(lambda state: state.you.hand)


def you(client: Client) -> str:
    assert client.joined is not None
    return client.joined.you


async def test_a_call_is_there_while_it_goes_on_and_after_it(server: Server) -> None:
    therapist, patient = await server.call()
    await says_after(server, patient, told(you(therapist), join_ms=250))
    found = await people(server)
    assert set(found) == {"therapist", "patient"}
    assert (found["patient"]["state"], found["patient"]["gone"]) == ("present", None)
    quality = found["patient"]["quality"]
    assert quality["join_ms"] == 250
    assert quality["candidates"] == {"host": 5.0}
    assert quality["received"]["camera"]["bitrate"]["p50"] == 900_000
    assert quality["others"][you(therapist)]["bitrate"] == 900_000
    assert found["therapist"]["quality"]["told_s"] == 0.0

    await therapist.says(m.End())
    await patient.hears(m.Over)
    found = await people(server)
    assert {each["state"] for each in found.values()} == {"gone"}
    assert {each["gone"] for each in found.values()} == {"ended"}
    assert found["patient"]["quality"]["join_ms"] == 250


async def test_people_whose_media_never_came_about_are_there_with_the_failure(server: Server) -> None:
    _, patient = await server.call()
    await patient.says(m.Leave())
    await patient.hears(m.Over)
    found = await people(server)
    assert (found["patient"]["connected"], found["patient"]["failure"]) == (False, "unfinished")


async def test_what_is_kept_outlives_the_server(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        await says_after(server, therapist, told(you(patient)))
        await patient.says(m.Leave())
        await patient.hears(m.Over)
    async with a_server(tmp_path) as server:
        found = await people(server)
        assert found["patient"]["state"] == "gone"
        assert found["therapist"]["gone"] is None
        assert found["therapist"]["quality"]["told_s"] == 5.0
        server.clock.ahead += 600.0
        assert (await people(server))["therapist"]["state"] == "interrupted"


async def test_nobody_is_asked_about_without_the_key(server: Server) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {server.token('therapist')}"}):
        status, said = await ask(server, headers=headers)
        assert (status, said["code"]) == (401, "unauthorized")


async def test_guessing_keys_is_slowed_down(tmp_path: Path) -> None:
    async with a_server(tmp_path, tokens_per_minute=3) as server:
        answers = [(await ask(server, headers={}))[1]["code"] for _ in range(5)]
        assert answers == ["unauthorized"] * 3 + ["too_many_requests"] * 2
        assert (await ask(server))[0] == 200, "those with the key are not slowed down with them"


async def test_a_session_that_nobody_came_to_has_nobody_in_its_report(server: Server) -> None:
    assert await ask(server, "another") == (200, {"session": "another", "people": []})


@pytest.mark.parametrize("query", ["?since=x", "?since=nan", "?since=-1", "?until=1e300", "?else=1"])
async def test_a_question_that_makes_no_sense_is_refused(server: Server, query: str) -> None:
    status, said = await ask(server, query=query)
    assert (status, said["code"]) == (400, "bad_request")


@pytest.mark.parametrize("session", ["%00", "a%20b", "-x", "x" * 101])
async def test_what_cannot_be_a_session_is_not_found(server: Server, session: str) -> None:
    assert (await ask(server, session))[0] == 404


async def test_only_those_of_a_time_are_told_if_that_is_asked(server: Server) -> None:
    await server.call()
    now = server.clock.clock.wall()
    assert len((await ask(server, query=f"?since={now - 60}&until={now + 60}"))[1]["people"]) == 2
    assert (await ask(server, query=f"?since={now + 60}"))[1]["people"] == []


async def test_stats_of_somebody_at_the_door_are_refused_and_of_whoever_waits_harmless(server: Server) -> None:
    stranger = await server.client()
    assert await stranger.refused(stats()) == "not_joined"
    waiting = await server.joined("patient", "Alex")
    await waiting.says(told("nobody"))
    assert (await people(server))["patient"]["quality"]["others"] == {}
