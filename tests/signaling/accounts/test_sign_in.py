"""Set-up, signing in by every way, and out, over real HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signaling.accounts.cookies import COOKIE
from tests.signaling.accounts.staff import LOGIN, PASSWORD, Browser, a_member, a_practice, sets_up
from tests.signaling.server import Server, a_server


async def test_the_first_run_makes_an_administrator_for_whoever_has_the_token(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        file = tmp_path / "data" / "setup-token"
        assert file.stat().st_mode & 0o077 == 0
        browser = Browser(server)
        assert (await browser.get("/state")).json == {
            "needs_setup": True,
            "password": True,
            "sign_on": None,
            "second_factor": "required",
            "shortest_password": 12,
        }
        body = {"token": "x" * 43, "login": LOGIN, "name": "Ada Min", "password": PASSWORD}
        assert (await browser.post("/setup", body)).code == "setup_token_wrong"
        await sets_up(browser)
        assert not file.exists()
        assert (await browser.get("/state")).json["needs_setup"] is False
        again = await Browser(server).post("/setup", body | {"login": "other@clinic.example"})
        assert again.code == "setup_done"
        me = await browser.get("/me")
        assert (me.json["stage"], me.json["actions"]) == ("enrol", [])
        assert (await browser.get("/accounts")).code == "enrol_needed"
        before = browser.cookie
        await browser.enrols()
        assert browser.cookie != before
        assert len(set(browser.recovery)) == 10
        assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){3}", each) for each in browser.recovery)
        me = await browser.get("/me")
        assert (me.json["stage"], me.json["login"], me.json["roles"]) == ("done", LOGIN, ["administrator"])
        assert "manage_accounts" in me.json["actions"]
        assert "own_day" not in me.json["actions"]


async def test_a_restart_asks_for_no_second_administrator(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (server, _):
        assert server.running.setup_token is not None
    async with a_server(tmp_path) as server:
        assert server.running.setup_token is None
        assert not (tmp_path / "data" / "setup-token").exists()


async def test_password_and_then_an_app(server: Server, admin: Browser) -> None:
    browser = admin.other()
    answer = await browser.signs_in("  ADMIN@clinic.example ")
    assert answer.json == {"stage": "second_factor", "ways": ["totp", "recovery"]}
    assert (await browser.get("/me")).code == "second_factor_needed"
    assert (await browser.post("/sign-in/code", {"code": "000000"})).code == "code_wrong"
    assert (await browser.post("/sign-in/code", {"code": browser.code()})).json["stage"] == "done"
    assert (await browser.get("/me")).json["id"] == admin.id


async def test_password_and_then_a_recovery_code(admin: Browser) -> None:
    browser = admin.other()
    await browser.signs_in(LOGIN)
    written = admin.recovery[3].upper().replace("-", " ")
    assert (await browser.post("/sign-in/recovery", {"code": written})).json["stage"] == "done"
    assert (await browser.get("/security")).json["recovery_codes_left"] == 9


async def test_password_and_then_a_passkey_and_a_passkey_alone(admin: Browser) -> None:
    added = await admin.adds_passkey("Phone")
    assert (added.status, added.json["recovery_codes"]) == (200, [])
    browser = admin.other()
    answer = await browser.signs_in(LOGIN)
    assert answer.json["ways"] == ["passkey", "totp", "recovery"]
    assert (await browser.shows_passkey()).json["stage"] == "done"
    assert (await browser.get("/me")).json["id"] == admin.id
    alone = admin.other()
    assert (await alone.shows_passkey()).json == {"stage": "done", "ways": []}
    assert (await alone.get("/me")).json["id"] == admin.id
    listed = (await alone.get("/security")).json["passkeys"]
    assert [each["name"] for each in listed] == ["Phone"]
    assert listed[0]["used_at"] is not None


async def test_an_invitation_makes_a_member_of_staff(server: Server, admin: Browser) -> None:
    token = await admin.invites("grey@clinic.example", "therapist", "supervisor", name="Gray Grey")
    browser = Browser(server)
    shown = await browser.post("/invitation", {"token": token})
    assert (shown.json["login"], shown.json["name"]) == ("grey@clinic.example", "Gray Grey")
    assert (await browser.post("/invitation/accept", {"token": token, "password": "aaaaaaaaaaaaaaa"})).code == (
        "weak_password"
    )
    assert (await browser.post("/invitation/accept", {"token": token, "password": PASSWORD})).json["stage"] == "enrol"
    await browser.enrols()
    me = (await browser.get("/me")).json
    assert me["roles"] == ["therapist", "supervisor"]
    assert {"own_day", "read_appointments"} <= set(me["actions"])
    assert (await Browser(server).post("/invitation", {"token": token})).code == "invitation_invalid"
    assert (await Browser(server).post("/invitation/accept", {"token": token, "password": PASSWORD})).code == (
        "invitation_invalid"
    )


async def test_an_invitation_expires(server: Server, admin: Browser) -> None:
    token = await admin.invites("late@clinic.example", "therapist")
    server.clock.ahead += 72 * 3600 + 1
    assert (await Browser(server).post("/invitation", {"token": token})).code == "invitation_invalid"


async def test_signing_out_ends_the_session(admin: Browser) -> None:
    stolen = admin.other()
    stolen.cookies = dict(admin.cookies)
    answer = await admin.post("/sign-out")
    assert answer.status == 204
    assert (answer.cookies[COOKIE].value, answer.cookies[COOKIE]["max-age"]) == ("", "0")
    assert (await stolen.get("/me")).code == "sign_in_needed"
    assert (await admin.post("/sign-out")).status == 204, "whoever it is"


async def test_without_a_rule_no_second_factor_is_needed(tmp_path: Path) -> None:
    async with a_server(tmp_path, staff_second_factor="optional") as server:
        browser = Browser(server)
        token = server.running.setup_token
        assert token is not None
        body = {"token": token.get_secret_value(), "login": LOGIN, "name": "Ada", "password": PASSWORD}
        assert (await browser.post("/setup", body)).json["stage"] == "done"
        assert (await browser.other().signs_in(LOGIN)).json["stage"] == "done"
        await browser.enrols()
        assert (await browser.other().signs_in(LOGIN)).json["stage"] == "second_factor"
        assert (await browser.post("/security/totp/remove")).status == 204
        assert (await browser.other().signs_in(LOGIN)).json["stage"] == "done"


@pytest.mark.parametrize("password", ["abcabcabcabc", "password123456", "admin@clinic.example", "qwertyuiop1234567890"])
async def test_what_everybody_would_try_is_no_password(admin: Browser, password: str) -> None:
    answer = await admin.post("/security/password", {"current": PASSWORD, "new": password})
    assert answer.code == "weak_password"


async def test_two_roles_allow_what_either_does(admin: Browser) -> None:
    both = await a_member(admin, "front_desk", "auditor")
    assert {"write_appointments", "read_audit"} <= set((await both.get("/me")).json["actions"])


async def test_a_password_is_hashed_anew_when_its_cost_has_changed(tmp_path: Path) -> None:
    async with a_practice(tmp_path, staff_second_factor="optional"):
        pass
    async with a_server(tmp_path, staff_password_memory=24) as server:
        before = await _hash(tmp_path)
        assert "m=19456," in before
        assert (await Browser(server).signs_in(LOGIN)).status == 200
        assert "m=24576," in await _hash(tmp_path)
        assert (await Browser(server).signs_in(LOGIN)).status == 200


async def _hash(folder: Path) -> str:
    from clinic import open_database, sqlite_url
    from clinic.accounts import Accounts

    database = open_database(sqlite_url(folder / "data" / "clinic.db"))
    (account,) = await Accounts(database).all()
    await database.close()
    assert account.password is not None
    return account.password
