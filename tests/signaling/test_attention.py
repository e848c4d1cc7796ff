"""Who speaks and how connections are, judged."""

from __future__ import annotations

import pytest

from signaling.attention import HELD, Felt, Grade, Grades, Speakers, grade


def test_whoever_is_heard_is_marked_until_a_while_after() -> None:
    speakers = Speakers()
    assert speakers.look({"a": -30.0}, 0.0) == ("a",)
    assert speakers.look({"a": -30.0}, 0.25) is None
    assert speakers.look({}, 0.25 + HELD) is None
    assert speakers.look({}, 0.3 + HELD) == ()


def test_breathing_is_not_speaking() -> None:
    assert Speakers().look({"a": -70.0, "b": -127.0}, 0.0) is None


def test_the_loudest_comes_first_and_equals_do_not_flicker() -> None:
    speakers = Speakers()
    assert speakers.look({"a": -40.0, "b": -20.0}, 0.0) == ("b", "a")
    assert speakers.look({"a": -38.0, "b": -22.0}, 0.25) is None


@pytest.mark.parametrize(
    ("loss", "rtt", "expected"),
    [
        (0.0, None, "good"),
        (0.0, 50.0, "good"),
        (0.03, 50.0, "fair"),
        (0.0, 250.0, "fair"),
        (0.1, 20.0, "poor"),
        (0.0, 800.0, "poor"),
    ],
)
def test_grades(loss: float, rtt: float | None, expected: Grade) -> None:
    assert grade(loss, rtt) == expected


@pytest.mark.parametrize(
    ("frozen", "concealed", "expected"),
    [(0.0, 0.0, "good"), (0.02, 0.0, "fair"), (0.2, 0.0, "poor"), (0.0, 0.03, "fair"), (0.0, 0.1, "poor")],
)
def test_what_somebody_sees_and_hears_makes_their_grade_worse(frozen: float, concealed: float, expected: Grade) -> None:
    assert grade(0.0, 20.0, Felt(frozen, concealed)) == expected
    assert grade(0.5, 20.0, Felt(frozen, concealed)) == "poor", "and never better"


def test_a_grade_falls_at_once_and_rises_when_it_lasts() -> None:
    grades = Grades()
    assert grades.look({"a": "good"}) == {"a": "good"}
    assert grades.look({"a": "poor"}) == {"a": "poor"}
    assert [grades.look({"a": "good"}) for _ in range(3)] == [None, None, {"a": "good"}]
    assert grades.look({"a": "lost"}) == {"a": "lost"}
    assert grades.look({"a": "good"}) == {"a": "good"}  # back is back


def test_nothing_is_told_while_nothing_changes_and_who_left_is_forgotten() -> None:
    grades = Grades()
    assert grades.look({}) is None
    grades.look({"a": "good", "b": "fair"})
    assert grades.look({"a": "good", "b": "fair"}) is None
    assert grades.look({"a": "good"}) == {"a": "good"}
