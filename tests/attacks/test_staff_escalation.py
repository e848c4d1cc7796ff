"""Attacks by whoever is signed in, or has a key, and wants to do more than they may."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import BaseModel

from signaling.accounts import messages
from signaling.accounts.cookies import COOKIE
from signaling.staff_roles import SCOPE_ACTIONS, STAFF_PERMISSIONS, Scope, StaffRole
from tests.signaling.accounts.staff import KEY, LOGIN, PASSWORD, Browser, a_member
from tests.signaling.server import Server

WISHES: dict[str, Any] = {
    "roles": ["administrator"],
    "role": "administrator",
    "actions": ["manage_accounts"],
    "scopes": ["accounts"],
    "stage": "done",
    "id": "somebody",
    "account": "somebody",
    "account_id": "somebody",
    "active": True,
    "is_admin": True,
    "until": 9e9,
    "minutes": 9999,
    "expires_at": 9e9,
    "confirmed": True,
    "second_factor": True,
    "external_id": "1",
    "made_by": "somebody",
    "totp": "000000",
    "__proto__": {"role": "administrator"},
}
"""Fields that a client might like to set."""


def questions() -> list[type[BaseModel]]:
    return [
        each
        for each in vars(messages).values()
        if isinstance(each, type) and issubclass(each, messages.Ask) and each is not messages.Ask
    ]


BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/setup", {"token": "x" * 43, "login": "a", "name": "A", "password": PASSWORD}),
    ("/sign-in", {"login": LOGIN, "password": PASSWORD}),
    ("/sign-in/code", {"code": "000000"}),
    ("/sign-in/recovery", {"code": "000000"}),
    ("/sign-in/passkey/options", {}),
    ("/sign-in/passkey", {"challenge": "c" * 16, "credential": {}}),
    ("/sign-on", {}),
    ("/invitation", {"token": "x" * 43}),
    ("/invitation/accept", {"token": "x" * 43, "password": PASSWORD}),
    ("/sign-out", {}),
    ("/confirm", {"password": PASSWORD}),
    ("/confirm/passkey/options", {}),
    ("/confirm/passkey", {"challenge": "c" * 16, "credential": {}}),
    ("/security/password", {"current": PASSWORD, "new": "three slow rivers"}),
    ("/security/totp", {}),
    ("/security/totp/confirm", {"code": "000000"}),
    ("/security/totp/remove", {}),
    ("/security/passkeys/options", {}),
    ("/security/passkeys", {"challenge": "c" * 16, "credential": {}, "name": "Key"}),
    ("/security/passkeys/some-passkey/rename", {"name": "Key"}),
    ("/security/passkeys/some-passkey/remove", {}),
    ("/security/recovery-codes", {}),
    ("/security/sessions/some-session/end", {}),
    ("/security/sessions/end-others", {}),
    ("/emergency", {"reason": "somebody is in danger"}),
    ("/emergency/end", {}),
]


async def test_no_field_that_nobody_asked_for_is_taken(server: Server, admin: Browser) -> None:
    """By field and route: refused, and nothing has changed."""
    member = await a_member(admin, "therapist")
    before = (await member.get("/me")).json
    pending = member.other()
    await pending.signs_in("therapist@clinic.example")
    for path, body in BODIES:
        asker = pending if path in ("/sign-in/code", "/sign-in/recovery") else member
        if asker is pending or path.startswith(("/set", "/sign", "/invitation")):
            server.clock.ahead += 30  # whoever has not signed in may not ask so often
        for field, value in WISHES.items():
            answer = await asker.post(path, body | {field: value})
            assert (answer.status, answer.code) == (400, "bad_request"), (path, field, answer.text)
            assert "Extra inputs" in answer.json["error"], (path, field)
    after = (await member.get("/me")).json
    assert {name: after[name] for name in ("id", "roles", "actions", "emergency")} == {
        name: before[name] for name in ("id", "roles", "actions", "emergency")
    }


@pytest.mark.parametrize("model", questions(), ids=lambda model: model.__name__)
def test_every_question_is_strict(model: type[BaseModel]) -> None:
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["strict"] is True


ADMIN_ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/accounts", None),
    ("POST", "/accounts", {"login": "eve", "name": "Eve", "roles": ["administrator"]}),
    ("GET", "/accounts/{admin}", None),
    ("POST", "/accounts/{self}/change", {"roles": ["administrator"]}),
    ("POST", "/accounts/{admin}/disable", {}),
    ("POST", "/accounts/{self}/enable", {}),
    ("POST", "/accounts/{admin}/invite", {}),
    ("POST", "/accounts/{admin}/reset-second-factor", {}),
    ("POST", "/accounts/{self}/unlock", {}),
    ("POST", "/accounts/{admin}/sign-out", {}),
    ("GET", "/keys", None),
    ("POST", "/keys", {"name": "mine", "scopes": ["accounts"]}),
    ("POST", "/keys/some-key-id/revoke", {}),
]


@pytest.mark.parametrize("role", [role for role in get_args(StaffRole) if role != "administrator"])
async def test_nobody_else_manages_accounts_and_keys(admin: Browser, role: StaffRole) -> None:
    member = await a_member(admin, role)
    for method, path, body in ADMIN_ROUTES:
        answer = await member.ask(method, path.format(admin=admin.id, self=member.id), body)
        assert (answer.status, answer.code) == (403, "not_allowed"), path
    assert (await member.get("/me")).json["roles"] == [role]
    if "break_glass" not in STAFF_PERMISSIONS[role]:
        assert (await member.post("/emergency", {"reason": "somebody is in danger"})).code == "not_allowed"


@pytest.mark.parametrize("scope", get_args(Scope))
async def test_a_key_does_what_its_scope_says_and_nothing_else(server: Server, admin: Browser, scope: Scope) -> None:
    await admin.confirms()
    made = await admin.post("/keys", {"name": "Booking", "scopes": [scope]})
    assert made.status == 201
    key = {"Authorization": f"Bearer {made.json['secret']}"}
    program = Browser(server)
    for method, path, body in ADMIN_ROUTES:
        answer = await program.ask(method, path.format(admin=admin.id, self=admin.id), body, key)
        assert answer.code == "not_allowed", path
    users = {"users": [], "dry_run": True}
    answer = await program.ask("POST", "/api/accounts/sync", users, key, root="")
    assert answer.status == (200 if "sync_accounts" in SCOPE_ACTIONS[scope] else 403)
    answer = await program.ask("POST", "/api/token", {"user_id": "p", "role": "patient"}, key, root="")
    assert answer.status == (200 if scope == "tokens" else 401)
    answer = await program.ask("POST", "/api/100ms-token", {"user_id": "p", "role": "patient"}, key, root="")
    assert answer.status == (200 if scope == "tokens" else 401)
    answer = await program.ask("POST", "/api/recordings/token", {"user_id": "p", "role": "auditor"}, key, root="")
    assert answer.status == (200 if scope == "tokens" else 401)
    answer = await program.ask("GET", "/api/sessions/s1/quality", None, key, root="")
    assert answer.status == (200 if scope == "quality" else 401)
    assert (await admin.post(f"/keys/{made.json['key']['id']}/revoke")).json["revoked_at"] is not None
    answer = await program.ask("POST", "/api/accounts/sync", users, key, root="")
    assert answer.code == "unauthorized"


async def test_a_key_expires_and_its_secret_is_nowhere(server: Server, admin: Browser) -> None:
    await admin.confirms()
    body = {"name": "For a week", "scopes": ["accounts"], "expires_in_days": 7}
    made = (await admin.post("/keys", body)).json
    key = {"Authorization": f"Bearer {made['secret']}"}
    users = {"users": [], "dry_run": True}
    assert (await Browser(server).ask("POST", "/api/accounts/sync", users, key, root="")).status == 200
    listed = await admin.get("/keys")
    assert made["secret"] not in listed.text
    assert made["secret"].split(".")[2] not in listed.text
    assert listed.json["keys"][0]["used_at"] is not None
    server.clock.ahead += 7 * 24 * 3600
    assert (await Browser(server).ask("POST", "/api/accounts/sync", users, key, root="")).code == "unauthorized"


async def test_the_booking_systems_key_makes_no_administrators(server: Server, admin: Browser) -> None:
    user = {"external_id": "1", "login": "eve@clinic.example", "name": "Eve", "roles": ["administrator"]}
    answer = await Browser(server).ask("POST", "/api/accounts/sync", {"users": [user]}, KEY, root="")
    assert answer.code == "not_allowed"
    taken = user | {"login": LOGIN, "roles": ["therapist"]}
    answer = await Browser(server).ask("POST", "/api/accounts/sync", {"users": [taken]}, KEY, root="")
    assert answer.code == "login_taken", "nobody's account is taken over"
    assert (await admin.get("/me")).json["roles"] == ["administrator"]


async def test_a_cookie_is_no_key_and_a_key_no_cookie(server: Server, admin: Browser) -> None:
    mixed = Browser(server)
    answer = await mixed.ask("GET", "/accounts", None, {"Authorization": f"Bearer {admin.cookie}"})
    assert answer.code == "unauthorized"
    mixed.cookies[COOKIE] = KEY["Authorization"].removeprefix("Bearer ")
    assert (await mixed.get("/accounts")).code == "sign_in_needed"


async def test_between_the_factors_nothing_is_open(admin: Browser) -> None:
    pending = admin.other()
    await pending.signs_in(LOGIN)
    for method, path, body in ADMIN_ROUTES:
        answer = await pending.ask(method, path.format(admin=admin.id, self=admin.id), body)
        assert answer.code == "second_factor_needed", path
    assert (await pending.post("/security/totp")).code == "second_factor_needed", "no new factor instead of theirs"


async def test_who_has_to_enrol_does_nothing_else_first(admin: Browser) -> None:
    member = await a_member(admin, "administrator", enrolled=False)
    for method, path, body in ADMIN_ROUTES:
        answer = await member.ask(method, path.format(admin=admin.id, self=member.id), body)
        assert answer.code == "enrol_needed", path
    password = {"current": PASSWORD, "new": "three slow rivers"}
    assert (await member.post("/security/password", password)).code == "enrol_needed"


async def test_an_administrator_stays(admin: Browser) -> None:
    await admin.confirms()
    assert (await admin.post(f"/accounts/{admin.id}/disable")).code == "last_administrator"
    answer = await admin.post(f"/accounts/{admin.id}/change", {"roles": ["therapist"]})
    assert answer.code == "last_administrator"
    assert (await admin.get("/me")).status == 200


async def test_the_only_second_factor_stays(admin: Browser) -> None:
    assert (await admin.post("/security/totp/remove")).code == "last_factor"
    await admin.adds_passkey()
    passkey = (await admin.get("/security")).json["passkeys"][0]["id"]
    assert (await admin.post("/security/totp/remove")).status == 204
    assert (await admin.post(f"/security/passkeys/{passkey}/remove")).code == "last_factor"
