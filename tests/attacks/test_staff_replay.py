"""Attacks by playing back what was good once, and on passkeys: each thing that one says, wrong in turn."""

from __future__ import annotations

import os
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.signaling.accounts.soft_passkey import SoftPasskey, encoded
from tests.signaling.accounts.staff import LOGIN, Browser, a_member
from tests.signaling.server import Server


async def test_a_code_of_an_app_works_once(admin: Browser) -> None:
    code = admin.code()
    first, second = admin.other(), admin.other()
    await first.signs_in(LOGIN)
    await second.signs_in(LOGIN)
    assert (await first.post("/sign-in/code", {"code": code})).json["stage"] == "done"
    assert (await second.post("/sign-in/code", {"code": code})).code == "code_wrong"
    assert (await first.post("/confirm", {"code": code})).code == "code_wrong", "for nothing else either"
    assert (await second.post("/sign-in/code", {"code": second.code()})).json["stage"] == "done"


async def test_codes_are_good_for_a_minute_and_a_half(server: Server, admin: Browser) -> None:
    browser = admin.other()
    await browser.signs_in(LOGIN)
    code = browser.code()
    server.clock.ahead += 61
    assert (await browser.post("/sign-in/code", {"code": code})).code == "code_wrong"


async def test_a_recovery_code_works_once(admin: Browser) -> None:
    for expected in ("done", None):
        browser = admin.other()
        await browser.signs_in(LOGIN)
        answer = await browser.post("/sign-in/recovery", {"code": admin.recovery[0]})
        assert answer.json.get("stage") == expected
    assert answer.code == "code_wrong"


async def test_new_recovery_codes_replace_the_old(admin: Browser) -> None:
    new = (await admin.post("/security/recovery-codes")).json["recovery_codes"]
    assert not set(new) & set(admin.recovery)
    browser = admin.other()
    await browser.signs_in(LOGIN)
    assert (await browser.post("/sign-in/recovery", {"code": admin.recovery[0]})).code == "code_wrong"


async def test_a_challenge_works_once(admin: Browser) -> None:
    await admin.adds_passkey()
    assert admin.passkey is not None
    browser = admin.other()
    asked = (await browser.post("/sign-in/passkey/options")).json
    body = {"challenge": asked["challenge"], "credential": admin.passkey.get(asked["options"])}
    assert (await browser.post("/sign-in/passkey", body)).json["stage"] == "done"
    assert (await admin.other().post("/sign-in/passkey", body)).code == "challenge_invalid"
    body["credential"] = admin.passkey.get(asked["options"])
    assert (await admin.other().post("/sign-in/passkey", body)).code == "challenge_invalid", "signed anew"


async def test_a_challenge_expires(server: Server, admin: Browser) -> None:
    await admin.adds_passkey()
    assert admin.passkey is not None
    asked = (await admin.other().post("/sign-in/passkey/options")).json
    server.clock.ahead += 5 * 60 + 1
    body = {"challenge": asked["challenge"], "credential": admin.passkey.get(asked["options"])}
    assert (await admin.other().post("/sign-in/passkey", body)).code == "challenge_invalid"


async def test_a_challenge_is_for_one_thing_and_one_person(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    await admin.adds_passkey()
    await member.adds_passkey()
    assert admin.passkey is not None
    assert member.passkey is not None
    asked = (await admin.post("/confirm/passkey/options")).json
    body = {"challenge": asked["challenge"], "credential": admin.passkey.get(asked["options"])}
    assert (await admin.other().post("/sign-in/passkey", body)).code == "challenge_invalid"
    asked = (await admin.post("/confirm/passkey/options")).json
    body = {"challenge": asked["challenge"], "credential": member.passkey.get(asked["options"])}
    assert (await member.post("/confirm/passkey", body)).code == "challenge_invalid", "somebody else's challenge"
    asked = (await admin.post("/confirm/passkey/options")).json
    body = {"challenge": asked["challenge"], "credential": member.passkey.get(asked["options"])}
    assert (await admin.post("/confirm/passkey", body)).code == "passkey_refused", "somebody else's passkey"


async def test_somebody_elses_passkey_is_no_second_factor(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    await member.adds_passkey()
    attacker = member.other()
    await attacker.signs_in(LOGIN)
    assert (await attacker.shows_passkey()).code == "passkey_refused"
    assert (await attacker.get("/me")).code == "second_factor_needed"


LIES: dict[str, dict[str, Any]] = {
    "another host": {"host": "elsewhere.example"},
    "another origin": {"origin": "https://elsewhere.example"},
    "a port of this host": {"origin": "http://127.0.0.1:1"},
    "a registration": {"type": "webauthn.create"},
    "another challenge": {"challenge": encoded(os.urandom(32))},
    "no challenge": {"challenge": ""},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "nobody checked": {"verified": False},
    "another person's handle": {"handle": encoded(b"somebody-else")},
    "another id": {"id": os.urandom(32)},
    "a counter that went back": {"count": 3},
    "a counter that stands still": {"count": 7},
    "a counter that was lost": {"count": 0},
}


async def test_every_lie_of_a_passkey_is_refused(admin: Browser) -> None:
    await admin.adds_passkey()
    assert admin.passkey is not None
    assert (await admin.other().shows_passkey(count=7)).json["stage"] == "done"
    for lie, how in LIES.items():
        browser = admin.other()
        admin.passkey.count = 100
        assert (await browser.shows_passkey(**how)).code == "passkey_refused", lie
        assert (await browser.get("/me")).code == "sign_in_needed", lie
    admin.passkey.count = 100
    assert (await admin.other().shows_passkey()).json["stage"] == "done", "the truth"


async def test_every_lie_of_a_new_passkey_is_refused(admin: Browser) -> None:
    for lie in ("another host", "another origin", "another challenge", "nobody checked"):
        asked = (await admin.post("/security/passkeys/options")).json
        credential = SoftPasskey(admin.server.url).create(asked["options"], **LIES[lie])
        body = {"challenge": asked["challenge"], "credential": credential, "name": "Key"}
        assert (await admin.post("/security/passkeys", body)).code == "passkey_refused", lie
    asked = (await admin.post("/security/passkeys/options")).json
    credential = SoftPasskey(admin.server.url).create(asked["options"], type="webauthn.get")
    body = {"challenge": asked["challenge"], "credential": credential, "name": "Key"}
    assert (await admin.post("/security/passkeys", body)).code == "passkey_refused"
    assert (await admin.get("/security")).json["passkeys"] == []


MALFORMED: list[Any] = [
    {},
    {"id": 1},
    {"id": "a", "rawId": "a", "type": "public-key", "response": {}},
    {"id": "a", "rawId": "a", "type": "public-key", "response": []},
    {"id": "%%%", "rawId": "%%%", "type": "public-key", "response": {"userHandle": 7}},
    {"id": None, "rawId": {}, "type": [], "response": {"clientDataJSON": 7, "attestationObject": {}}},
]


async def test_what_is_no_credential_is_refused(admin: Browser) -> None:
    await admin.adds_passkey()
    assert admin.passkey is not None
    for credential in MALFORMED:
        asked = (await admin.other().post("/sign-in/passkey/options")).json
        body = {"challenge": asked["challenge"], "credential": credential}
        assert (await admin.other().post("/sign-in/passkey", body)).code == "passkey_refused", credential
        asked = (await admin.post("/security/passkeys/options")).json
        body = {"challenge": asked["challenge"], "credential": credential, "name": "Key"}
        assert (await admin.post("/security/passkeys", body)).code == "passkey_refused", credential
    for field in ("clientDataJSON", "authenticatorData", "signature"):
        for garbage in ("", "AAAA", "%", encoded(os.urandom(200)), encoded(b'{"type":1}'), encoded(b"[]")):
            asked = (await admin.other().post("/sign-in/passkey/options")).json
            credential = admin.passkey.get(asked["options"])
            credential["response"][field] = garbage
            body = {"challenge": asked["challenge"], "credential": credential}
            assert (await admin.other().post("/sign-in/passkey", body)).code == "passkey_refused", (field, garbage)


@pytest.mark.parametrize("field", ["attestationObject", "clientDataJSON"])
async def test_a_new_passkey_of_garbage_is_refused(admin: Browser, field: str) -> None:
    for garbage in ("", "AAAA", encoded(os.urandom(300)), encoded(b"\xa0"), encoded(b"\x9f" * 500)):
        asked = (await admin.post("/security/passkeys/options")).json
        credential = SoftPasskey(admin.server.url).create(asked["options"])
        credential["response"][field] = garbage
        body = {"challenge": asked["challenge"], "credential": credential, "name": "Key"}
        assert (await admin.post("/security/passkeys", body)).code == "passkey_refused", garbage
