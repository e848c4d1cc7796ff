"""What grows is seen to grow, what wavers is not."""

from __future__ import annotations

import random

import pytest

from bench import trend

MINUTES = [number / 6 for number in range(150)]


def wavering(seed: int, alike: float = 0.0) -> list[float]:
    """`alike`: how much of its distance each value keeps of the one before."""
    chance = random.Random(seed)
    values, last = [], 0.0
    for _ in MINUTES:
        last = alike * last + chance.gauss(0, 50)
        values.append(100_000 + last)
    return values


def test_a_line_is_found() -> None:
    found = trend.of([0, 1, 2, 3], [5, 7, 9, 11])
    assert found.slope == pytest.approx(2)
    assert found.low == pytest.approx(2)


def test_a_leak_under_noise_is_seen() -> None:
    values = [value + 100 * minute for value, minute in zip(wavering(1), MINUTES, strict=True)]
    found = trend.of(MINUTES, values)
    assert found.low < 100 < found.high
    assert trend.grows(found, 25, 1000)


def test_noise_is_no_growth() -> None:
    grown = [seed for seed in range(40) if trend.grows(trend.of(MINUTES, wavering(seed)), 25, 0)]
    assert len(grown) <= 4


def test_what_wavers_slowly_is_no_growth_either() -> None:
    """Its neighbours are alike, which makes a line through it look surer than it is."""
    grown = [seed for seed in range(40) if trend.grows(trend.of(MINUTES, wavering(seed, 0.9)), 25, 0)]
    assert len(grown) <= 8


def test_growth_below_the_tolerance_is_let_go() -> None:
    found = trend.of([0, 1, 2, 3], [5, 7, 9, 11])
    assert trend.grows(found, 10, 19)
    assert not trend.grows(found, 10, 21)


def test_two_measurements_are_no_trend() -> None:
    with pytest.raises(ValueError, match="three"):
        trend.of([0, 1], [1, 2])
