"""Tokens that are no good, at the door of a whole server."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
import pytest_asyncio

from signaling import messages as m
from signaling.tokens import AUDIENCE, ISSUER
from tests.signaling.server import Server, a_server


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


def forged(server: Server, key: str | bytes, algorithm: str, **changes: Any) -> str:
    claims = {
        "aud": AUDIENCE,
        "iss": ISSUER,
        "exp": int(server.clock.clock.wall()) + 600,
        "iat": int(server.clock.clock.wall()),
        "jti": "forged-token",
        "typ": "join",
        "sub": "mallory",
        "room": "session-1",
        "role": "therapist",
    }
    return jwt.encode(claims | changes, key, algorithm=algorithm)


def tampered(token: str, **changes: Any) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(claims | changes).encode()).rstrip(b"=").decode()
    return f"{head}.{changed}.{signature}"


async def refusal(server: Server, token: str) -> str:
    client = await server.client()
    code = await client.refused(m.Join(encrypts=True, token=token, name="Mallory"))
    assert await client.closed() == 1008
    return code


async def test_a_token_signed_with_none_is_refused(server: Server) -> None:
    assert await refusal(server, forged(server, "", "none")) == "token_invalid"


async def test_a_token_without_its_signature_is_refused(server: Server) -> None:
    head, body, _ = server.token("therapist").split(".")
    assert await refusal(server, f"{head}.{body}.") == "token_invalid"


async def test_a_token_signed_by_another_key_is_refused(server: Server) -> None:
    assert await refusal(server, forged(server, "x" * 32, "HS256")) == "token_invalid"


async def test_a_token_of_another_algorithm_is_refused(server: Server) -> None:
    key = server.running.tokens._key.get_secret_value()
    assert await refusal(server, forged(server, key * 2, "HS512")) == "token_invalid"


async def test_an_expired_token_is_refused(server: Server) -> None:
    token = server.token("therapist")
    server.clock.ahead += 601
    assert await refusal(server, token) == "token_expired"


@pytest.mark.parametrize(
    "changes", [{"room": "session-2"}, {"role": "therapist"}, {"exp": 4_000_000_000}, {"limit": 12}, {"sub": "other"}]
)
async def test_a_token_that_was_changed_is_refused(server: Server, changes: dict[str, Any]) -> None:
    assert await refusal(server, tampered(server.token("patient"), **changes)) == "token_invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-service"},
        {"aud": None},
        {"iss": "somebody-else"},
        {"typ": "resume"},
        {"typ": None},
        {"jti": None},
        {"jti": 7},
        {"exp": None},
        {"exp": "tomorrow"},
        {"role": "administrator"},
        {"room": "../session-1"},
        {"limit": 1000},
    ],
    ids=str,
)
async def test_a_token_with_the_right_key_and_wrong_claims_is_refused(server: Server, changes: dict[str, Any]) -> None:
    key = server.running.tokens._key.get_secret_value()
    assert await refusal(server, forged(server, key, "HS256", **changes)) == "token_invalid"


async def test_a_resume_token_is_no_token_to_join_with_nor_the_other_way_round(server: Server) -> None:
    therapist = await server.joined("therapist")
    assert therapist.joined is not None
    assert await refusal(server, therapist.joined.resume) == "token_invalid"
    client = await server.client()
    assert await client.refused(m.Resume(encrypts=True, token=server.token("therapist"))) == "token_invalid"


async def test_a_token_leads_into_its_own_session_only(server: Server) -> None:
    therapist = await server.joined("therapist", "Dr. Blue")
    other = await server.client()
    state = await other.joins(server.token("patient", session="session-2"), "Alex")
    assert state.session == "session-2"
    assert state.waiting_for is None
    await therapist.says(m.Hand(raised=True))
    assert (await therapist.state()).waiting == []


async def test_a_resume_token_of_a_session_that_is_gone_is_refused(server: Server) -> None:
    therapist = await server.joined("therapist")
    assert therapist.joined is not None
    await therapist.says(m.End())
    assert await therapist.closed() == 1000
    client = await server.client()
    assert await client.refused(m.Resume(encrypts=True, token=therapist.joined.resume)) == "resume_expired"
