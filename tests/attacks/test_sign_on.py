"""Attacks on single sign-on: a provider's answer with everything wrong in turn, played back, or somebody else's."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from signaling.accounts.cookies import COOKIE
from signaling.accounts.sign_on_api import COOKIE as ON_THE_WAY
from tests.signaling.accounts.sign_on import (
    CLIENT,
    EMAIL,
    SECRET,
    Claims,
    SignOnServer,
    a_sign_on_server,
    by_hand,
    query_of,
    with_secret,
)
from tests.signaling.accounts.sign_on_door import Door, a_door
from tests.signaling.accounts.staff import LOGIN, Browser
from tests.signaling.server import a_server


@pytest_asyncio.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with a_door(tmp_path) as door:
        yield door


async def test_by_each_algorithm_somebody_who_is_known_gets_in(door: Door) -> None:
    assert (await Browser(door.server).get("/state")).json["sign_on"] == {"name": "Clinic login"}
    for algorithm in ("RS256", "ES256", "EdDSA"):
        door.service.algorithm = algorithm
        browser, where = await door.signs_on()
        assert where == "/staff", algorithm
        me = (await browser.get("/me")).json
        assert (me["login"], me["roles"], me["stage"]) == (EMAIL.lower(), ["therapist"], "done")
        assert ON_THE_WAY not in browser.cookies
    assert door.service.keys_read == 1


async def test_nobody_gets_an_account_by_signing_on(door: Door) -> None:
    before = (await door.admin.get("/accounts")).json
    door.service.lies = lambda claims: claims | {"sub": "stranger", "email": "stranger@clinic.example"}
    browser, where = await door.signs_on()
    assert where == "/staff#problem=sign_on_unknown"
    assert (await browser.get("/me")).code == "sign_in_needed"
    assert (await door.admin.get("/accounts")).json == before


@pytest.mark.parametrize("verified", [False, None, "false", 0, 1, "yes"])
async def test_an_address_that_was_not_verified_is_nobody(tmp_path: Path, verified: Any) -> None:
    async with a_door(tmp_path) as door:
        door.service.lies = lambda claims: claims | {"email_verified": verified}
        _, where = await door.signs_on()
        assert where in ("/staff#problem=sign_on_unknown", "/staff#problem=sign_on_failed")


async def test_an_address_that_passed_to_somebody_else_opens_nothing(door: Door) -> None:
    await door.signs_on()
    door.service.lies = lambda claims: claims | {"sub": "their successor"}
    _, where = await door.signs_on()
    assert where == "/staff#problem=sign_on_unknown"
    door.service.lies = lambda claims: claims | {"email": "new-name@clinic.example"}
    _, where = await door.signs_on()
    assert where == "/staff", "the same person under another address"


async def test_who_is_disabled_does_not_get_in(door: Door) -> None:
    browser, _ = await door.signs_on()
    account = (await browser.get("/me")).json["id"]
    await door.admin.post(f"/accounts/{account}/disable")
    _, where = await door.signs_on()
    assert where == "/staff#problem=sign_on_unknown"


# Claims -------------------------------------------------------------------------------------------------------------


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {each: value for each, value in claims.items() if each != name}


def wrong(**lies: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | lies


def moved(**seconds: int) -> Callable[[Claims], Claims]:
    return lambda claims: claims | {name: claims["iat"] + by for name, by in seconds.items()}


LIES: dict[str, Callable[[Claims], Claims]] = {
    **{f"without {name}": without(name) for name in ("iss", "sub", "aud", "exp", "iat", "nonce")},
    "another issuer": wrong(iss="https://elsewhere.example"),
    "an issuer with a slash": lambda claims: claims | {"iss": claims["iss"] + "/"},
    "an issuer that is a list": lambda claims: claims | {"iss": [claims["iss"]]},
    "another audience": wrong(aud="another-client"),
    "no audience": wrong(aud=[]),
    "one more audience": wrong(aud=[CLIENT, "another-client"]),
    "one more audience, and azp": wrong(aud=["another-client", CLIENT], azp=CLIENT),
    "an audience that is no text": wrong(aud={"client": CLIENT}),
    "another party": wrong(azp="another-client"),
    "no subject": wrong(sub=""),
    "a subject that is a number": wrong(sub=17),
    "a very long subject": wrong(sub="x" * 256),
    "expired": moved(exp=-61),
    "an expiry that is a text": wrong(exp="9999999999"),
    "made long ago": moved(iat=-601),
    "made in the future": moved(iat=120),
    "good later": moved(nbf=120),
    "another nonce": wrong(nonce="somebody-elses"),
    "an empty nonce": wrong(nonce=""),
    "a nonce that is a list": lambda claims: claims | {"nonce": [claims["nonce"]]},
    "another access token": wrong(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "an empty at_hash": wrong(at_hash=""),
}


async def test_every_claim_that_is_wrong_is_refused(door: Door) -> None:
    for lie, how in LIES.items():
        door.server.clock.ahead += 5  # strangers may not ask so often
        door.service.lies = how
        browser, where = await door.signs_on()
        assert where == "/staff#problem=sign_on_failed", lie
        assert COOKIE not in browser.cookies, lie
    door.service.lies = lambda claims: claims
    assert (await door.signs_on())[1] == "/staff"


async def test_claims_within_their_bounds_are_taken(door: Door) -> None:
    for how in (wrong(aud=[CLIENT]), without("azp"), without("at_hash"), moved(exp=-50), moved(iat=50), moved(nbf=0)):
        door.service.lies = how
        assert (await door.signs_on())[1] == "/staff"


# Signatures ---------------------------------------------------------------------------------------------------------


def signatures(service: SignOnServer) -> dict[str, Callable[[Claims, str], str]]:
    rsa: Any = service.keys["RS256"]
    ec = service.keys["ES256"]
    pem = rsa.as_pem(private=False)
    der = rsa.as_der(private=False)
    stranger = RSAKey.generate_key(2048, {"kid": rsa.kid})

    def hand(header: dict[str, Any], secret: bytes = b"") -> Callable[[Claims, str], str]:
        return lambda claims, _: by_hand(header, claims, with_secret(secret) if secret else lambda signed: b"")

    def honest(**lies: Any) -> Callable[[Claims, str], str]:
        def make(claims: Claims, algorithm: str) -> str:
            header = {"alg": "RS256", "kid": rsa.kid} | lies
            return jwt.encode({k: v for k, v in header.items() if v is not None}, claims, rsa, algorithms=["RS256"])

        return make

    def by_stranger(claims: Claims, algorithm: str) -> str:
        return jwt.encode({"alg": "RS256", "kid": rsa.kid}, claims, stranger, algorithms=["RS256"])

    def embedded(claims: Claims, algorithm: str) -> str:
        header = {"alg": "RS256", "kid": rsa.kid, "jwk": stranger.as_dict(private=False)}
        return jwt.encode(header, claims, stranger, algorithms=["RS256"])

    def other_kind(claims: Claims, algorithm: str) -> str:
        return jwt.encode({"alg": "ES256", "kid": rsa.kid}, claims, ec, algorithms=["ES256"])

    def cut(claims: Claims, algorithm: str) -> str:
        return service.honest(claims, "RS256").rpartition(".")[0] + "."

    def changed(claims: Claims, algorithm: str) -> str:
        head, _, signature = service.honest(claims, "RS256").split(".")
        _, body, _ = service.honest(claims | {"email": "admin@clinic.example"}, "RS256").split(".")
        return f"{head}.{body}.{signature}"

    def stronger(claims: Claims, algorithm: str) -> str:
        return jwt.encode({"alg": "RS384", "kid": rsa.kid}, claims, rsa, algorithms=["RS384"])

    return {
        "none": hand({"alg": "none"}),
        "none, with a key": hand({"alg": "none", "kid": rsa.kid}),
        "None": hand({"alg": "None", "kid": rsa.kid}),
        "no algorithm": hand({"kid": rsa.kid}),
        "an algorithm that is a list": hand({"alg": ["RS256"], "kid": rsa.kid}),
        "HS256 with the public key as PEM": hand({"alg": "HS256", "kid": rsa.kid}, pem),
        "HS256 with the public key as DER": hand({"alg": "HS256", "kid": rsa.kid}, der),
        "HS256 with the client's secret": hand({"alg": "HS256", "kid": rsa.kid}, SECRET.encode()),
        "RS256 that is an HMAC": hand({"alg": "RS256", "kid": rsa.kid}, pem),
        "EdDSA that is an HMAC": hand({"alg": "EdDSA", "kid": service.keys["EdDSA"].kid}, pem),
        "no key id": honest(kid=None),
        "an empty key id": honest(kid=""),
        "a key id that nobody has": honest(kid="another"),
        "a key id that is another key's": honest(kid=ec.kid),
        "a key id that is a path": honest(kid="../../../../dev/null"),
        "extensions": by_hand_critical(service),
        "a stranger's key": by_stranger,
        "a key that it brings": embedded,
        "the other kind of key": other_kind,
        "no signature": cut,
        "another body": changed,
        "RS384": stronger,
        "no token": lambda claims, algorithm: "",
        "rubbish": lambda claims, algorithm: "a.b.c",
        "a dot": lambda claims, algorithm: ".",
        "five parts": lambda claims, algorithm: "a.b.c.d.e",
    }


def by_hand_critical(service: SignOnServer) -> Callable[[Claims, str], str]:
    def make(claims: Claims, algorithm: str) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        key: Any = service.keys["RS256"].private_key
        header = {"alg": "RS256", "kid": service.keys["RS256"].kid, "crit": ["exp"], "exp": 0}
        return by_hand(header, claims, lambda signed: key.sign(signed, PKCS1v15(), SHA256()))

    return make


async def test_every_signature_that_is_wrong_is_refused(door: Door) -> None:
    for lie, make in signatures(door.service).items():
        door.server.clock.ahead += 5
        door.service.token = make
        browser, where = await door.signs_on()
        assert where == "/staff#problem=sign_on_failed", lie
        assert COOKIE not in browser.cookies, lie
    door.service.token = None
    assert (await door.signs_on())[1] == "/staff"


async def test_keys_of_the_provider_that_are_wrong_are_not_used(door: Door) -> None:
    rsa = door.service.keys["RS256"]
    same: Any = {"kid": rsa.kid}
    public = rsa.as_dict(private=False)
    short = RSAKey.generate_key(1024, {"kid": "short"})
    shared = OctKey.import_key(SECRET, same)
    for published in (
        [],
        [public | {"use": "enc"}],
        [public | {"alg": "RS384"}],
        [public | {"kid": None}],
        [{"kid": rsa.kid, "kty": "RSA"}],
        [{"kid": rsa.kid, "kty": "RSA", "n": "AQAB", "e": "AQAB"}],
        [shared.as_dict()],
        [ECKey.generate_key("P-256", same).as_dict(private=False)],
        [OKPKey.generate_key("Ed25519", same).as_dict(private=False)],
    ):
        door.server.clock.ahead += 11 * 60
        door.service.published = published
        assert (await door.signs_on())[1] == "/staff#problem=sign_on_failed", published
    door.server.clock.ahead += 11 * 60
    door.service.keys["RS256"] = short
    door.service.published = [short.as_dict(private=False)]
    assert (await door.signs_on())[1] == "/staff#problem=sign_on_failed"


async def test_a_new_key_is_found_and_made_up_ones_are_not_asked_for_all_the_time(door: Door) -> None:
    assert (await door.signs_on())[1] == "/staff"
    door.service.keys["RS256"] = RSAKey.generate_key(2048, {"kid": "rsa-2"})
    assert (await door.signs_on())[1] == "/staff#problem=sign_on_failed", "it has just been asked"
    door.server.clock.ahead += 31
    assert (await door.signs_on())[1] == "/staff"
    read = door.service.keys_read
    door.service.token = signatures(door.service)["a key id that nobody has"]
    for _ in range(5):
        await door.signs_on()
    assert door.service.keys_read == read


# The way there and back ---------------------------------------------------------------------------------------------


async def test_a_code_and_a_state_are_good_once(door: Door) -> None:
    browser = Browser(door.server)
    back = await door.goes(browser)
    way = browser.cookies[ON_THE_WAY]
    assert (await door.comes_back(browser, back)).headers["Location"] == "/staff"
    again = Browser(door.server)
    again.cookies[ON_THE_WAY] = way
    assert (await door.comes_back(again, back)).headers["Location"] == "/staff#problem=sign_on_failed"
    assert door.service.traded == 1


async def test_a_code_of_another_sign_on_is_refused(door: Door) -> None:
    """Mixed: my state, somebody else's code. The proof key does not fit."""
    mine, other = Browser(door.server), Browser(door.server)
    back, theirs = await door.goes(mine), await door.goes(other)
    mixed = f"/api/staff/sign-on/back?code={query_of(theirs)['code']}&state={query_of(back)['state']}"
    mixed += f"&iss={door.service.issuer}"
    assert (await door.comes_back(mine, mixed)).headers["Location"] == "/staff#problem=sign_on_failed"
    assert door.service.traded == 0


async def test_a_way_back_belongs_to_the_browser_that_went(door: Door) -> None:
    """Or a stranger signs somebody in as themselves (login CSRF)."""
    attacker, victim = Browser(door.server), Browser(door.server)
    back = await door.goes(attacker)
    assert (await door.comes_back(victim, back)).headers["Location"] == "/staff#problem=sign_on_failed"
    victim = Browser(door.server)
    await door.goes(victim)
    assert (await door.comes_back(victim, back)).headers["Location"] == "/staff#problem=sign_on_failed"
    assert COOKIE not in victim.cookies
    assert door.service.traded == 0


@pytest.mark.parametrize(
    "query",
    ["", "?code=c", "?state=s", "?code=&state=", "?error=access_denied", "?code=c&state=s", "?code=c&code=d&state=s"],
)
async def test_a_way_back_that_nobody_went_leads_nowhere(door: Door, query: str) -> None:
    browser = Browser(door.server)
    await door.goes(browser)
    answer = await door.comes_back(browser, f"/api/staff/sign-on/back{query}")
    assert answer.headers["Location"] == "/staff#problem=sign_on_failed"


async def test_who_refuses_there_is_told_here(door: Door) -> None:
    browser = Browser(door.server)
    state = query_of(await door.goes(browser))["state"]
    back = f"/api/staff/sign-on/back?error=access_denied&state={state}"
    assert (await door.comes_back(browser, back)).headers["Location"] == "/staff#problem=sign_on_failed"


async def test_a_sign_on_takes_ten_minutes_at_most(door: Door) -> None:
    browser = Browser(door.server)
    back = await door.goes(browser)
    door.server.clock.ahead += 10 * 60
    assert (await door.comes_back(browser, back)).headers["Location"] == "/staff#problem=sign_on_failed"


async def test_an_answer_of_another_provider_is_refused(door: Door) -> None:
    """RFC 9207."""
    browser = Browser(door.server)
    back = (await door.goes(browser)).partition("&iss=")[0] + "&iss=https://elsewhere.example"
    assert (await door.comes_back(browser, back)).headers["Location"] == "/staff#problem=sign_on_failed"
    assert door.service.traded == 0
    door.server.clock.ahead += 11 * 60
    door.service.metadata = {"authorization_response_iss_parameter_supported": True}
    back = (await door.goes(browser)).partition("&iss=")[0]
    assert (await door.comes_back(browser, back)).headers["Location"] == "/staff#problem=sign_on_failed"


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
async def test_a_provider_that_points_elsewhere_is_not_followed(door: Door, metadata: dict[str, Any]) -> None:
    door.service.metadata = metadata
    assert (await Browser(door.server).post("/sign-on")).code == "sign_on_unavailable"


async def test_the_cookie_of_the_way_is_for_this_host_and_no_script(door: Door) -> None:
    answer = await Browser(door.server).post("/sign-on")
    cookie = answer.cookies[ON_THE_WAY]
    assert (cookie["path"], cookie["domain"], cookie["samesite"], cookie["max-age"]) == ("/", "", "Lax", "600")
    assert cookie["secure"] is True
    assert cookie["httponly"] is True
    asked = query_of(answer.json["address"])
    assert asked["code_challenge_method"] == "S256"
    assert len(base64.urlsafe_b64decode(asked["code_challenge"] + "=")) == 32
    assert len(asked["state"]) == len(asked["nonce"]) == 43
    assert cookie.value not in answer.json["address"]


async def test_the_second_factor_can_be_asked_for_here(tmp_path: Path) -> None:
    async with a_door(tmp_path, staff_oidc_second_factor="here") as door:
        browser, where = await door.signs_on()
        assert where == "/staff"
        assert (await browser.get("/me")).json["stage"] == "enrol"
        await browser.enrols()
        again, where = await door.signs_on()
        assert where == "/staff#second-factor=totp,recovery"
        assert (await again.get("/me")).code == "second_factor_needed"
        again.totp = browser.totp
        assert (await again.post("/sign-in/code", {"code": again.code()})).json["stage"] == "done"


async def test_by_single_sign_on_only(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        await door.admin.adds_passkey()
    async with a_sign_on_server(lambda: 0.0) as service:
        values = {"staff_passwords": False, "staff_oidc_issuer": service.issuer, "staff_oidc_client_id": CLIENT}
        async with a_server(tmp_path, **values) as server:
            browser = Browser(server)
            assert (await browser.get("/state")).json["password"] is False
            assert (await browser.signs_in(LOGIN)).code == "passwords_off"
