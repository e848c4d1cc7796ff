"""OWASP ASVS 5.0, chapters V9 (self-contained tokens) and V4.4 (WebSocket): an attack for each requirement, over real
HTTP and real sockets. Single sign-on's tokens are another's (`test_sign_on.py`)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from signaling import messages as m
from signaling.tokens import AUDIENCE, ISSUER, RecordingsClaims
from tests.signaling.server import API_KEY, Server, a_server


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


def claims(server: Server, **changes: Any) -> dict[str, Any]:
    now = int(server.clock.clock.wall())
    good = {"aud": AUDIENCE, "iss": ISSUER, "exp": now + 600, "iat": now, "jti": "made-up-token"}
    return good | {"typ": "join", "sub": "mallory", "room": "session-1", "role": "therapist"} | changes


def own_key(server: Server) -> bytes:
    """That of the server: what an attacker would need."""
    return bytes(server.running.tokens._key.get_secret_value())


async def at_the_socket(server: Server, token: str) -> str:
    client = await server.client()
    return await client.refused(m.Join(encrypts=True, token=token, name="Mallory"))


async def over_http(server: Server, token: str, path: str = "/api/recordings/me") -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with server.http.get(server.url + path, headers=headers) as answer:
        return answer.status


async def test_the_attacks_would_succeed_with_the_right_token(server: Server) -> None:
    client = await server.client()
    await client.joins(jwt.encode(claims(server), own_key(server), algorithm="HS256"), "Mallory")
    now = server.clock.clock.wall()
    keeper = RecordingsClaims(jti="keeper-token", exp=int(now) + 60, sub="ann", role="administrator")
    assert await over_http(server, server.running.tokens.sign(keeper, now)) == 200


# V9.1: source and integrity


async def test_v9_1_1_a_token_is_believed_only_with_its_signature(server: Server) -> None:
    head, body, signature = server.token("patient").split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = base64.urlsafe_b64encode(json.dumps(content | {"role": "therapist"}).encode()).rstrip(b"=").decode()
    for token in (f"{head}.{changed}.{signature}", f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}"):
        assert await at_the_socket(server, token) == "token_invalid"


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512", "RS256", "PS256"])
async def test_v9_1_2_one_algorithm_and_never_none(server: Server, algorithm: str) -> None:
    if algorithm == "none":
        key: Any = ""
    elif algorithm.startswith("HS"):
        key = own_key(server) * 2
    else:
        key = generate_private_key(65537, 2048)
    token = jwt.encode(claims(server), key, algorithm=algorithm)
    assert await at_the_socket(server, token) == "token_invalid"
    spelled = base64.urlsafe_b64encode(b'{"alg":"NoNe","typ":"JWT"}').rstrip(b"=").decode()
    assert await at_the_socket(server, f"{spelled}.{token.split('.')[1]}.") == "token_invalid"


async def test_v9_1_3_keys_come_from_the_server_and_never_from_the_token(server: Server) -> None:
    asked: list[str] = []

    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        asked.append(request.path)
        return aiohttp.web.json_response({"keys": [{"kty": "oct", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}]})

    app = aiohttp.web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = aiohttp.web.AppRunner(app)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    own = {"kty": "oct", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}
    try:
        for headers in ({"jku": url}, {"x5u": url}, {"jwk": own}, {"kid": "../../signing-key"}, {"kid": "' OR 1=1 --"}):
            token = jwt.encode(claims(server), "x" * 32, algorithm="HS256", headers=headers)
            assert await at_the_socket(server, token) == "token_invalid"
    finally:
        await runner.cleanup()
    assert asked == []


# V9.2: content


async def test_v9_2_1_before_and_after_its_time_a_token_is_nothing(server: Server) -> None:
    now = int(server.clock.clock.wall())
    for changes, code in (({"exp": now - 1}, "token_expired"), ({"nbf": now + 3600}, "token_invalid")):
        token = jwt.encode(claims(server, **changes), own_key(server), algorithm="HS256")
        assert await at_the_socket(server, token) == code
    token = server.token("therapist")
    server.clock.ahead += 601
    assert await at_the_socket(server, token) == "token_expired"


async def test_v9_2_2_a_token_is_good_for_one_thing(server: Server) -> None:
    therapist = await server.joined("therapist")
    assert therapist.joined is not None
    now = server.clock.clock.wall()
    keeper = RecordingsClaims(jti="keeper-token", exp=int(now) + 60, sub="ann", role="administrator")
    recordings = server.running.tokens.sign(keeper, now)
    for token in (therapist.joined.resume, recordings, API_KEY):
        assert await at_the_socket(server, token) == "token_invalid"
    for token in (therapist.joined.resume, server.token("therapist")):
        assert await over_http(server, token) == 401
    for path in ("/api/audit/events", "/api/appointments", "/api/usage/sessions", "/api/keeping/holds"):
        for token in (therapist.joined.resume, server.token("therapist"), recordings):
            assert await over_http(server, token, path) == 401


async def test_v9_2_3_a_token_for_another_service_is_nothing_here(server: Server) -> None:
    for audience in ("another-service", [], ["another-service"], None):
        token = jwt.encode(claims(server, aud=audience), own_key(server), algorithm="HS256")
        assert await at_the_socket(server, token) == "token_invalid"


async def test_v9_2_4_each_kind_of_token_says_what_it_is(server: Server) -> None:
    """One key signs several kinds: what tells them apart is required, and is what the server asks for."""
    for kind in (None, "", "Join", "resume", "recordings", ["join"]):
        token = jwt.encode(claims(server, typ=kind), own_key(server), algorithm="HS256")
        assert await at_the_socket(server, token) == "token_invalid"


# V4.4: WebSocket


async def test_v4_4_1_with_tls_the_socket_speaks_nothing_else(tmp_path: Path) -> None:
    async with a_server(tmp_path, tls="self-signed") as server:
        secure = server.url.replace("http:", "https:")
        async with server.http.ws_connect(
            f"{secure}/socket", headers={"Origin": secure}, ssl=False
        ) as socket:  # nobody signed it, but it is TLS
            assert not socket.closed
        with pytest.raises(aiohttp.ClientError):
            await server.http.ws_connect(f"{server.url}/socket", headers={"Origin": server.url})


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", "{url}.evil.example", "{url}@evil.example", "{host}", "file://"]
)
async def test_v4_4_2_a_page_of_another_site_cannot_open_it(server: Server, origin: str) -> None:
    said = origin.format(url=server.url, host=server.url.partition("://")[2])
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await server.http.ws_connect(f"{server.url}/socket", headers={"Origin": said} if said else {})
    assert refused.value.status == 403


async def test_v4_4_3_and_4_a_socket_has_a_token_of_its_own_which_no_address_and_no_cookie_replaces(
    server: Server,
) -> None:
    token = server.token("therapist")
    for address in (f"{server.url}/socket?token={token}", f"{server.url}/socket?access_token={token}"):
        headers = {"Origin": server.url, "Authorization": f"Bearer {token}", "Cookie": f"token={token}"}
        async with server.http.ws_connect(address, headers=headers) as socket:
            await socket.send_str('{"type": "join", "name": "Mallory", "encrypts": true}')
            answer = await socket.receive_json()
            assert answer["type"] == "error"
            assert answer["code"] == "bad_message"
