"""The rate limiter, and what counts as one address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import limits
from signaling.limits import Limiter, address_key, network_key


def test_a_burst_is_granted_and_then_the_rate() -> None:
    limiter = Limiter(rate=2.0, burst=3)
    assert [limiter.take("k", 0.0) > 0 for _ in range(4)] == [False, False, False, True]
    assert limiter.take("k", 0.49) == pytest.approx(0.01)
    assert limiter.take("k", 0.5) == 0.0
    assert limiter.take("k", 0.5) > 0


def test_what_is_refused_is_not_counted() -> None:
    limiter = Limiter(rate=1.0, burst=1)
    limiter.take("k", 0.0)
    for _ in range(100):
        limiter.take("k", 0.5)
    assert limiter.take("k", 1.0) == 0.0


def test_keys_do_not_share() -> None:
    limiter = Limiter(rate=1.0, burst=1)
    assert limiter.take("a", 0.0) == 0.0
    assert limiter.take("b", 0.0) == 0.0


def test_memory_is_bounded_and_the_busy_are_forgotten_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEYS", 10)
    limiter = Limiter(rate=1.0, burst=1)
    limiter.take("busy", 99.5)
    for number in range(50):
        limiter.take(number, 50.0 + number)
        assert len(limiter._due) <= 10
    assert limiter.take("busy", 99.6) > 0


@given(st.floats(0.1, 100), st.integers(1, 20), st.lists(st.floats(0, 2), max_size=200))
def test_never_more_than_burst_and_rate(rate: float, burst: int, pauses: list[float]) -> None:
    limiter = Limiter(rate, burst)
    now, granted = 0.0, 0
    for pause in pauses:
        now += pause
        granted += limiter.take("k", now) == 0.0
    assert granted <= burst + rate * now + 1e-6


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_an_address_is_one_household(address: str, key: str) -> None:
    assert address_key(address) == key


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("somewhere", "unknown"),
    ],
)
def test_a_network_is_what_a_building_has(address: str, network: str) -> None:
    assert network_key(address) == network
