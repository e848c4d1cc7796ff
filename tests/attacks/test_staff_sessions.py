"""Attacks on sessions of staff: planted, stolen, forged by other pages, outlived."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clinic.audit.events import Event
from signaling.accounts.cookies import BACKGROUND, COOKIE
from tests.signaling.accounts.staff import LOGIN, PASSWORD, Answer, Browser, a_member
from tests.signaling.server import Server

OTHER_PAGES: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "", "Sec-Fetch-Site": "same-site"},
    {"Origin": "", "Sec-Fetch-Site": ""},
    {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
]
"""What browsers say of pages elsewhere, and what clients say that are no browsers."""

FORMS = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "")
"""What another site's form can send without asking."""


async def changing_routes(server: Server) -> list[str]:
    """Every one of accounts that changes something."""
    async with server.http.get(f"{server.url}/api/openapi.json") as answer:
        paths = (await answer.json())["paths"]
    found = [re.sub(r"\{\w+\}", "some-id-of-it", path) for path in paths if "post" in paths[path]]
    return [path for path in found if path.startswith(("/api/staff/", "/api/accounts/"))]


async def test_no_page_elsewhere_changes_anything(server: Server, admin: Browser) -> None:
    routes = await changing_routes(server)
    assert len(routes) >= 35
    for path in routes:
        for headers in OTHER_PAGES:
            answer = await admin.ask("POST", path, {}, headers, root="")
            assert (answer.status, answer.code) == (403, "wrong_origin"), (path, headers)
    assert (await admin.get("/me")).status == 200


async def test_no_form_is_taken_for_json(server: Server, admin: Browser) -> None:
    await admin.confirms()
    for path in await changing_routes(server):
        for kind in FORMS:
            answer = await admin.ask("POST", path, "{}", {"Content-Type": kind or "application/octet-stream"}, root="")
            # who may not do it at all, or must confirm first, is told that first
            codes = ("not_json", "not_allowed", "sign_in_needed", "no_such_account", "sign_on_off")
            assert answer.code in codes, (path, kind, answer.text)
    assert (await admin.get("/me")).status == 200


async def test_a_planted_cookie_is_worth_nothing_after_signing_in(server: Server, admin: Browser) -> None:
    """Session fixation, at each step."""
    planted = "A" * 43
    victim = admin.other()
    victim.cookies[COOKIE] = planted
    await victim.signs_in(LOGIN)
    first = victim.cookie
    assert first != planted
    await victim.post("/sign-in/code", {"code": victim.code()})
    second = victim.cookie
    assert second not in (planted, first)
    for token in (planted, first):
        thief = Browser(server)
        thief.cookies[COOKIE] = token
        assert (await thief.get("/me")).code == "sign_in_needed"


async def test_an_attackers_own_session_does_not_become_the_victims(admin: Browser) -> None:
    attacker = await a_member(admin, "front_desk")
    victim = admin.other()
    victim.cookies[COOKIE] = attacker.cookie
    await victim.signs_in(LOGIN)
    assert (await attacker.get("/me")).code == "sign_in_needed"


async def test_the_cookie_is_for_this_host_and_no_script(admin: Browser) -> None:
    browser = admin.other()
    answers: list[Answer] = [await browser.signs_in(LOGIN)]
    answers.append(await browser.post("/sign-in/code", {"code": browser.code()}))
    await browser.confirms()
    answers.append(await browser.post("/security/password", {"current": PASSWORD, "new": "three slow rivers"}))
    for answer in answers:
        cookie = answer.cookies[COOKIE]
        assert COOKIE.startswith("__Host-")
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Strict")
        assert cookie["secure"] is True
        assert cookie["httponly"] is True
        assert (cookie["max-age"], cookie["expires"]) == ("", ""), "gone with the browser"
        assert len(cookie.value) == 43
        assert answer.headers["Cache-Control"] == "no-store"


async def test_who_does_nothing_is_signed_out(server: Server, admin: Browser) -> None:
    server.clock.ahead += 14 * 60
    assert (await admin.get("/me")).status == 200
    server.clock.ahead += 14 * 60
    assert (await admin.get("/me")).status == 200
    server.clock.ahead += 15 * 60
    assert (await admin.get("/me")).code == "sign_in_needed"
    server.clock.ahead -= 15 * 60
    assert (await admin.get("/me")).code == "sign_in_needed", "it has ended, whatever the clock says"


async def test_what_a_page_asks_by_itself_keeps_nobody_signed_in(server: Server, admin: Browser) -> None:
    for _ in range(4):
        server.clock.ahead += 4 * 60
        answer = await admin.get("/me", headers={BACKGROUND: "1"})
    assert answer.code == "sign_in_needed"


async def test_who_works_on_signs_in_again_after_a_day(server: Server, admin: Browser) -> None:
    for _ in range(12 * 6 - 1):
        server.clock.ahead += 10 * 60
        assert (await admin.get("/me")).status == 200
    server.clock.ahead += 10 * 60
    assert (await admin.get("/me")).code == "sign_in_needed"


async def test_between_the_factors_there_are_five_minutes(server: Server, admin: Browser) -> None:
    browser = admin.other()
    await browser.signs_in(LOGIN)
    server.clock.ahead += 5 * 60
    assert (await browser.post("/sign-in/code", {"code": browser.code()})).code == "sign_in_needed"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("disable", {}),
        ("change", {"roles": ["front_desk", "auditor"]}),
        ("reset-second-factor", {}),
        ("sign-out", {}),
    ],
)
async def test_whoever_is_changed_is_out_at_once(admin: Browser, path: str, body: dict[str, Any]) -> None:
    member = await a_member(admin, "front_desk")
    assert (await member.get("/me")).status == 200
    assert (await admin.post(f"/accounts/{member.id}/{path}", body)).status in (200, 204)
    assert (await member.get("/me")).code == "sign_in_needed"


async def test_who_is_disabled_gets_in_by_no_way(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    await member.adds_passkey()
    pending = member.other()
    await pending.signs_in("therapist@clinic.example")
    asked = await member.other().post("/sign-in/passkey/options")
    await admin.post(f"/accounts/{member.id}/disable")
    assert (await pending.post("/sign-in/code", {"code": pending.code()})).code == "sign_in_needed"
    assert (await member.other().signs_in("therapist@clinic.example")).code == "sign_in_failed"
    assert (await member.other().shows_passkey()).code == "passkey_refused"
    assert asked.status == 200
    await admin.post(f"/accounts/{member.id}/enable")
    assert (await member.other().shows_passkey()).json["stage"] == "done"


async def test_another_password_ends_all_other_sessions(admin: Browser) -> None:
    elsewhere, stolen = admin.other(), admin.other()
    await elsewhere.signs_in_fully(LOGIN)
    stolen.cookies = dict(admin.cookies)
    answer = await admin.post("/security/password", {"current": PASSWORD, "new": "three slow rivers"})
    assert answer.status == 204
    assert (await elsewhere.get("/me")).code == "sign_in_needed"
    assert (await stolen.get("/me")).code == "sign_in_needed", "the same cookie as before"
    assert (await admin.get("/me")).status == 200
    assert (await admin.other().signs_in(LOGIN)).code == "sign_in_failed"


async def test_sessions_are_listed_and_ended_by_their_owner_only(admin: Browser) -> None:
    elsewhere = admin.other()
    await elsewhere.signs_in_fully(LOGIN)
    member = await a_member(admin, "therapist")
    listed = (await admin.get("/security")).json["sessions"]
    assert sorted(each["current"] for each in listed) == [False, True]
    (other,) = [each["id"] for each in listed if not each["current"]]
    assert (await member.post(f"/security/sessions/{other}/end")).code == "no_such_session"
    assert (await elsewhere.get("/me")).status == 200
    assert (await admin.post(f"/security/sessions/{other}/end")).status == 204
    assert (await elsewhere.get("/me")).code == "sign_in_needed"


async def test_an_open_screen_is_not_enough_to_stay(server: Server, admin: Browser) -> None:
    """What would let a stranger come back needs that somebody shows who they are."""
    server.clock.ahead += 11 * 60
    member = (await admin.get("/me")).json["id"]
    for path, body in (
        ("/security/totp", {}),
        ("/security/totp/remove", {}),
        ("/security/passkeys/options", {}),
        ("/security/recovery-codes", {}),
        ("/accounts", {"login": "a", "name": "A", "roles": ["administrator"]}),
        (f"/accounts/{member}/invite", {}),
        (f"/accounts/{member}/change", {"name": "A"}),
        ("/keys", {"name": "mine", "scopes": ["audit"]}),
    ):
        assert (await admin.post(path, body)).code == "confirm_needed", path
    assert (await admin.post("/confirm", {"password": "wrong" * 4})).code == "code_wrong"
    await admin.confirms()
    assert (await admin.post("/security/totp")).status == 200


def test_events_have_no_place_for_addresses() -> None:
    assert set(Event.__dataclass_fields__) == {
        *("kind", "at", "actor_kind", "actor", "session", "patient", "subject", "details")
    }
