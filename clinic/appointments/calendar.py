"""The clock on the wall: what moment it is when a clock in some zone shows a time, and when those of a series are.

A series keeps its time of day: ten o'clock stays ten o'clock when the clocks are put forward or back. A time that is
skipped then is taken as if the clocks had not been put forward yet, one that comes twice is the first (RFC 5545,
section 3.3.5).

Pure. Not here: what is kept (`appointments.py`).
"""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinic.appointments.records import Frequency
from clinic.errors import BadValue

DAYS_OF: dict[Frequency, int] = {"weekly": 7, "fortnightly": 14}
LAST_YEAR = 2199
"""So far an appointment can be made. A mistyped year is found, not booked."""

FARTHEST = timedelta(days=3 * 366)
"""The last one of a series comes so long after the first at most."""


@lru_cache(maxsize=600)
def zone_of(name: str) -> ZoneInfo:
    """Raises BadValue for a zone that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue("there is no such time zone") from None


def moment(clock: datetime, zone: str) -> float:
    """Seconds since 1970 when clocks in `zone` show this (no offset). Raises BadValue."""
    if not 1970 < clock.year <= LAST_YEAR:
        raise BadValue("a year in which no appointment can be")
    return clock.replace(tzinfo=zone_of(zone), fold=0).timestamp()


def clock_at(at: float, zone: str) -> datetime:
    """What clocks in `zone` show then, with the offset. Raises BadValue."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone_of(zone))


def read_when(text: str, zone: str) -> datetime:
    """A time as the clock in `zone` shows it, without offset, from ISO 8601 with one or without. Raises BadValue."""
    try:
        given = datetime.fromisoformat(text.replace(" ", "T"))
    except ValueError:
        raise BadValue("there is no such time") from None
    if given.tzinfo is None:
        moment(given, zone)
        return given
    if not 1970 < given.year <= LAST_YEAR:
        raise BadValue("a year in which no appointment can be")
    return given.astimezone(zone_of(zone)).replace(tzinfo=None)


def read_day(text: str) -> date:
    """Raises BadValue."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadValue("there is no such day") from None
    if not 1970 < day.year <= LAST_YEAR:
        raise BadValue("a year in which no appointment can be")
    return day


def day_bounds(day: date, zone: str) -> tuple[float, float]:
    """From midnight to midnight there: 23, 24 or 25 hours. Raises BadValue."""
    midnight = datetime.combine(day, time())
    return moment(midnight, zone), moment(midnight + timedelta(days=1), zone)


def occurrences(
    first: datetime,
    frequency: Frequency,
    *,
    count: int | None = None,
    until: date | None = None,
    without: Collection[date] = (),
    most: int,
) -> list[tuple[int, datetime]]:
    """Each with its number in the series, by the clock. Days in `without` have a number, and no appointment.

    Raises BadValue if there are more than `most`, none at all, or the last comes too late.
    """
    found: list[tuple[int, datetime]] = []
    for number, each in enumerate(_forever(first, frequency)):
        if (count is not None and number >= count) or (until is not None and each.date() > until):
            break
        if number >= most:
            raise BadValue(f"a series has at most {most} appointments")
        if each - first > FARTHEST:
            raise BadValue("a series ends within three years")
        if each.date() not in without:
            found.append((number, each))
    if not found:
        raise BadValue("a series without any appointment")
    return found


def _forever(first: datetime, frequency: Frequency) -> Iterator[datetime]:
    """The nth weekday of each month, or so many days apart. The clock's time is the same each time."""
    if frequency in DAYS_OF:
        each = first
        while True:
            yield each
            each += timedelta(days=DAYS_OF[frequency])
    nth = (first.day - 1) // 7
    year, month = first.year, first.month
    while True:
        days = [
            day for day in calendar.Calendar().itermonthdates(year, month)
            if day.month == month and day.weekday() == first.weekday()
        ]  # fmt: skip
        yield datetime.combine(days[min(nth, len(days) - 1)], first.time())
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
