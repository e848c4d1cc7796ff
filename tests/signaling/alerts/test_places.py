"""Tokens that are used in two places at a time, and those that are carried from one to another."""

from __future__ import annotations

import pytest

from signaling.alerts.places import WITHIN, Places

HOME, WORK, TRAIN = "192.0.2.1", "198.51.100.1", "2001:db8::/64"


@pytest.fixture
def places() -> Places:
    return Places(bytes(32))


def test_a_link_that_is_used_twice_in_one_place_is_nothing(places: Places) -> None:
    assert not any(places.used("link", HOME, at, lasting=False) for at in range(10))


def test_a_link_that_is_used_in_two_places(places: Places) -> None:
    assert not places.used("link", HOME, 0.0, lasting=False)
    assert not places.used("another", WORK, 0.0, lasting=False)
    assert places.used("link", WORK, 60.0, lasting=False)
    assert not places.used("link", WORK, 61.0, lasting=False), "it was said"
    assert places.used("link", WORK, 60.0 + WITHIN, lasting=False) is False, "the first place is long ago"


def test_a_link_that_is_used_elsewhere_much_later_is_nothing(places: Places) -> None:
    assert not places.used("link", HOME, 0.0, lasting=False)
    assert not places.used("link", WORK, WITHIN + 1, lasting=False)


def test_a_cookie_that_is_carried_away_is_nothing_and_one_that_stays_too_is_a_copy(places: Places) -> None:
    carried = [(HOME, 0.0), (HOME, 10.0), (TRAIN, 20.0), (TRAIN, 30.0), (WORK, 40.0), (WORK, 50.0)]
    assert not any(places.used("cookie", place, at, lasting=True) for place, at in carried)
    assert not places.used("copied", HOME, 0.0, lasting=True)
    assert not places.used("copied", WORK, 10.0, lasting=True)
    assert places.used("copied", HOME, 20.0, lasting=True)


def test_no_address_is_kept_and_memory_is_bounded() -> None:
    places = Places(bytes(32), tokens=100)
    for number in range(1000):
        for place in range(9):
            places.used(f"token-{number}", f"192.0.2.{place}", float(number), lasting=False)
    assert len(places._used) == 100
    assert all(len(each.places) <= 4 for each in places._used.values())
    assert "192.0.2" not in repr(places._used)
