"""Who gets to recordings: tokens, the cookie, every role at every route, and tokens for one session only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, get_args

import pytest
import pytest_asyncio

from signaling import messages as m
from signaling.recordings_access import COOKIE
from signaling.roles import KEEPER_PERMISSIONS, Keeper, KeeperAction
from tests.signaling.kept import NAMES, SESSION, Answer, Asker, Kept, an_archive, ask
from tests.signaling.server import API_KEY, Server, offer

KEY = {"Authorization": f"Bearer {API_KEY}"}
WHO = {"user_id": "user-1", "role": "supervisor"}
CLEAR = {"form": "clear", "confirm": SESSION}

Route = tuple[str, str, Any, KeeperAction | None, int]

FILE_ROUTES: list[Route] = [
    each
    for path in ("/outputs/rec-1-film", "/tracks/rec-1-patient")
    for each in (
        ("GET", path, None, "play", 200),
        ("POST", f"{path}/download", {"form": "sealed"}, "download_sealed", 200),
        ("POST", f"{path}/download", CLEAR, "download_clear", 200),
        ("GET", f"{path}/key", None, "download_sealed", 404),  # this server needs none
    )
]
OF_ONE: list[Route] = [
    ("GET", "", None, "list", 200),
    ("GET", "/chapters.vtt", None, "play", 200),
    *FILE_ROUTES,
    ("POST", "/verify", None, "verify", 200),
    ("POST", "/hold", {"because": "case 7"}, "hold", 204),
    ("POST", "/release", None, "hold", 204),
    ("POST", "/jobs", {"kind": "audio"}, "compose", 202),
    ("POST", "/delete", {"reason": "asked for", "confirm": SESSION}, "delete", 200),
]
ROUTES: list[Route] = [
    ("GET", "/me", None, None, 200),
    ("GET", "", None, "list", 200),
    *((method, f"/rec-1{path}", body, action, status) for method, path, body, action, status in OF_ONE),
]
"""Method, path, body, what it is, and the status for those who may. In this order each of them works."""

OPEN_TO_ALL = {"/token", "/sign-in", "/sign-out"}


@pytest_asyncio.fixture
async def archive(tmp_path: Path) -> AsyncIterator[tuple[Server, Kept]]:
    async with an_archive(tmp_path) as served:
        yield served


@pytest.fixture
def server(archive: tuple[Server, Kept]) -> Server:
    return archive[0]


# Tokens and the cookie --------------------------------------------------------------------------------------------


async def test_a_server_with_the_key_gets_a_token_for_one_person(server: Server) -> None:
    answer = await ask(server, "POST", "/token", KEY, WHO | {"room_id": "room-7", "expires_in": 600})
    assert answer.status == 200
    now = server.clock.clock.wall()
    claims = server.running.tokens.read_recordings(answer.json.pop("token"), now)
    assert (claims.sub, claims.role, claims.room) == ("user-1", "supervisor", "room-7")
    assert claims.exp == pytest.approx(now + 600, abs=5)
    assert answer.json == WHO | {"room_id": "room-7", "expires_at": claims.exp}


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "user_id"),
        (WHO | {"role": "patient"}, "role"),
        (WHO | {"expires_in": 8 * 24 * 3600}, "expires_in"),
        (WHO | {"room_id": "../x"}, "room_id"),
        (WHO | {"colour": "red"}, "colour"),
    ],
    ids=str,
)
async def test_a_wrong_request_for_a_token_is_told_what_is_wrong(server: Server, body: object, word: str) -> None:
    answer = await ask(server, "POST", "/token", KEY, body)
    assert (answer.status, answer.code) == (400, "bad_request")
    assert word in answer.json["error"]


async def test_without_the_key_there_is_no_token_not_even_in_the_demonstration(tmp_path: Path) -> None:
    async with an_archive(tmp_path, demo=True) as (server, _):
        for headers in ({}, {"Origin": server.url}, {"Authorization": "Bearer wrong"}):
            answer = await ask(server, "POST", "/token", headers, WHO)
            assert (answer.status, answer.code) == (401, "unauthorized")


async def test_a_page_trades_its_token_for_a_cookie_that_no_script_reads(server: Server) -> None:
    answer = await signs_in(server, Asker(server).token)
    assert (answer.status, answer.body) == (204, b"")
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"] is True
    assert (cookie["samesite"], cookie["path"], cookie["max-age"]) == ("Strict", "/api/recordings", "")
    assert cookie["secure"] == "", "on localhost"
    me = await ask(server, "GET", "/me", with_cookie(answer))
    assert me.json["role"] == "administrator"
    assert (await ask(server, "GET", "/me")).code == "sign_in_needed"


async def test_elsewhere_than_on_localhost_the_cookie_goes_over_tls_only(server: Server) -> None:
    headers = {"Host": "video.example", "Origin": "https://video.example"}
    answer = await signs_in(server, Asker(server).token, headers)
    assert SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]["secure"] is True


async def test_signing_out_takes_the_cookie_back(server: Server) -> None:
    answer = await ask(server, "POST", "/sign-out", {"Origin": server.url})
    cookie = SimpleCookie(answer.headers["Set-Cookie"])[COOKIE]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/api/recordings")


@pytest.mark.parametrize("kind", ["none", "rubbish", "join", "resume", "expired", "other key"])
async def test_only_a_good_token_for_recordings_signs_in(server: Server, kind: str) -> None:
    asker = Asker(server)
    tokens = {
        "none": "",
        "rubbish": "a.b.c",
        "join": server.token("therapist"),
        "resume": "",
        "expired": asker.token,
        "other key": asker.token[:-4] + "AAAA",
    }
    if kind == "resume":
        tokens[kind] = (await server.joined("therapist")).joined.resume  # type: ignore[union-attr]
    if kind == "expired":
        server.clock.ahead += 200_000
    expected = {"none": "sign_in_needed", "expired": "token_expired"}.get(kind, "token_invalid")
    answer = await signs_in(server, tokens[kind])
    assert (answer.status, answer.code) == (401, expected)
    assert "Set-Cookie" not in answer.headers
    shown = await ask(server, "GET", "/rec-1", {"Cookie": f"{COOKIE}={tokens[kind]}"})
    assert (shown.status, shown.code) == (401, expected)


async def test_a_token_for_recordings_joins_no_session(server: Server) -> None:
    client = await server.client()
    join = m.Join(encrypts=True, token=Asker(server, "therapist").token, name="Dr. Blue", offer=offer())
    assert await client.refused(join) == "token_invalid"


async def test_guessing_is_limited_and_hinders_nobody_who_is_signed_in(tmp_path: Path) -> None:
    async with an_archive(tmp_path, tokens_per_minute=2) as (server, _):
        cookie = with_cookie(await signs_in(server, Asker(server).token))
        assert [(await signs_in(server, "wrong")).status for _ in range(3)] == [401, 401, 429]
        assert (await ask(server, "GET", "/me", cookie)).status == 200


# Pages of others ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"Origin": "{url}"}, True),
        ({"Origin": "{url}", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
    ],
    ids=str,
)
async def test_with_the_cookie_only_pages_of_this_server_change_anything(
    archive: tuple[Server, Kept], headers: dict[str, str], own: bool
) -> None:
    server, kept = archive
    cookie = with_cookie(await signs_in(server, Asker(server).token))
    sent = cookie | {name: value.format(url=server.url) for name, value in headers.items()}
    answer = await ask(server, "POST", "/rec-1/hold", sent, {"because": "case 7"})
    assert answer.status == (204 if own else 403)
    assert ((await kept.recordings.get("rec-1")).recording.held_by is not None) is own
    if not own:
        assert answer.code == "wrong_origin"
        assert (await ask(server, "POST", "/sign-in", sent | Asker(server).headers)).code == "wrong_origin"
        assert (await ask(server, "POST", "/sign-out", sent)).code == "wrong_origin"


async def test_a_program_with_a_token_of_its_own_needs_no_origin(server: Server) -> None:
    assert (await Asker(server).posts("/rec-1/hold", {"because": "case 7"})).status == 204


# Every role at every route ------------------------------------------------------------------------------------------


async def test_the_table_of_routes_is_whole(server: Server) -> None:
    async with server.http.get(f"{server.url}/api/openapi.json") as answer:
        paths = (await answer.json())["paths"]
    served = {
        (method.upper(), path.removeprefix("/api/recordings"))
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/api/recordings") and path.removeprefix("/api/recordings") not in OPEN_TO_ALL
    }
    ids = {"rec-1-film": "{output}", "rec-1-patient": "{track}", "rec-1": "{recording}"}
    tried = {(method, re.sub("|".join(ids), lambda found: ids[found[0]], path)) for method, path, *_ in ROUTES}
    assert tried == served


@pytest.mark.parametrize("role", get_args(Keeper))
async def test_each_role_may_what_its_table_says_and_nothing_else(server: Server, role: Keeper) -> None:
    asker = Asker(server, role)
    found: dict[str, tuple[int, str | None]] = {}
    expected: dict[str, tuple[int, str | None]] = {}
    for method, path, body, action, status in ROUTES:
        cell = f"{method} {path} {body}"
        answer = await asker.asks(method, path, body)
        found[cell] = answer.status, answer.code if answer.status >= 400 else None
        if action is not None and action not in KEEPER_PERMISSIONS[role]:
            expected[cell] = 403, "not_allowed"
        else:
            expected[cell] = status, "no_such_file" if status == 404 else None
    assert found == expected


async def test_the_tables_of_roles_are_what_was_decided() -> None:
    may = {role: sorted(actions) for role, actions in KEEPER_PERMISSIONS.items()}
    assert may == {
        "therapist": ["compose", "download_sealed", "list", "play"],
        "supervisor": ["compose", "download_clear", "download_sealed", "hold", "list", "play"],
        "administrator": sorted(get_args(KeeperAction)),
        "auditor": ["list", "see_viewings", "verify"],
    }


async def test_everyone_is_told_what_they_may(server: Server) -> None:
    for role in get_args(Keeper):
        me = (await Asker(server, role, room="room-7").gets("/me")).json
        assert me.pop("expires_at") > server.clock.clock.wall()
        may = sorted(KEEPER_PERMISSIONS[role])
        assert me == {"who": f"id-of-{role}", "role": role, "room": "room-7", "may": may, "sealed": False}


async def test_without_a_token_every_route_is_closed(server: Server) -> None:
    for method, path, body, _, _ in ROUTES:
        answer = await ask(server, method, path, {"Origin": server.url}, body)
        assert (answer.status, answer.code) == (401, "sign_in_needed"), path


async def test_auditors_see_who_watched_and_no_names(server: Server) -> None:
    await Asker(server, "therapist").gets("/rec-1/outputs/rec-1-film")
    audited = (await Asker(server, "auditor").gets("/rec-1")).json
    people = [each for each in audited["viewings"] if each["role"] != "system"]  # a restore test may come by
    assert [(each["who"], each["kind"]) for each in people] == [("id-of-therapist", "played")]
    assert {(each["role"], each["name"]) for each in audited["people"]} == {(role, None) for role in NAMES}
    seen = (await Asker(server, "therapist").gets("/rec-1")).json
    assert seen["viewings"] is None
    assert {each["role"]: each["name"] for each in seen["people"]} == NAMES


# One session only ---------------------------------------------------------------------------------------------------


async def test_for_a_token_of_one_session_recordings_of_others_do_not_exist(archive: tuple[Server, Kept]) -> None:
    server, kept = archive
    asker = Asker(server, room="session-2")
    for method, path, body, _, _ in OF_ONE:
        others = await asker.asks(method, f"/rec-1{path}", body)
        none = await asker.asks(method, f"/rec-0{path}", body)
        assert (others.status, others.body) == (none.status, none.body), path
        assert (others.status, others.code) == (404, "no_such_recording")
    assert (await kept.recordings.get("rec-1")).recording.held_by is None


async def test_a_list_for_one_session_says_nothing_of_others(archive: tuple[Server, Kept]) -> None:
    server, kept = archive
    await kept.add("rec-2", "session-2", film=None, started_at=1_780_000_100.0)
    await kept.add("rec-3", "session-22", film=None, started_at=1_780_000_200.0)
    await kept.add("rec-4", "Session-2", film=None, started_at=1_780_000_300.0)
    listed = (await Asker(server, room="session-2").gets("?limit=1")).json
    assert [each["id"] for each in listed["recordings"]] == ["rec-2"]
    assert listed["next"] is None
    assert (await Asker(server, room="session-2").gets("?search=session-1")).json["recordings"] == []
    assert len((await Asker(server).gets("")).json["recordings"]) == 4
    assert (await Asker(server, room="session-2").gets("/rec-2")).status == 200


async def signs_in(server: Server, token: str, headers: dict[str, str] | None = None) -> Answer:
    given = {"Authorization": f"Bearer {token}"} if token else {}
    return await ask(server, "POST", "/sign-in", {"Origin": server.url} | given | (headers or {}))


def with_cookie(answer: Answer) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={SimpleCookie(answer.headers['Set-Cookie'])[COOKIE].value}"}
