"""Requests to addresses that somebody typed in: never into a network, never elsewhere, never for long."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from signaling.outward import LARGEST_ANSWER, Outward, Unreachable, allowed, key_of, sign, written_secret
from tests.signaling.receiver import a_receiver
from therabook import tls

INSIDE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
)
NEVER = (
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "fe80::1",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_of_a_network_are_for_those_who_allow_them(address: str) -> None:
    parsed = ipaddress.ip_address(address)
    assert not allowed(parsed, private=False)
    assert allowed(parsed, private=True) or address == "100.64.0.1"


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_connected_to(address: str) -> None:
    parsed = ipaddress.ip_address(address)
    assert not allowed(parsed, private=False)
    assert not allowed(parsed, private=True)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
def test_the_world_is_connected_to(address: str) -> None:
    assert allowed(ipaddress.ip_address(address), private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "file:///etc/passwd",
        "https://",
        "https:///path",
        "example.org/hook",
        "https://user:password@example.org/",
        "https://@example.org/",
        "https://example.org/#part",
        "https://example.org\\@127.0.0.1/",
        "https://exa mple.org/",
        "https://example.org/\r\nHost: other",
        "https://example.org:99999/",
        "https://[::1/",
        "https://127.0.0.1/",
        "https://[::1]:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://example.org/" + "a" * 1000,
        "javascript:alert(1)",
    ],
)
def test_an_address_that_nothing_is_sent_to_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Outward(private=False).check(url)


def test_private_addresses_can_be_allowed_and_the_world_still_needs_tls() -> None:
    inside = Outward(private=True)
    assert inside.check("http://10.0.0.5:8080/hook")
    assert inside.check("http://booking.local/hook")
    for url in ("http://93.184.216.34/", "http://169.254.169.254/", "http://0.0.0.0/"):
        with pytest.raises(ValueError, match=r"\w"):
            inside.check(url)


async def why(outward: Outward, url: str) -> str:
    try:
        with pytest.raises(Unreachable) as error:
            await outward.post(url, b"{}", {})
        return error.value.why
    finally:
        await outward.close()


async def test_a_name_that_leads_inside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an attacker's name server does it: the name looks like any other, and means this machine."""
    async with a_receiver() as receiver:

        async def resolve(host: str, port: Any, **_: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        assert await why(Outward(private=False), f"https://hook.example.org:{receiver.port}/") == "address"
        for numeric in ("2130706433", "0x7f000001", "127.1", "0177.0.0.1"):
            assert await why(Outward(private=False), f"https://{numeric}:{receiver.port}/") in ("address", "answer")
        assert receiver.requests == []


async def test_without_tls_nothing_leaves_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: Any, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    assert await why(Outward(private=True), "http://booking.example.org/") == "address"


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with a_receiver() as receiver:
        receiver.answers = ["redirect"]
        outward = Outward(private=True)
        answer = await outward.post(receiver.url, b"secret", {})
        await outward.close()
        assert (answer.status, answer.taken) == (307, False)
        assert [request.path for request in receiver.requests] == ["/take"]


async def test_time_and_answers_are_bounded() -> None:
    async with a_receiver() as receiver:
        receiver.answers = ["hang", "flood", "reset"]
        assert await why(Outward(private=True, timeout=0.3), receiver.url) == "timeout"
        outward = Outward(private=True)
        assert len((await outward.post(receiver.url, b"{}", {})).body) == LARGEST_ANSWER
        await outward.close()
        assert await why(Outward(private=True), receiver.url) == "connection"
    assert await why(Outward(private=True), receiver.url) == "connection", "nobody is there"
    assert await why(Outward(private=True), "https://no-such-name.invalid/") == "name"


async def test_the_other_side_has_to_be_who_it_says(tmp_path: Path) -> None:
    cert, key = tls.self_signed(tmp_path, {"localhost", "127.0.0.1"})
    async with a_receiver(tls=tls.context(cert, key)) as receiver:
        assert await why(Outward(private=True), receiver.url) == "tls"
        outward = Outward(private=True, trust=ssl.create_default_context(cafile=str(cert)))
        assert (await outward.post(receiver.url, b"{}", {})).status == 200
        await outward.close()
        assert len(receiver.requests) == 1


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1/")
        outward = Outward(private=True)
        assert (await outward.post(receiver.url, b"{}", {})).status == 200
        await outward.close()


def test_signatures_are_those_of_the_specification() -> None:
    """The example in the specification of Standard Webhooks."""
    secret = SecretStr("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == signature
    other = written_secret(bytes(32))
    assert sign([other, secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body).split(" ")[1] == signature


@pytest.mark.parametrize("text", ["", "whsec_", "hidden", "whsec_short", "whsec_!!!!", "whsec_" + "A" * 100])
def test_a_secret_that_is_none_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="a secret is") as error:
        key_of(SecretStr(text))
    assert text in ("", "whsec_") or text not in str(error.value)
