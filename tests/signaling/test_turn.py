"""Credentials for TURN servers, and who gets them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from signaling import ice_api
from signaling import messages as m
from signaling.tokens import ResumeClaims
from signaling.turn import LIFETIME, URL, TurnServers
from tests.signaling.server import Server, a_server

SECRET = "a-secret-that-the-turn-server-has-too"
URLS = ("turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp")


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, turn_urls=URLS, turn_secret=SECRET) as server:
        yield server


@pytest_asyncio.fixture
async def without(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


async def ask(server: Server, token: str | None) -> tuple[int, dict[str, Any]]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with server.http.post(f"{server.url}/api/ice", headers=headers) as answer:
        return answer.status, await answer.json()


def test_a_credential_is_what_a_turn_server_computes_from_the_secret_and_says_when_it_ends() -> None:
    servers = TurnServers(URLS, SecretStr(SECRET))
    made = servers.credential(1_000_000.7, lambda: "random")
    assert made.username == f"{1_000_000 + LIFETIME}:random"
    expected = hmac.new(SECRET.encode(), made.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(made.password) == expected


def test_two_credentials_of_the_same_second_differ_and_nothing_prints_them() -> None:
    servers = TurnServers(URLS, SecretStr(SECRET))
    numbers = itertools.count()
    one, two = (servers.credential(0.0, lambda: f"id-{next(numbers)}") for _ in range(2))
    assert one.username != two.username
    assert one.password != two.password
    assert one.password not in repr(one)
    assert SECRET not in repr(vars(servers))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("turn:turn.example.org", True),
        ("turn:192.0.2.1:3478?transport=udp", True),
        ("turn:[2001:db8::1]:3478?transport=tcp", True),
        ("turns:turn.example.org:443", True),
        ("turns:turn.example.org:443?transport=udp", False),
        ("stun:turn.example.org", False),
        ("turn:user@turn.example.org", False),
        ("turn://turn.example.org", False),
        ("turn:turn.example.org?transport=sctp", False),
        ("https://turn.example.org", False),
        ("turn:a b", False),
    ],
)
def test_urls_are_those_that_browsers_take(url: str, good: bool) -> None:
    assert bool(URL.fullmatch(url)) is good


async def test_whoever_has_a_link_gets_the_servers_and_a_credential(server: Server) -> None:
    status, answer = await ask(server, server.token("patient"))
    assert status == 200
    assert answer["seconds"] == LIFETIME
    [given] = answer["ice_servers"]
    assert given["urls"] == list(URLS)
    ends, _, random = given["username"].partition(":")
    assert int(ends) == pytest.approx(server.clock.clock.wall() + LIFETIME, abs=3)
    assert "patient" not in random
    made = hmac.new(SECRET.encode(), given["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(given["credential"]) == made


async def test_whoever_comes_back_gets_them_too(server: Server) -> None:
    client = await server.joined("patient")
    assert client.joined is not None
    status, answer = await ask(server, client.joined.resume)
    assert (status, len(answer["ice_servers"])) == (200, 1)


async def test_nobody_else_does(server: Server) -> None:
    assert (await ask(server, None))[1]["code"] == "token_invalid"
    assert (await ask(server, "nonsense"))[1]["code"] == "token_invalid"
    good = server.token("patient")
    assert (await ask(server, good[:-4] + "AAAA"))[1]["code"] == "token_invalid"
    server.clock.ahead = 3600
    assert (await ask(server, good))[1]["code"] == "token_expired"
    claims = ResumeClaims(jti="resume-of-old", exp=1000, room="session-1", sub="seat")
    assert (await ask(server, server.running.tokens.sign(claims, 0.0)))[1]["code"] == "resume_expired"


async def test_a_removed_person_gets_no_more(server: Server) -> None:
    therapist, patient = await server.call()
    token = server.token("patient")
    assert (await ask(server, token))[0] == 200
    [there] = [told for told in therapist.told if isinstance(told, m.State) and told.people][-1].people
    await therapist.says(m.Remove(person=there.id))
    await patient.closed()
    status, answer = await ask(server, token)
    assert (status, answer["code"]) == (400, "token_revoked")


async def test_one_link_cannot_fetch_credentials_without_end_and_others_are_not_hindered(server: Server) -> None:
    token = server.token("patient")
    statuses = [(await ask(server, token))[0] for _ in range(ice_api.EACH.burst + 1)]
    assert statuses == [200] * ice_api.EACH.burst + [429]
    assert (await ask(server, server.token("patient", user="somebody-else")))[0] == 200
    server.clock.ahead = 60
    assert (await ask(server, token))[0] == 200


async def test_guessing_tokens_is_limited_too(server: Server) -> None:
    statuses = [(await ask(server, "guess"))[0] for _ in range(ice_api.ADDRESS.burst + 20)]
    assert 429 in statuses


async def test_a_clinic_without_turn_says_so_and_hands_out_nothing(without: Server) -> None:
    async with without.http.get(f"{without.url}/api/client") as answer:
        assert (await answer.json())["turn"] is False
    status, answer_ = await ask(without, without.token("patient"))
    assert (status, answer_["ice_servers"]) == (200, [])


async def test_a_clinic_with_turn_says_so_without_saying_where(server: Server) -> None:
    async with server.http.get(f"{server.url}/api/client") as answer:
        text = await answer.text()
    assert '"turn":true' in text.replace(" ", "")
    assert "turn.example.org" not in text
    assert SECRET not in text
