"""Key services: Vault Transit and the webhook, against servers that do the other side."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretBytes, SecretStr

from recording.keys import KeyProvider, KeyRefused, KeyUnavailable, TransitKey, WebhookKey
from recording.keys.http import check_address
from tests.recording.keys.services import SIGNING_KEY, TOKEN, Answer, Kms, Service, Vault

SECRET = SecretBytes(b"the secret of one person's tracks")
CONTEXT = "recording r, person p"


@dataclass
class Place:
    """A service and the provider that speaks with it."""

    service: Service
    provider: KeyProvider
    http: aiohttp.ClientSession


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def transit(
    http: aiohttp.ClientSession, vault: Service, token: str = TOKEN, *, associated_data: bool = True, timeout: float = 5
) -> TransitKey:
    return TransitKey(http, vault.address, SecretStr(token), "clinic", associated_data=associated_data, timeout=timeout)


def webhook(
    http: aiohttp.ClientSession, kms: Service, key: bytes = SIGNING_KEY, now: float = Kms.now, *, timeout: float = 5
) -> WebhookKey:
    return WebhookKey(http, f"{kms.address}/keys", SecretBytes(key), "main", lambda: now, timeout=timeout)


@pytest.fixture(params=["transit", "webhook"])
async def place(request: pytest.FixtureRequest, http: aiohttp.ClientSession) -> AsyncIterator[Place]:
    service: Service = Vault() if request.param == "transit" else Kms()
    async with service.running():
        yield Place(service, transit(http, service) if request.param == "transit" else webhook(http, service), http)


async def test_what_was_wrapped_is_unwrapped_for_the_same_context_only(place: Place) -> None:
    wrapped = await place.provider.wrap(SECRET, CONTEXT)
    assert place.provider.can_unwrap
    assert await place.provider.unwrap(wrapped, CONTEXT) == SECRET
    assert SECRET.get_secret_value() not in wrapped
    with pytest.raises(KeyRefused):
        await place.provider.unwrap(wrapped, "recording r, person q")
    with pytest.raises(KeyRefused):
        await place.provider.unwrap(wrapped[:-8] + b"AAAAAAA=", CONTEXT)


async def test_a_provider_says_which_key_it_is_and_nothing_secret(place: Place) -> None:
    assert place.provider.describe() in ("transit transit/clinic", "webhook main")
    shown = f"{place.provider} {place.provider!r} {vars(place.provider)}"
    assert TOKEN not in shown
    assert SIGNING_KEY.decode() not in shown


def answers(content: object, status: int = 200) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return web.Response(body=body, status=status, content_type="application/json")

    return answer


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_no_is_a_no(place: Place, status: int) -> None:
    place.service.instead = answers({"errors": ["said by the service"]}, status=status)
    for asking in (place.provider.wrap(SECRET, CONTEXT), place.provider.unwrap(b"vault:v1:AAAA", CONTEXT)):
        with pytest.raises(KeyRefused, match=str(status)):
            await asking


@pytest.mark.parametrize("status", [204, 301, 408, 412, 429, 473, 500, 502, 503])
async def test_trouble_may_pass(place: Place, status: int) -> None:
    place.service.instead = answers({}, status=status)
    with pytest.raises(KeyUnavailable, match=str(status)):
        await place.provider.wrap(SECRET, CONTEXT)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[" * 60_000,
        [],
        "text",
        None,
        {},
        {"data": None},
        {"data": 5},
        {"data": []},
        {"data": {}},
        {"data": ""},
        {"data": "not Base64!"},
        {"data": {"ciphertext": None, "plaintext": None}},
        {"data": {"ciphertext": "vault:v1:not Base64!", "plaintext": "not Base64!"}},
        {"data": {"ciphertext": "AAAA", "plaintext": "é"}},
        {"data": {"ciphertext": "vault:v1:" + "A" * 20_000, "plaintext": ["AAAA"]}},
        {"data": "A" * 30_000},
    ],
    ids=lambda content: repr(content)[:40],
)
async def test_a_wrong_answer_is_not_taken_for_a_key(place: Place, content: object) -> None:
    place.service.instead = answers(content)
    with pytest.raises(KeyUnavailable, match="not understood"):
        await place.provider.wrap(SECRET, CONTEXT)
    with pytest.raises((KeyUnavailable, KeyRefused)):
        await place.provider.unwrap(b"vault:v1:AAAA", CONTEXT)


async def test_an_endless_answer_is_not_listened_to(place: Place) -> None:
    place.service.instead = place.service.flood
    with pytest.raises(KeyUnavailable, match="not understood"):
        await place.provider.wrap(SECRET, CONTEXT)
    assert place.service.sent < 32 << 20


async def test_a_redirect_is_not_followed(place: Place) -> None:
    """What is sent is secret, and so is what it is sent with."""

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("/elsewhere")

    place.service.instead = elsewhere
    with pytest.raises(KeyUnavailable, match="307"):
        await place.provider.wrap(SECRET, CONTEXT)
    assert place.service.paths in (["/v1/transit/encrypt/clinic"], ["/keys"])


@pytest.mark.parametrize("kind", ["transit", "webhook"])
async def test_who_does_not_answer_is_not_waited_for(http: aiohttp.ClientSession, kind: str) -> None:
    service: Service = Vault() if kind == "transit" else Kms()
    async with service.running():
        service.instead = service.hang
        provider: KeyProvider = (transit if kind == "transit" else webhook)(http, service, timeout=0.05)
        with pytest.raises(KeyUnavailable, match="in time"):
            await provider.wrap(SECRET, CONTEXT)


async def test_who_is_not_there_is_said_to_be_away_without_an_address(http: aiohttp.ClientSession) -> None:
    vault, kms = Vault(), Kms()
    for service in (vault, kms):
        async with service.running():
            pass
    for provider in (transit(http, vault), webhook(http, kms)):
        with pytest.raises(KeyUnavailable, match="could not be reached") as away:
            await provider.wrap(SECRET, CONTEXT)
        assert "127.0.0.1" not in str(away.value)
        assert away.value.__cause__ is None
        assert away.value.__suppress_context__


async def test_a_wrong_token_is_refused_and_not_shown(http: aiohttp.ClientSession) -> None:
    vault = Vault()
    async with vault.running():
        with pytest.raises(KeyRefused, match="403") as refused:
            await transit(http, vault, "a wrong token").wrap(SECRET, CONTEXT)
    assert "token" not in str(refused.value)


async def test_transit_is_told_the_context_so_that_it_checks_it_too(http: aiohttp.ClientSession) -> None:
    vault = Vault()
    async with vault.running():
        wrapped = await transit(http, vault).wrap(SECRET, CONTEXT)
        assert wrapped.startswith(b"vault:v1:")
        with pytest.raises(KeyRefused, match="400"):
            await transit(http, vault).unwrap(wrapped, "another")
        assert [sorted(each) for each in vault.requests] == [
            ["associated_data", "plaintext"],
            ["associated_data", "ciphertext"],
        ]


async def test_with_a_transit_key_that_knows_no_contexts_they_are_checked_here(http: aiohttp.ClientSession) -> None:
    vault = Vault()
    vault.plain = True
    async with vault.running():
        with pytest.raises(KeyRefused, match="400"):
            await transit(http, vault).wrap(SECRET, CONTEXT)
        plain = transit(http, vault, associated_data=False)
        wrapped = await plain.wrap(SECRET, CONTEXT)
        assert await plain.unwrap(wrapped, CONTEXT) == SECRET
        with pytest.raises(KeyRefused, match="belongs to another"):
            await plain.unwrap(wrapped, "another")


@pytest.mark.parametrize("wrapped", [b"", b"\xff", b"age-encryption.org/v1\n", b"vault:v1:AAAA\r\n", b"vault:v1:../x"])
async def test_what_transit_did_not_make_is_not_sent_to_it(http: aiohttp.ClientSession, wrapped: bytes) -> None:
    vault = Vault()
    async with vault.running():
        with pytest.raises(KeyRefused, match="not made by"):
            await transit(http, vault).unwrap(wrapped, CONTEXT)
        assert vault.paths == []


async def test_a_request_with_another_signature_or_an_old_one_is_refused_there(http: aiohttp.ClientSession) -> None:
    kms = Kms()
    async with kms.running():
        other = b"another signing key, as long as it"
        for provider in (webhook(http, kms, other), webhook(http, kms, now=Kms.now - 301)):
            with pytest.raises(KeyRefused, match="401"):
                await provider.wrap(SECRET, CONTEXT)
        assert kms.requests == []
        await webhook(http, kms, now=Kms.now - 299).wrap(SECRET, CONTEXT)
        (asked,) = kms.requests
        assert (asked["action"], asked["context"], sorted(asked)) == ("wrap", CONTEXT, ["action", "context", "data"])


@pytest.mark.parametrize(
    "address",
    [
        "http://vault.example/",
        "http://localhost.example",
        "http://10.0.0.1:8200",
        "ftp://localhost",
        "https://user:password@vault.example",
        "https://vault.example/?token=x",
        "https://vault.example/#part",
        "https://",
        "vault.example",
        "",
    ],
)
def test_secrets_go_to_encrypted_addresses_only(address: str) -> None:
    with pytest.raises(ValueError, match="the key service's address"):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["https://vault.example:8200/", "http://127.0.0.1:8200", "http://[::1]:8200", "http://localhost"]
)
def test_or_stay_within_this_machine(address: str) -> None:
    assert check_address(address) == address.rstrip("/")


async def test_settings_that_cannot_work_are_refused_at_once(http: aiohttp.ClientSession) -> None:
    for key, mount in (("", "transit"), ("a/b", "transit"), ("..", "transit"), ("k", ""), ("k", "/t"), ("k", "a/../b")):
        with pytest.raises(ValueError, match="named by"):
            TransitKey(http, "https://vault.example", SecretStr(TOKEN), key, mount=mount)
    with pytest.raises(ValueError, match="32 bytes"):
        WebhookKey(http, "https://kms.example", SecretBytes(b"short"), "main", lambda: 0.0)
