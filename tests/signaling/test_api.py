"""Tokens over HTTP, pages and their headers, as they come from a whole server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.tokens import JoinClaims
from tests.signaling.server import API_KEY, Server, a_server

KEY = {"Authorization": f"Bearer {API_KEY}"}
WHO = {"user_id": "user-1", "role": "patient"}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, demo=True) as server:
        yield server


async def ask(
    server: Server, body: object = WHO, path: str = "/api/token", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    async with server.http.post(server.url + path, json=body, headers=KEY if headers is None else headers) as answer:
        return answer.status, await answer.json()


def claims(server: Server, token: str) -> JoinClaims:
    return server.running.tokens.read_join(token, server.clock.clock.wall())


@pytest.mark.parametrize("path", ["/api/token", "/api/100ms-token"])
async def test_a_server_with_the_key_gets_a_token_in_the_shape_of_the_hosted_service(server: Server, path: str) -> None:
    status, answer = await ask(server, WHO | {"room_id": "room-7"}, path)
    assert status == 200
    assert set(answer) == {"token", "user_id", "role", "room_id"}
    assert {key: answer[key] for key in ("user_id", "role", "room_id")} == WHO | {"room_id": "room-7"}
    read = claims(server, answer["token"])
    assert (read.sub, read.role, read.room) == ("user-1", "patient", "room-7")


async def test_every_token_has_an_id_of_its_own(server: Server) -> None:
    answers = [(await ask(server))[1] for _ in range(2)]
    assert claims(server, answers[0]["token"]).jti != claims(server, answers[1]["token"]).jti


async def test_without_a_session_a_new_one_is_named(server: Server) -> None:
    rooms = {(await ask(server))[1]["room_id"] for _ in range(3)}
    assert len(rooms) == 3


async def test_what_the_session_allows_goes_into_the_token(server: Server) -> None:
    more = {"name": "Alex Green", "max_participants": 4, "session_minutes": 50, "expires_in": 3600}
    more |= {"encryption": "required"}
    _, answer = await ask(server, WHO | more)
    read = claims(server, answer["token"])
    assert (read.name, read.limit, read.minutes, read.encryption) == ("Alex Green", 4, 50, "required")
    assert read.exp == pytest.approx(server.clock.clock.wall() + 3600, abs=5)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {API_KEY}"},
        {"Authorization": f"Bearer {API_KEY}x"},
        {"Authorization": API_KEY},
        {"X-API-Key": API_KEY},
        {"Authorization": "Bearer " + "ÿ" * 40},
    ],
    ids=str,
)
async def test_a_browser_without_the_key_gets_nothing(server: Server, headers: dict[str, str]) -> None:
    status, answer = await ask(server, headers=headers | {"Origin": server.url})
    assert (status, answer["code"]) == (401, "unauthorized")
    assert "token" not in answer


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "user_id"),
        ([], "object"),
        (WHO | {"role": "administrator"}, "role"),
        (WHO | {"user_id": ""}, "user_id"),
        (WHO | {"user_id": "a\nb"}, "user_id"),
        (WHO | {"user_id": 7}, "user_id"),
        (WHO | {"room_id": "../x"}, "room_id"),
        (WHO | {"room_id": "a" * 101}, "room_id"),
        (WHO | {"max_participants": 13}, "max_participants"),
        (WHO | {"max_participants": "4"}, "max_participants"),
        (WHO | {"expires_in": 10**9}, "expires_in"),
        (WHO | {"colour": "red"}, "colour"),
    ],
    ids=str,
)
async def test_a_wrong_request_is_told_what_is_wrong(server: Server, body: object, word: str) -> None:
    status, answer = await ask(server, body)
    assert (status, answer["code"]) == (400, "bad_request")
    assert word in answer["error"]
    assert set(answer) == {"error", "code"}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 5000])
async def test_a_body_that_is_no_json_is_refused(server: Server, data: bytes) -> None:
    headers = KEY | {"Content-Type": "application/json"}
    async with server.http.post(f"{server.url}/api/token", data=data, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request")


async def test_a_form_is_refused(server: Server) -> None:
    async with server.http.post(f"{server.url}/api/token", data=WHO, headers=KEY) as answer:
        assert (answer.status, (await answer.json())["code"]) == (415, "not_json")


async def test_a_body_that_is_too_large_is_refused(server: Server) -> None:
    status, answer = await ask(server, WHO | {"name": "x" * 20_000})
    assert (status, answer["code"]) == (413, "too_large")


async def test_tokens_are_limited_and_the_answer_says_when_to_come_back(tmp_path: Path) -> None:
    async with a_server(tmp_path, tokens_per_minute=2) as server:
        assert [(await ask(server))[0] for _ in range(2)] == [200, 200]
        async with server.http.post(f"{server.url}/api/token", json=WHO, headers=KEY) as answer:
            assert answer.status == 429
            assert 1 <= int(answer.headers["Retry-After"]) <= 30
        server.clock.ahead += 31
        assert (await ask(server))[0] == 200


async def test_guessing_the_key_is_limited_and_does_not_hinder_who_has_it(tmp_path: Path) -> None:
    async with a_server(tmp_path, tokens_per_minute=2) as server:
        wrong = {"Authorization": "Bearer wrong"}
        assert [(await ask(server, headers=wrong))[0] for _ in range(3)] == [401, 401, 429]
        assert (await ask(server))[0] == 200


# The demonstration --------------------------------------------------------------------------------------------------


async def test_in_the_demo_the_page_may_ask_without_a_key(demo: Server) -> None:
    status, _ = await ask(demo, headers={"Origin": demo.url})
    assert status == 200


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_in_the_demo_other_pages_may_not(demo: Server, origin: str | None) -> None:
    status, answer = await ask(demo, headers={"Origin": origin} if origin else {})
    assert (status, answer["code"]) == (403, "wrong_origin")


async def test_a_page_whose_name_was_bent_to_this_machine_gets_nothing(demo: Server) -> None:
    headers = {"Host": "evil.example:8080", "Origin": "http://evil.example:8080"}
    status, answer = await ask(demo, headers=headers)
    assert (status, answer["code"]) == (403, "wrong_host")


async def test_the_client_is_told_that_it_is_a_demo_and_why_that_matters(demo: Server) -> None:
    async with demo.http.get(f"{demo.url}/api/client") as answer:
        said = await answer.json()
    assert said["demo"] is True
    assert "Do not hold real sessions" in said["demo_reason"]


async def test_the_client_is_told_whether_it_has_to_encrypt_before_anybody_joins(demo: Server) -> None:
    async with demo.http.get(f"{demo.url}/api/client") as answer:
        assert (await answer.json())["encryption"] == "required"


# Pages --------------------------------------------------------------------------------------------------------------


async def test_the_pages_lead_into_the_one_client(server: Server) -> None:
    texts = set()
    for page in ("demo", "therapy", "secure-therapy"):
        async with server.http.get(f"{server.url}/video-call/{page}") as answer:
            assert answer.status == 200
            assert answer.content_type == "text/html"
            texts.add(await answer.text())
    [text] = texts
    assert "__STATIC__" not in text
    assert 'src="/static/' in text


async def test_the_start_page_leads_on(server: Server) -> None:
    async with server.http.get(server.url, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/video-call/therapy")


async def test_files_of_the_client_are_kept_for_ever_under_the_hash_of_all(server: Server) -> None:
    async with server.http.get(f"{server.url}/video-call/demo") as page:
        text = await page.text()
    address = text.split('rel="stylesheet" href="')[1].split('"')[0]
    async with server.http.get(server.url + address) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/css"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
        zipped = await answer.read()
    async with server.http.get(server.url + address, headers={"Accept-Encoding": "identity"}) as answer:
        assert await answer.read() == zipped
    async with server.http.get(server.url + address.replace("/static/", "/static/0")) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "path",
    ["../pyproject.toml", "..%2f..%2fpyproject.toml", "%2e%2e/pyproject.toml", "js/../../x", "/etc/passwd", "js/"],
)
async def test_nothing_but_the_client_is_served(server: Server, path: str) -> None:
    async with server.http.get(f"{server.url}/video-call/demo") as page:
        tree = (await page.text()).split("/static/")[1].split("/")[0]
    async with server.http.get(f"{server.url}/static/{tree}/{path}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "path", ["/", "/video-call/demo", "/api/client", "/nothing", "/api/token", "/metrics", "/brand.css"]
)
async def test_every_answer_carries_the_security_headers(server: Server, path: str) -> None:
    async with server.http.get(server.url + path, allow_redirects=False) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "require-trusted-types-for 'script'" in policy
        assert "trusted-types worker" in policy, "the worker's address, and nothing else"
        assert "unsafe" not in policy
        assert f"ws://127.0.0.1:{server.running.port} " in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "camera=(self)" in answer.headers["Permissions-Policy"]
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "Server" not in answer.headers


async def test_a_host_header_cannot_add_to_the_policy(server: Server) -> None:
    host = "evil.example; script-src *"
    async with server.http.get(f"{server.url}/video-call/demo", headers={"Host": host}) as answer:
        assert "evil" not in answer.headers.get("Content-Security-Policy", "")


async def test_errors_are_a_sentence_and_a_code(server: Server) -> None:
    for method, path, status, code in (
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/token", 405, "method_not_allowed"),
        ("DELETE", "/video-call/demo", 405, "method_not_allowed"),
    ):
        async with server.http.request(method, server.url + path) as answer:
            said = await answer.json()
            assert (answer.status, said["code"]) == (status, code)
            assert said["error"].endswith(".")


async def test_alive_and_ready(server: Server) -> None:
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        async with server.http.get(server.url + path) as answer:
            assert answer.status == 200
            assert (await answer.json())["status"] == status


async def test_the_metrics_name_nobody(server: Server) -> None:
    therapist, _ = await server.call()
    assert therapist.joined is not None
    await ask(server, headers={"Authorization": "Bearer wrong"})
    async with server.http.get(f"{server.url}/metrics") as answer:
        text = await answer.text()
    assert "therabook_sessions 1.0" in text
    assert 'therabook_people_now{phase="present"} 2.0' in text
    assert 'therabook_refused_total{code="unauthorized"} 1.0' in text
    for word in ("Blue", "Alex", "session-1", "127.0.0.1", therapist.joined.you):
        assert word not in text
