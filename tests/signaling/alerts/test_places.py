"""Tokens that are used in two places at a time, and those that are carried from one to another."""

from __future__ import annotations

import pytest

from signaling.alerts.places import WITHIN, Places

HOME, WORK, TRAIN = "192.0.2.1", "198.51.100.1", "2001:db8::/64"
TRAIN4 = "203.0.113.1"


@pytest.fixture
def places() -> Places:
    return Places(bytes(32))


def test_a_link_that_is_used_twice_in_one_place_is_nothing(places: Places) -> None:
    assert not any(places.used("link", HOME, at, returns=0) for at in range(10))


def test_a_link_that_is_used_in_two_places(places: Places) -> None:
    assert not places.used("link", HOME, 0.0, returns=0)
    assert not places.used("another", WORK, 0.0, returns=0)
    assert places.used("link", WORK, 60.0, returns=0)
    assert not places.used("link", WORK, 61.0, returns=0), "it was said"
    assert places.used("link", WORK, 60.0 + WITHIN, returns=0) is False, "the first place is long ago"


def test_a_link_that_is_used_elsewhere_much_later_is_nothing(places: Places) -> None:
    assert not places.used("link", HOME, 0.0, returns=0)
    assert not places.used("link", WORK, WITHIN + 1, returns=0)


def test_a_cookie_that_is_carried_away_is_nothing_and_one_that_stays_too_is_a_copy(places: Places) -> None:
    carried = [(HOME, 0.0), (HOME, 10.0), (TRAIN, 20.0), (TRAIN, 30.0), (WORK, 40.0), (WORK, 50.0)]
    assert not any(places.used("cookie", place, at, returns=1) for place, at in carried)
    assert not places.used("copied", HOME, 0.0, returns=1)
    assert not places.used("copied", WORK, 10.0, returns=1)
    assert places.used("copied", HOME, 20.0, returns=1)


def test_a_session_that_goes_back_and_forth_is_in_two_places_and_one_that_moves_is_not(places: Places) -> None:
    moves = [(WORK, 0.0), (WORK, 60.0), (TRAIN4, 65.0), (WORK, 80.0), (WORK, 90.0), (TRAIN4, 120.0), (TRAIN4, 130.0)]
    assert not any(places.used("moves", place, at, returns=3) for place, at in moves)
    both = [(WORK, 0.0), (HOME, 2.0), (WORK, 5.0), (HOME, 7.0), (WORK, 10.0), (HOME, 12.0), (WORK, 15.0)]
    assert [places.used("copied", place, at, returns=3) for place, at in both] == [*[False] * 4, True, False, False]
    later = [places.used("copied", (WORK, HOME)[at % 2], 20.0 + at, returns=3) for at in range(round(WITHIN))]
    assert later.count(True) == 1, "after a while it is said again"


def test_returns_of_a_whole_day_are_not_those_of_ten_minutes(places: Places) -> None:
    carried = [((HOME, WORK)[number % 2], number * WITHIN / 2) for number in range(20)]
    assert not any(places.used("carried", place, at, returns=3) for place, at in carried)


def test_a_machine_that_uses_ipv4_and_ipv6_is_in_one_place(places: Places) -> None:
    asked = [((HOME, TRAIN)[number % 2], float(number)) for number in range(20)]
    assert not any(places.used("both", place, at, returns=3) for place, at in asked)


def test_no_address_is_kept_and_memory_is_bounded() -> None:
    places = Places(bytes(32), tokens=100)
    for number in range(1000):
        for place in range(9):
            places.used(f"token-{number}", f"192.0.2.{place % 5}", float(number), returns=number % 4)
    assert len(places._used) == 100
    assert all(len(each.places) <= 4 for each in places._used.values())
    assert all(len(each.returns) <= 3 for each in places._used.values())
    assert "192.0.2" not in repr(places._used)
