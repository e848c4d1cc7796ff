"""Counting within a time: when it is enough, and that it stays small whatever comes."""

from __future__ import annotations

import random

from signaling.alerts.windows import Window


def test_enough_is_said_once_until_the_time_is_over() -> None:
    window = Window(3, 10.0)
    assert [window.add("a", at) for at in (0, 1, 2, 3, 4, 11, 12, 13, 14)] == [
        *(False, False, True, False, False, False),
        *(True, False, False),
    ]


def test_the_same_counts_once_and_is_renewed() -> None:
    window = Window(2, 10.0)
    assert not window.add("a", 0.0, "x")
    assert not window.add("a", 9.0, "x")
    assert window.add("a", 18.0, "y"), "x was seen 9 s ago"


def test_keys_do_not_mix() -> None:
    window = Window(2, 10.0)
    assert not window.add("a", 0.0)
    assert not window.add("b", 0.0)
    assert window.add("a", 0.0)


def test_it_remembers_so_much_and_no_more() -> None:
    window = Window(5, 1000.0, keys=10)
    dice = random.Random(1)
    for at in range(5000):
        window.add(dice.randrange(100), float(at), dice.randrange(1000), times=dice.randrange(1, 9))
        assert len(window._seen) <= 10
        assert all(len(each.times) <= 5 for each in window._seen.values())


def test_a_clock_that_was_set_back_is_no_reason_to_fall_silent_for_long() -> None:
    window = Window(2, 10.0)
    window.add("a", 1000.0)
    assert window.add("a", 1000.0)
    window.add("a", 0.0)
    window.add("a", 1.0)
    assert [window.add("a", at) for at in (1011.0, 1012.0)] == [False, True]
