from __future__ import annotations

import ipaddress

import pytest

from sfu.addresses import MAX_ADDRESSES, advertised, machine_addresses
from sfu.config import MediaConfig
from sfu.errors import ConfigError

MACHINE = ["127.0.0.1", "192.0.2.1", "169.254.3.4", "10.0.0.1", "::1", "fe80::1", "2001:db8::1"]


def test_what_the_operator_says_is_told() -> None:
    assert advertised(MediaConfig(addresses=("203.0.113.9",)), MACHINE) == ("203.0.113.9",)


def test_a_server_on_one_address_tells_that_one() -> None:
    assert advertised(MediaConfig(host="10.0.0.1"), MACHINE) == ("10.0.0.1",)
    assert advertised(MediaConfig(host="127.0.0.1"), MACHINE) == ("127.0.0.1",)


def test_a_server_everywhere_tells_what_others_can_reach() -> None:
    assert advertised(MediaConfig(), MACHINE) == ("192.0.2.1", "10.0.0.1")
    assert advertised(MediaConfig(host="::"), MACHINE) == ("192.0.2.1", "10.0.0.1", "2001:db8::1")


def test_loopback_is_told_when_asked_for_or_when_there_is_nothing_else() -> None:
    assert advertised(MediaConfig(loopback=True), MACHINE) == ("192.0.2.1", "10.0.0.1", "127.0.0.1")
    assert advertised(MediaConfig(), ["127.0.0.1", "169.254.1.1"]) == ("127.0.0.1",)


def test_not_too_many_are_told() -> None:
    many = [f"10.0.0.{number}" for number in range(50)]
    assert len(advertised(MediaConfig(), many)) == MAX_ADDRESSES
    assert len(advertised(MediaConfig(addresses=tuple(many)), [])) == MAX_ADDRESSES


def test_the_machines_own_addresses_are_addresses_ipv4_first() -> None:
    versions = [ipaddress.ip_address(address).version for address in machine_addresses()]
    assert versions == sorted(versions)
    assert "127.0.0.1" in machine_addresses()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "localhost"}, "host"),
        ({"addresses": ("example.org",)}, "addresses"),
        ({"addresses": ("0.0.0.0",)}, "addresses"),
        ({"port": -1}, "port"),
        ({"port": 70000}, "port"),
        ({"silence_limit": 0.0}, "limits"),
        ({"max_peers": 0}, "max_peers"),
    ],
)
def test_settings_that_can_not_work_are_refused_by_name(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MediaConfig(**wrong)  # type: ignore[arg-type]
