"""A soak's verdict, and its drawing."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from bench import soak
from bench.processes import Holdings

BEFORE = Holdings(60_000, 50_000, 19, 2)
AFTER = Holdings(90_000, 80_000, 19, 2)


def rows(grows_kb: float = 0.0, **facts: Any) -> list[dict[str, Any]]:
    """Half an hour of them, a row each ten seconds."""
    return [
        {
            "minutes": number / 6,
            "resident_kb": 100_000.0,
            "proportional_kb": 80_000 + grows_kb * number / 6 + number % 3,
            "descriptors": 20 + number % 3,
            "threads": 2,
            "peers": 100,
            "lost": 0,
            "expected": 100_000,
            "p50_us": 500.0,
            "p99_us": 1500.0,
            "server_cores": 0.5,
            "generator_busy": 0.4,
            "lost_calls": 0,
            "longest_gap_ms": 30.0,
            "wrong": 0,
            "visits": {"visits": number, "joins": 2 * number, "failed": 0, "harmed": 0, "lost": 0},
            "defects": 0,
            "others_cores": 0.05,
            "undelivered_by_kernel": 0,
            **facts,
        }
        for number in range(1, 181)
    ]


def test_a_quiet_half_hour_is_as_it_should_be() -> None:
    said, failed = soak.judge(rows(), BEFORE, AFTER)
    assert failed == []
    assert len(said) == 5


def test_memory_that_grows_all_the_time_is_told() -> None:
    _, failed = soak.judge(rows(grows_kb=200), BEFORE, AFTER)
    assert len(failed) == 1
    assert failed[0].startswith("kB grow: +200")


def test_growth_within_an_allocators_unrest_is_let_go() -> None:
    assert soak.judge(rows(grows_kb=10), BEFORE, AFTER)[1] == []


def test_what_grows_only_while_it_warms_up_is_let_go() -> None:
    found = rows()
    for row in found[:30]:
        row["proportional_kb"] -= 10_000
    assert soak.judge(found, BEFORE, AFTER)[1] == []


def test_a_call_without_a_packet_is_lost() -> None:
    found = rows()
    found[90]["lost_calls"] = 1
    assert soak.judge(found, BEFORE, AFTER)[1] == ["1 calls were lost"]


def test_a_visit_that_failed_is_a_lost_call() -> None:
    found = rows()
    found[-1]["visits"]["failed"] = 2
    assert soak.judge(found, BEFORE, AFTER)[1] == ["2 calls were lost"]


def test_packets_lost_are_told() -> None:
    _, failed = soak.judge(rows(lost=100), BEFORE, AFTER)
    assert failed == ["18000 of 18,000,000 packets were lost"]


def test_a_descriptor_left_behind_is_told() -> None:
    _, failed = soak.judge(rows(), BEFORE, Holdings(90_000, 80_000, 21, 2))
    assert len(failed) == 1


def test_a_minute_is_too_short_to_say_whether_anything_grows() -> None:
    said, failed = soak.judge(rows(grows_kb=1000)[:6], BEFORE, AFTER)
    assert failed == []
    assert "too few" in said[0]


def test_nothing_measured_is_no_success() -> None:
    assert soak.judge([], BEFORE, None)[1]


def test_the_drawing_is_well_formed() -> None:
    ElementTree.fromstring(soak.drawing(rows()))
    ElementTree.fromstring(soak.drawing([]))
