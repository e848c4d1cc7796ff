"""Whoever was harmed is called harmed, and nobody else."""

from __future__ import annotations

import pytest

from bench import harm
from bench.traffic import Call
from tests.bench.made_up import call, figures


def test_calls_that_got_everything_in_time_are_not_harmed() -> None:
    found = harm.of([call(), call()])
    assert (found.calls, found.harmed, found.words) == (2, 0, "none")


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (call(received=99), "1 lost packets"),
        (call(gap_ms=501), "1 stood still"),
        (call(wrong=1), "1 got wrong packets"),
        (call(received=0, gap_ms=5000), "1 lost packets, 1 stood still"),
    ],
)
def test_one_lost_late_or_wrong_packet_is_harm(of: Call, words: str) -> None:
    found = harm.of([call(), of])
    assert found.harmed == 1
    assert found.words == words


def test_half_a_second_is_not_yet_harm() -> None:
    assert harm.of([call(gap_ms=500)]).harmed == 0


def test_packets_lost_are_added_up() -> None:
    assert harm.of([call(received=90), call(received=95)]).packets_lost == 15


def test_slower_is_told_by_the_99th_percentile() -> None:
    quiet = figures({1 << 16: 99, 1 << 20: 1})
    assert harm.slower(quiet, figures({1 << 17: 99, 1 << 20: 1})) == pytest.approx(2.0, rel=0.02)
    assert harm.slower(quiet, figures({1 << 16: 990, 1 << 24: 9})) == pytest.approx(1.0, rel=0.02)


def test_slower_of_nothing_is_nothing() -> None:
    assert harm.slower(figures(), figures({1 << 16: 1})) is None


def test_room_mates_are_told_apart() -> None:
    quiet, attacked = figures({1 << 16: 100}, group=1), figures({1 << 18: 100}, group=1)
    assert harm.slower(quiet, attacked, 1) == pytest.approx(4.0, rel=0.02)
    assert harm.slower(quiet, attacked, 0) is None


def test_counters_that_grow_in_quiet_too_say_nothing() -> None:
    before = {"packets_in": 1000, "dropped_auth": 0, "lost_silent": 0}
    after = {"packets_in": 2900, "dropped_auth": 500, "lost_silent": 1}
    grown = harm.grown(before, after, {"packets_in": 1000.0})
    assert list(grown.items()) == [("dropped_auth", 500), ("lost_silent", 1)]
