"""Accounts as administrators and the booking system manage them; emergency access; recordings for who is signed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.signaling.accounts.staff import KEY, LOGIN, Answer, Browser, a_member, a_practice
from tests.signaling.appointments.office import Office
from tests.signaling.kept import Kept
from tests.signaling.server import Server

USERS: list[dict[str, Any]] = [
    {"external_id": "17", "login": "grey@clinic.example", "name": "Gray Grey", "roles": ["therapist"]},
    {"external_id": "18", "login": "green@clinic.example", "name": "Greta Green", "roles": ["front_desk"]},
]


async def sync(server: Server, users: list[dict[str, Any]], **more: Any) -> Answer:
    return await Browser(server).ask("POST", "/api/accounts/sync", {"users": users} | more, KEY, root="")


async def accounts(admin: Browser) -> dict[str, dict[str, Any]]:
    return {each["login"]: each for each in (await admin.get("/accounts")).json["accounts"]}


# Managing -----------------------------------------------------------------------------------------------------------


async def test_accounts_are_listed_page_by_page(admin: Browser) -> None:
    for number in range(3):
        await admin.invites(f"p{number}", "therapist")
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await admin.get("/accounts?limit=2" + (f"&after={after}" if after else ""))).json
        seen += [each["login"] for each in page["accounts"]]
        after = page["next"]
        if after is None:
            break
    assert sorted(seen) == [LOGIN, "p0", "p1", "p2"]
    assert (await accounts(admin))["p0"]["invited_until"] is not None


async def test_a_login_belongs_to_one(admin: Browser) -> None:
    await admin.invites("grey", "therapist")
    answer = await admin.post("/accounts", {"login": " GREY ", "name": "Other", "roles": ["therapist"]})
    assert answer.code == "login_taken"
    other = (await accounts(admin))["grey"]["id"]
    assert (await admin.post(f"/accounts/{other}/change", {"login": LOGIN})).code == "login_taken"
    changed = await admin.post(f"/accounts/{other}/change", {"login": "gray", "name": "Gray"})
    assert (changed.json["login"], changed.json["name"]) == ("gray", "Gray")
    linked = await admin.post(f"/accounts/{other}/change", {"external_id": "17"})
    assert linked.json["external_id"] == "17"


async def test_a_forgotten_password_is_chosen_anew_by_a_link(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    link = (await admin.post(f"/accounts/{member.id}/invite")).json["link"]
    browser = member.other()
    token = link.partition("#invitation=")[2]
    answer = await browser.post("/invitation/accept", {"token": token, "password": "three slow rivers"})
    assert answer.json["stage"] == "second_factor", "the link alone is not enough"
    assert (await member.get("/me")).code == "sign_in_needed"
    assert (await browser.post("/sign-in/code", {"code": browser.code()})).json["stage"] == "done"


async def test_who_lost_their_second_factor_sets_up_a_new_one(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    answer = await admin.post(f"/accounts/{member.id}/reset-second-factor")
    assert answer.json["second_factor"] is False
    browser = Browser(admin.server)
    assert (await browser.signs_in("therapist@clinic.example")).json["stage"] == "enrol"
    await browser.enrols()
    assert len(browser.recovery) == 10


async def test_what_is_not_there_is_not_found(admin: Browser) -> None:
    await admin.confirms()
    for path in ("change", "disable", "enable", "invite", "reset-second-factor", "unlock", "sign-out"):
        assert (await admin.post(f"/accounts/nobody-with-this/{path}")).code == "no_such_account", path
    assert (await admin.get("/accounts/nobody-with-this")).code == "no_such_account"
    assert (await admin.post("/keys/no-such-key/revoke")).code == "no_such_key"
    assert (await admin.post("/emergencies/none-such/acknowledge")).code == "no_such_emergency"
    assert (await admin.post("/security/passkeys/none-such/rename", {"name": "x"})).code == "no_such_passkey"


async def test_names_and_logins_are_sealed_in_the_database(admin: Browser, tmp_path: Path) -> None:
    member = await a_member(admin, "therapist", login="planted-login@clinic.example")
    await member.post("/emergency", {"reason": "planted reason for a test"})
    await admin.post(f"/accounts/{member.id}/change", {"name": "Planted Name"})
    files = [file for file in (tmp_path / "data").iterdir() if file.name.startswith(("clinic.db", "audit.db"))]
    content = b"".join(file.read_bytes() for file in files)
    for planted in (b"planted-login", b"planted reason", b"Planted Name", b"Ada Min", LOGIN.encode()):
        assert planted not in content
    for secret in (admin.cookie, member.cookie, member.recovery[0]):
        assert secret.encode() not in content


# From the booking system --------------------------------------------------------------------------------------------


async def test_a_sync_makes_changes_and_the_second_one_none(server: Server, admin: Browser) -> None:
    dry = await sync(server, USERS, dry_run=True)
    assert [each["change"] for each in dry.json["changes"]] == ["create", "create"]
    assert set(await accounts(admin)) == {LOGIN}
    done = (await sync(server, USERS)).json
    assert [(each["change"], each["external_id"]) for each in done["changes"]] == [("create", "17"), ("create", "18")]
    again = (await sync(server, USERS)).json
    assert (again["changes"], again["unchanged"]) == ([], 2)
    changed = [USERS[0] | {"name": "Gray Greyer", "roles": ["supervisor", "therapist"]}, USERS[1] | {"active": False}]
    dry = await sync(server, changed, dry_run=True)
    done = (await sync(server, changed)).json
    assert done["changes"] == dry.json["changes"]
    assert [(each["change"], each["fields"]) for each in done["changes"]] == [
        ("update", ["name", "roles"]),
        ("disable", []),
    ]
    there = await accounts(admin)
    assert there["grey@clinic.example"]["name"] == "Gray Greyer"
    assert there["grey@clinic.example"]["roles"] == ["therapist", "supervisor"]
    assert there["green@clinic.example"]["active"] is False
    assert (await sync(server, changed)).json["changes"] == []
    back = (await sync(server, USERS)).json
    assert [each["change"] for each in back["changes"]] == ["update", "enable"]


async def test_a_complete_sync_disables_who_is_not_named(server: Server, admin: Browser) -> None:
    await sync(server, USERS)
    by_hand = await a_member(admin, "auditor")
    token = (await admin.post(f"/accounts/{(await accounts(admin))['grey@clinic.example']['id']}/invite")).json["link"]
    done = (await sync(server, USERS[1:], complete=True)).json
    assert [(each["change"], each["external_id"]) for each in done["changes"]] == [("disable", "17")]
    there = await accounts(admin)
    assert [there[login]["active"] for login in ("grey@clinic.example", "green@clinic.example")] == [False, True]
    assert (await by_hand.get("/me")).status == 200, "made here, not there"
    answer = await Browser(server).post("/invitation", {"token": token.partition("#invitation=")[2]})
    assert answer.code == "invitation_invalid"


async def test_who_is_disabled_by_a_sync_is_out_at_once(server: Server, admin: Browser) -> None:
    await sync(server, USERS)
    await admin.confirms()
    account = (await accounts(admin))["grey@clinic.example"]["id"]
    link = (await admin.post(f"/accounts/{account}/invite")).json["link"]
    member = Browser(server)
    body = {"token": link.partition("#invitation=")[2], "password": "three slow rivers"}
    await member.post("/invitation/accept", body)
    assert (await member.get("/me")).status == 200
    await sync(server, USERS[1:], complete=True)
    assert (await member.get("/me")).code == "sign_in_needed"


async def test_the_last_administrator_outlives_a_sync(tmp_path: Path) -> None:
    async with a_practice(tmp_path, staff_sync_administrators=True) as (server, admin):
        boss = USERS[0] | {"roles": ["administrator"]}
        await sync(server, [boss])
        assert (await accounts(admin))["grey@clinic.example"]["roles"] == ["administrator"]
        await admin.confirms()
        assert (await admin.post(f"/accounts/{admin.id}/disable")).status == 200
        done = (await sync(server, [], complete=True)).json
        assert [(each["change"], each["why_kept"]) for each in done["changes"]] == [("keep", "last_administrator")]


@pytest.mark.parametrize("same", ["external_id", "login"])
async def test_a_list_that_contradicts_itself_is_refused(server: Server, admin: Browser, same: str) -> None:
    users = [USERS[0], USERS[1] | {same: USERS[0][same]}]
    assert (await sync(server, users)).code == "bad_request"
    assert set(await accounts(admin)) == {LOGIN}


# Emergencies --------------------------------------------------------------------------------------------------------


async def test_emergency_access_is_taken_announced_and_looked_at(server: Server, admin: Browser) -> None:
    member, auditor = await a_member(admin, "therapist"), await a_member(admin, "auditor")
    assert (await member.post("/emergency", {"reason": "short"})).code == "bad_request"
    taken = await member.post("/emergency", {"reason": "A patient has called from a bridge"})
    assert taken.status == 200
    assert taken.json["until"] - taken.json["since"] == 1800
    assert (await member.post("/emergency", {"reason": "once more, please"})).code == "emergency_already"
    me = (await member.get("/me")).json
    assert me["emergency"]["id"] == taken.json["id"]
    assert {"read_appointments", "read_checkin"} <= set(me["actions"])
    assert not {"write_appointments", "manage_accounts", "read_audit"} & set(me["actions"])
    for looker in (admin, auditor):
        assert (await looker.get("/me")).json["emergencies_open"] == 1
        (shown,) = (await looker.get("/emergencies?open=true")).json["emergencies"]
        assert (shown["account"], shown["reason"]) == (member.id, "A patient has called from a bridge")
    assert (await member.get("/emergencies")).code == "not_allowed"
    looked = await auditor.post(f"/emergencies/{taken.json['id']}/acknowledge")
    assert looked.json["acknowledged_by"] == auditor.id
    assert (await admin.get("/me")).json["emergencies_open"] == 0
    assert len((await admin.get("/emergencies")).json["emergencies"]) == 1
    assert (await member.post("/emergency/end")).status == 204
    me = (await member.get("/me")).json
    assert me["emergency"] is None
    assert "read_appointments" not in me["actions"]


async def test_emergency_access_ends_by_itself_and_nobody_looks_at_their_own(server: Server, admin: Browser) -> None:
    taken = (await admin.post("/emergency", {"reason": "A patient has called"})).json
    assert (await admin.post(f"/emergencies/{taken['id']}/acknowledge")).code == "not_your_own"
    for _ in range(3):
        server.clock.ahead += 10 * 60
        me = (await admin.get("/me")).json
    assert me["emergency"] is None
    assert (await admin.post("/emergency/end")).code == "no_such_emergency"


# Recordings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "keeper"), [("administrator", "administrator"), ("supervisor", "supervisor"), ("therapist", "therapist")]
)
async def test_who_is_signed_in_gets_to_recordings_without_a_token(admin: Browser, role: str, keeper: str) -> None:
    member = await a_member(admin, role)
    answer = await member.ask("GET", "/api/recordings/me", root="")
    assert (answer.json["who"], answer.json["role"], answer.json["room"]) == (member.id, keeper, None)
    assert (await member.ask("GET", "/api/recordings", root="")).status == 200


@pytest.mark.parametrize("role", ["front_desk", "auditor"])
async def test_other_roles_see_no_recordings(admin: Browser, role: str) -> None:
    member = await a_member(admin, role)
    assert (await member.ask("GET", "/api/recordings", root="")).code == "not_allowed"
    assert (await Browser(admin.server).ask("GET", "/api/recordings", root="")).code == "sign_in_needed"


async def test_therapists_see_recordings_of_their_own_sessions(server: Server, admin: Browser, tmp_path: Path) -> None:
    mine, other = await a_member(admin, "therapist"), await a_member(admin, "therapist", login="other")
    office = Office(server)
    booked = [await office.books(therapist=who.id) for who in (mine, other)]
    sessions = [each["appointments"][0]["session"] for each in booked]
    kept = Kept(tmp_path)
    for number, session in enumerate(sessions):
        await kept.add(f"rec-{number}", session)
    await kept.database.close()
    listed = (await mine.ask("GET", "/api/recordings", root="")).json["recordings"]
    assert [each["id"] for each in listed] == ["rec-0"]
    assert (await mine.ask("GET", "/api/recordings/rec-0", root="")).status == 200
    assert (await mine.ask("GET", "/api/recordings/rec-1", root="")).code == "no_such_recording"
    await mine.post("/emergency", {"reason": "A colleague is ill"})
    assert (await mine.ask("GET", "/api/recordings/rec-1", root="")).status == 200
    assert len((await admin.ask("GET", "/api/recordings", root="")).json["recordings"]) == 2


async def test_in_an_emergency_recordings_are_read_and_nothing_else(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    await member.post("/emergency", {"reason": "A patient has called"})
    assert (await member.ask("GET", "/api/recordings/me", root="")).json["may"] == ["list", "play"]
    body = {"because": "case 7"}
    answer = await member.ask("POST", "/api/recordings/some-recording/hold", body, root="")
    assert answer.code == "not_allowed"
