"""Loads a year of a clinic and asks it what every page asks: `python -m bench.clinic`, options with --help.

On SQLite and on a PostgreSQL server of its own; everything is thrown away afterwards. Ends with 1 if a query is late.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.clinic.asked import Asked, opened
from bench.clinic.asked_log import reports, searches
from bench.clinic.loading import Loader, load
from bench.clinic.measuring import HEAD, LIMIT_MS, QUIET, Measured, facts, line, measure
from bench.clinic.measuring import load as machine_load
from bench.clinic.year import DAYS, Year
from clinic import open_database, sqlite_url
from clinic.audit.log import MIGRATIONS
from therabook.garbage import collect_seldom

BOTH = ("sqlite", "postgresql")
PARTS = ("clinic", "audit")


PROGRESS = 30
"""Days between two words on how far loading is."""

Tell = Callable[[dict[str, Any], list[Measured]], None]


async def run(given: argparse.Namespace, folder: Path, server: Any, tell: Tell) -> list[Measured]:
    """`tell` gets the conditions and what is measured so far, each time that something is."""
    year = Year(given.scale, given.seed)
    before = machine_load()
    clinics: dict[str, tuple[Loader, Path]] = {}
    urls: dict[str, tuple[str, str]] = {}
    for name in given.database or BOTH:
        if name == "sqlite":
            both = sqlite_url(folder / "clinic.db"), sqlite_url(folder / "audit.db")
        else:
            both = server.fresh(), server.fresh()
        urls[name] = both
        head = folder / f"{name}-head"
        clinics[name] = Loader(open_database(both[0]), open_database(both[1], MIGRATIONS), head), head
    began = time.perf_counter()

    def loaded(day: int) -> None:
        if day % PROGRESS == 0:
            say(f"loaded {day} of {DAYS} days in {time.perf_counter() - began:.0f} s")

    await load(year, [loader for loader, _ in clinics.values()], loaded)
    took = round(time.perf_counter() - began, 1)
    for url in urls.get("postgresql", ()):
        server.query(url, "VACUUM ANALYZE")  # as its own housekeeping does, sooner or later
    conditions = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "scale": given.scale,
        "seed": given.seed,
        "sessions": year.size.sessions,
        "events": year.size.events,
        "loaded in seconds": took,
        "load before": before,
        "quiet": before <= QUIET,
        "disk, in MB": {name: disk(name, each, folder, server) for name, each in urls.items()},
    }
    collect_seldom()  # as a service does; and the millions of objects that the year is made of, which none has
    say("\n".join(f"{name:<24}{value}" for name, value in conditions.items()))
    say(HEAD)
    measured: list[Measured] = []
    for name, (loader, head) in clinics.items():
        size = await loader.check(random.Random(given.seed))  # noqa: S311 - made up
        if size != year.size.events:
            raise AssertionError(f"{size} events were loaded, not {year.size.events}")
        log = opened(loader, head)
        await log.open()
        asked = Asked(year, loader, log, given.seed)
        for query in (*asked.queries(), *searches(asked), *reports(asked)):
            if given.only is None or given.only in f"{query.page}, {query.what}":
                measured.append(await measure(name, query, given.times))
                say(line(measured[-1]))
                conditions |= {"load after": machine_load(), "seconds in all": round(time.perf_counter() - began)}
                tell(conditions, measured)
        await loader.records.close()
        await loader.log.close()
    return measured


def disk(name: str, urls: tuple[str, str], folder: Path, server: Any) -> dict[str, int]:
    """Megabytes that each database takes, with its indexes."""
    if name == "sqlite":
        sizes = [sum(each.stat().st_size for each in folder.glob(f"{part}.db*")) for part in PARTS]
    else:
        sizes = [int(server.query(url, "SELECT pg_database_size(current_database())")) for url in urls]
    return {part: round(size / 1e6) for part, size in zip(PARTS, sizes, strict=True)}


def say(text: str) -> None:
    """As it goes; standard output is for the result."""
    print(text, file=sys.stderr, flush=True)


def written(conditions: dict[str, Any], measured: list[Measured]) -> str:
    told = {"conditions": conditions, "limit_ms": LIMIT_MS, "late": sum(each.late for each in measured)}
    return json.dumps(told | {"queries": facts(measured)}, indent=2)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.clinic")
    parser.add_argument("--scale", type=float, default=1.0, help="of the year: 0.01 has 600 sessions")
    parser.add_argument("--times", type=int, default=200, help="how often each query is asked")
    parser.add_argument("--database", choices=BOTH, action="append", help="this one; may be given again")
    parser.add_argument("--only", help="queries whose page or name has this in it")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where the files are; default: a folder of its own, removed")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--output", type=Path, help="write the JSON there too, such as bench/results/clinic.json")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-", dir=given.folder)))
        server = None
        if "postgresql" in (given.database or BOTH):
            from tests.clinic.postgres import a_postgres  # only where it is needed: it wants what tests want

            server = stack.enter_context(a_postgres())
        newest = ""

        def tell(conditions: dict[str, Any], measured: list[Measured]) -> None:
            nonlocal newest
            newest = written(conditions, measured)
            if given.output is not None:
                given.output.write_text(newest + "\n", encoding="utf-8")

        measured = asyncio.run(run(given, folder, server, tell))
    late = [each for each in measured if each.late]
    if given.json:
        print(newest)
    else:
        print("\n".join([HEAD, *map(line, late)]))
        print(f"{len(late)} of {len(measured)} are late: more than {LIMIT_MS:.0f} ms for one in a hundred")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
