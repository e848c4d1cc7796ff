"""Whose word counts about who asks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest
from aiohttp.test_utils import make_mocked_request

from signaling.headers import client_address, same_origin


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", "", [], "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", [], "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", ["10.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7", ["10.0.0.0/8"], "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.2", ["10.0.0.0/8"], "198.51.100.7"),
        ("192.0.2.1", "198.51.100.7", ["10.0.0.0/8"], "192.0.2.1"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("10.0.0.1", "rubbish", ["10.0.0.0/8"], "rubbish"),
    ],
)
def test_forwarded_addresses_count_as_far_as_proxies_are_trusted(
    remote: str, forwarded: str, proxies: Sequence[str], address: str
) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote=remote)
    assert client_address(request, [ipaddress.ip_network(each) for each in proxies]) == address


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("https://video.example", "video.example", True),
        ("https://VIDEO.example", "video.example", True),
        ("http://localhost:8080", "localhost:8080", True),
        ("http://localhost:8081", "localhost:8080", False),
        ("https://video.example.evil", "video.example", False),
        ("https://evil-video.example", "video.example", False),
        ("ftp://video.example", "video.example", False),
        ("null", "video.example", False),
        ("", "video.example", False),
        ("https://", "", False),
        ("https://app.example", "video.example", True),
    ],
)
def test_the_origin_is_compared_exactly(origin: str, host: str, same: bool) -> None:
    request = make_mocked_request("GET", "/", headers={"Origin": origin, "Host": host})
    assert same_origin(request, ("https://app.example",)) is same
