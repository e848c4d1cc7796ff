"""A tiny year of a clinic loads into both databases, is what it says, and is asked everything."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

from bench.clinic import __main__ as bench_clinic
from bench.clinic.asked import Query
from bench.clinic.loading import Loader
from bench.clinic.measuring import FEWEST, Measured, line, measure, percentile
from bench.clinic.year import Size, Year
from clinic import open_database, sqlite_url
from clinic.audit.log import MIGRATIONS


def test_a_tiny_year_is_loaded_and_every_query_runs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output = tmp_path / "clinic.json"
    small = ["--scale", "0.002", "--times", "2", "--json", "--output", str(output)]
    monkeypatch.setattr(sys, "argv", ["bench.clinic", *small])
    monkeypatch.setattr(bench_clinic, "collect_seldom", lambda: None)  # not of the process that tests run in
    bench_clinic.main()  # how fast is not this test's business
    printed, progress = capfd.readouterr()
    assert "loaded 0 of 365 days" in progress
    assert progress.count("sqlite") > 100
    found = json.loads(printed[printed.index("{") :])
    assert found == json.loads(output.read_text())
    assert (found["conditions"]["sessions"], found["conditions"]["events"]) == (120, 4000)
    asked = [(each["page"], each["what"]) for each in found["queries"] if each["database"] == "sqlite"]
    assert len(asked) == len(set(asked)) > 100
    assert asked == [(each["page"], each["what"]) for each in found["queries"] if each["database"] == "postgresql"]
    assert all(each["times"] == 2 and each["p99_ms"] > 0 for each in found["queries"])


def test_the_whole_year_is_what_the_issue_asks_for() -> None:
    assert Size.of(1.0) == Size(60_000, 2_000_000)
    assert len(Year(1.0, seed=1).therapists) == 20


def test_the_same_seed_makes_the_same_year() -> None:
    one, two, other = (list(Year(0.002, seed).days()) for seed in (1, 1, 2))
    assert [day.events for day in one] == [day.events for day in two] != [day.events for day in other]


async def test_a_log_that_is_not_what_was_told_is_found(tmp_path: Path) -> None:
    year = Year(0.002, seed=3)
    clinic = Loader(
        open_database(sqlite_url(tmp_path / "clinic.db")),
        open_database(sqlite_url(tmp_path / "audit.db"), MIGRATIONS),
        tmp_path / "head",
    )
    await clinic.prepare()
    for day in year.days():
        await clinic.tell(day.events)
    assert await clinic.check(random.Random(1)) == 4000
    await clinic.tell([])
    clinic._edge.add(bytes(32))
    with pytest.raises(AssertionError):
        await clinic.check(random.Random(1))
    await clinic.records.close()
    await clinic.log.close()


def test_what_is_late_is_marked() -> None:
    assert [percentile(range(1, 101), share) for share in (0.5, 0.99)] == [50, 99]
    late = Measured("sqlite", "day", "a day", 100, 1.0, 50.1, 60.0, 1.0)
    intime = Measured("sqlite", "day", "a day", 100, 1.0, 50.0, 60.0, 1.0)
    assert [line(each).startswith("LATE") for each in (late, intime)] == [True, False]


async def test_a_slow_query_is_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.clinic.measuring.ENOUGH", 0.0)

    async def ask() -> None:
        pass

    assert (await measure("sqlite", Query("day", "a day", ask), 200)).times == FEWEST
    assert (await measure("sqlite", Query("day", "a day", ask), 3)).times == 3
