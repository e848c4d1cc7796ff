"""Clocks are put forward and back; ten o'clock stays ten o'clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic import BadValue
from clinic.appointments.calendar import (
    clock_at,
    day_bounds,
    moment,
    occurrences,
    read_day,
    read_when,
    zone_of,
)
from clinic.appointments.records import Frequency

ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]

clocks = st.datetimes(datetime(2020, 1, 1), datetime(2037, 12, 31)).map(  # noqa: DTZ001
    lambda each: each.replace(second=0, microsecond=0, fold=0)
)
zones = st.sampled_from(ZONES)
frequencies: st.SearchStrategy[Frequency] = st.sampled_from(["weekly", "fortnightly", "monthly"])


def clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_weekly_hour_stays_the_hour_when_clocks_change() -> None:
    found = occurrences(clock("2026-03-16T10:00"), "weekly", count=4, most=10)
    moments = [moment(each, "Europe/Berlin") for _, each in found]
    utc = [datetime.fromtimestamp(each, UTC).strftime("%d %H:%M") for each in moments]
    assert utc == ["16 09:00", "23 09:00", "30 08:00", "06 08:00"]
    assert [clock_at(each, "Europe/Berlin").strftime("%H:%M%z") for each in moments][1:3] == [
        "10:00+0100",
        "10:00+0200",
    ]


def test_a_time_that_is_skipped_and_one_that_comes_twice() -> None:
    skipped = moment(clock("2026-03-29T02:30"), "Europe/Berlin")
    assert clock_at(skipped, "Europe/Berlin").isoformat() == "2026-03-29T03:30:00+02:00"
    twice = moment(clock("2026-10-25T02:30"), "Europe/Berlin")
    assert clock_at(twice, "Europe/Berlin").isoformat() == "2026-10-25T02:30:00+02:00"


def test_days_have_twenty_three_to_twenty_five_hours() -> None:
    for day, hours in (("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)):
        since, until = day_bounds(read_day(day), "Europe/Berlin")
        assert until - since == hours * 3600


def test_each_month_on_the_same_weekday() -> None:
    second = occurrences(clock("2026-01-13T09:00"), "monthly", count=4, most=10)  # the second Tuesday
    assert [each.day for _, each in second] == [13, 10, 10, 14]
    fifth = occurrences(clock("2026-01-29T09:00"), "monthly", count=4, most=10)  # the fifth Thursday, or the last
    assert [(each.month, each.day) for _, each in fifth] == [(1, 29), (2, 26), (3, 26), (4, 30)]


def test_days_without_have_a_number() -> None:
    found = occurrences(clock("2026-01-05T09:00"), "weekly", count=4, without={date(2026, 1, 12)}, most=10)
    assert [(number, each.day) for number, each in found] == [(0, 5), (2, 19), (3, 26)]


@pytest.mark.parametrize(
    "rule",
    [
        {"count": 11},
        {"until": date(2027, 1, 1)},
        {"until": date(2026, 1, 4)},
        {"count": 1, "without": {date(2026, 1, 5)}},
    ],
)
def test_a_series_is_bounded_and_not_empty(rule: Any) -> None:
    with pytest.raises(BadValue):
        occurrences(clock("2026-01-05T09:00"), "weekly", most=10, **rule)


@pytest.mark.parametrize("text", ["2026-02-30T10:00", "2026-01-01T25:00", "0001-01-01T00:00", "9999-12-31T23:59", "x"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(BadValue):
        read_when(text, "UTC")


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "/etc/localtime", "UTC\0", "posixrules/x"])
def test_zones_that_are_none(name: str) -> None:
    with pytest.raises(BadValue):
        zone_of(name)


def test_an_offset_is_read_as_the_zones_clock() -> None:
    assert read_when("2026-06-01T08:00:00Z", "Europe/Berlin") == clock("2026-06-01T10:00")
    assert read_when("2026-06-01 10:00", "Europe/Berlin") == clock("2026-06-01T10:00")


@given(clocks, zones)
def test_what_a_clock_shows_is_shown_again(shown: datetime, zone: str) -> None:
    again = clock_at(moment(shown, zone), zone).replace(tzinfo=None)
    assert again == shown or timedelta() < again - shown <= timedelta(hours=1)  # it was skipped


@settings(deadline=None)
@given(clocks, zones, frequencies, st.integers(1, 36))
def test_of_a_series_each_is_later_at_the_same_time_and_weekday(
    first: datetime, zone: str, frequency: Frequency, count: int
) -> None:
    found = occurrences(first, frequency, count=count, most=40)
    assert [number for number, _ in found] == list(range(count))
    shown = [each for _, each in found]
    assert shown[0] == first
    assert {(each.time(), each.weekday()) for each in shown} == {(first.time(), first.weekday())}
    assert all(timedelta(days=7) <= b - a <= timedelta(days=35) for a, b in pairwise(shown))
    moments = [moment(each, zone) for each in shown]
    assert moments == sorted(set(moments))


@given(clocks, frequencies, st.integers(1, 30), st.integers(0, 29))
def test_an_end_by_day_is_an_end_by_number(first: datetime, frequency: Frequency, count: int, at: int) -> None:
    by_number = occurrences(first, frequency, count=count, most=30)
    last = by_number[min(at, count - 1)][1].date()
    by_day = occurrences(first, frequency, until=last, most=30)
    assert by_day == [each for each in by_number if each[1].date() <= last]
