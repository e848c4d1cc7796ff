"""Averages and percentiles over time, in a bounded amount of memory."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.quality_spread import Spread, Summary


def spread(*values: tuple[float, float], least: float = 1.0, most: float = 1e9) -> Spread:
    made = Spread(least, most)
    for value, seconds in values:
        made.add(value, seconds)
    return made


def test_a_measure_that_never_changed_is_told_exactly() -> None:
    assert spread((123.0, 5.0), (123.0, 2.0)).summary() == Summary(123.0, 123.0, 123.0, 123.0)


def test_what_was_never_measured_has_no_summary() -> None:
    assert Spread(1.0, 100.0).summary() is None


def test_a_value_weighs_as_much_as_it_lasted() -> None:
    summary = spread((100.0, 95.0), (1000.0, 5.0)).summary()
    assert summary is not None
    assert summary.average == pytest.approx(145.0)
    assert summary.p50 == pytest.approx(100.0, rel=0.06)
    assert summary.p95 == pytest.approx(100.0, rel=0.06)
    assert summary.most == 1000.0
    summary = spread((100.0, 90.0), (1000.0, 10.0)).summary()
    assert summary is not None
    assert summary.p95 == pytest.approx(1000.0, rel=0.06)


def test_nothing_lost_for_most_of_the_time_is_a_percentile_of_nothing() -> None:
    summary = spread((0.0, 99.0), (0.5, 1.0), least=0.001, most=1.0).summary()
    assert summary is not None
    assert (summary.p50, summary.p95, summary.most) == (0.0, 0.0, 0.5)


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=200))
def test_percentiles_are_good_to_a_twentieth(values: list[float]) -> None:
    summary = spread(*((value, 1.0) for value in values)).summary()
    assert summary is not None
    for share, told in ((0.5, summary.p50), (0.95, summary.p95)):
        true = sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
        assert told == pytest.approx(true, rel=0.055)
    assert summary.most == max(values)


STRANGE = st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 0.0])


@given(st.lists(st.tuples(st.floats(), STRANGE | st.floats(0.001, 1e6)), max_size=30))
def test_whatever_comes_the_summary_is_finite_and_within_bounds(values: list[tuple[float, float]]) -> None:
    summary = spread(*values, most=1000.0).summary()
    if summary is not None:
        for each in (summary.average, summary.p50, summary.p95, summary.most):
            assert 0.0 <= each <= 1000.0 * (1 + 1e-9)


def test_an_hour_takes_no_more_memory_than_a_minute() -> None:
    short, long = spread(*((n, 1.0) for n in range(1, 60))), spread(*((n, 1.0) for n in range(1, 36_000)))
    assert sys.getsizeof(short._bands) == sys.getsizeof(long._bands) < 4000
