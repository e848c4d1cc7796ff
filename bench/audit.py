"""Measures the audit log: `python -m bench.audit`, options with --help.

    append    signed and durable events a second on SQLite: single ones from many at once, and in batches;
              how long an event waits for the signed head that covers it
    proofs    how long they take and how long they are in a log of ten million events
    verify    events a second of the offline verifier

Durable: the database commits to the disk, and the head is written to a file beside it, before anybody goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.audit_tree import make_large, spread
from clinic import open_database, sqlite_url
from clinic.audit import exports
from clinic.audit.canonical import draft, entry_of, numbered
from clinic.audit.events import Event
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.nodes import Nodes
from clinic.audit.notes import Signer, encoded
from clinic.audit.records import Inclusion
from clinic.audit.tree import consistency, inclusion, is_consistent
from therabook.audit_verify.verify import Verifier

PARTS = ("append", "proofs", "verify")
SIGNER = Signer("bench.example/audit", bytes(range(32)))
AT_ONCE = 128
"""Who append single events at the same time: a large clinic's busiest second."""
BATCH = 500
PROOFS = 500

WANTED = {"events a second": 2000.0, "p99 until signed, seconds": 1.0, "proof bytes": 3000.0}
"""What the log has to keep to."""


def an_event(number: int) -> Event:
    """As long as they are: with ids of 16 characters, and two details."""
    return Event(
        "recording.view",
        1_780_000_000 + number / 100,
        "staff",
        f"account-{number % 20:08}",
        session=f"session-{number % 6000:08}",
        patient=f"patient-{number % 900:08}",
        subject=f"recording-{number % 6000:06}",
        details={"role": "therapist", "full": True},
    )


def a_log(folder: Path) -> AuditLog:
    return AuditLog(open_database(sqlite_url(folder / "audit.db"), MIGRATIONS), SIGNER, folder / "audit-head")


async def single(folder: Path, seconds: float, at_once: int) -> dict[str, Any]:
    """Many who tell one event after another, each waiting until theirs is durable."""
    log = a_log(folder)
    await log.open()
    waited: list[float] = []
    until = time.perf_counter() + seconds

    async def one(first: int) -> None:
        number = first
        while (began := time.perf_counter()) < until:
            await log.append([an_event(number)])
            waited.append(time.perf_counter() - began)
            number += at_once

    began = time.perf_counter()
    await asyncio.gather(*(one(number) for number in range(at_once)))
    took = time.perf_counter() - began
    size = (await log.head()).size
    await log.close()
    if size != len(waited):
        raise AssertionError(f"{len(waited)} events were acknowledged, and {size} are there")
    return {
        "at once": at_once,
        "events": size,
        "events a second": round(size / took),
        "p50 until signed, seconds": round(_percentile(waited, 0.5), 4),
        "p99 until signed, seconds": round(_percentile(waited, 0.99), 4),
        "longest, seconds": round(max(waited), 4),
    }


async def batches(folder: Path, seconds: float) -> dict[str, Any]:
    log = a_log(folder)
    first = (await log.open()).size
    began = time.perf_counter()
    number = first
    while time.perf_counter() - began < seconds:
        await log.append([an_event(each) for each in range(number, number + BATCH)])
        number += BATCH
    took = time.perf_counter() - began
    await log.close()
    return {"in a batch": BATCH, "events": number - first, "events a second": round((number - first) / took)}


async def proofs(folder: Path, size: int) -> dict[str, Any]:
    """In a log of which there are hashes only, except of the newest events: whatever is proven needs no other."""
    log = a_log(folder)
    began = time.perf_counter()
    await make_large(log, SIGNER, size, an_event(1))
    made = time.perf_counter() - began
    head = await log.head()
    began = time.perf_counter()
    await log.close()
    log = a_log(folder)
    await log.open()
    opened = time.perf_counter() - began
    lengths, took = [], []
    for seq in spread(size, PROOFS):
        began = time.perf_counter()
        async with log.database.reading() as session:
            path = await Nodes(session, size).roots(inclusion(seq, size))
        took.append(time.perf_counter() - began)
        entry = entry_of(numbered(draft(an_event(seq)), seq))
        lengths.append(len(exports.proof(Inclusion(entry, head, path), str(SIGNER.public))))
    real = await log.inclusion(size - 1)  # compared with the root before it is handed out
    goes_on = []
    for old in spread(size, 50):
        proof = await log.consistency(old, size)
        goes_on.append(len("\n".join(encoded(each) for each in proof)))
        if len(proof) != len(consistency(old, size)):
            raise AssertionError("a proof that is none")
    async with log.database.reading() as session:
        half = await Nodes(session, size // 2).roots([(0, size // 2)]) if size & (size - 1) == 0 else None
    if half is not None and not is_consistent(
        size // 2, size, half[0], head.root, await log.consistency(size // 2, size)
    ):
        raise AssertionError("a proof that does not hold")
    await log.close()
    return {
        "events": size,
        "made in seconds": round(made, 1),
        "opened in seconds": round(opened, 3),
        "proof bytes": max(lengths),
        "of it path": len("\n".join(encoded(each) for each in real.path)),
        "consistency bytes": max(goes_on),
        "p50 milliseconds": round(_percentile(took, 0.5) * 1000, 2),
        "p99 milliseconds": round(_percentile(took, 0.99) * 1000, 2),
        "database bytes for each event": round((folder / "audit.db").stat().st_size / size, 1),
    }


async def verify(folder: Path, count: int) -> dict[str, Any]:
    log = a_log(folder)
    size = (await log.open()).size
    while size < count:
        await log.append([an_event(each) for each in range(size, size + BATCH)])
        size += BATCH
    began = time.perf_counter()
    lines = [f"{line}\n".encode() async for line in exports.lines(log)]
    exported = time.perf_counter() - began
    began = time.perf_counter()
    report = Verifier(str(SIGNER.public)).read(lines)
    took = time.perf_counter() - began
    await log.close()
    if not report.sound:
        raise AssertionError(report.problems)
    return {
        "events": size,
        "bytes for each event": round(sum(map(len, lines)) / size),
        "exported a second": round(size / exported),
        "verified a second": round(size / took),
        "database bytes for each event": round((folder / "audit.db").stat().st_size / size),
    }


def syncs(folder: Path) -> float:
    """Milliseconds that the disk takes for one small write, to judge the rest by."""
    with (folder / "sync").open("wb") as file:
        began = time.perf_counter()
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
        return (time.perf_counter() - began) / 50 * 1000


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.audit")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part; may be given again")
    parser.add_argument("--seconds", type=float, default=10.0, help="of appending, each way")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="who append single events")
    parser.add_argument("--size", type=int, default=10_000_000, help="events of the log that proofs are made of")
    parser.add_argument("--verify", type=int, default=100_000, help="events to verify")
    parser.add_argument("--folder", type=Path, help="where the databases are; default: a folder of its own, removed")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    parts = given.only or PARTS
    load = os.getloadavg()[0]
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="audit-", dir=given.folder) as name:
        folder = Path(name)
        conditions = {
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "load before": round(load, 2),
            "disk sync, milliseconds": round(syncs(folder), 2),
        }
        for part in ("single", "batches", "large", "verify"):
            (folder / part).mkdir()
        if "append" in parts:
            found["single"] = asyncio.run(single(folder / "single", given.seconds, given.at_once))
            found["batches"] = asyncio.run(batches(folder / "batches", given.seconds))
        if "proofs" in parts:
            found["proofs"] = asyncio.run(proofs(folder / "large", given.size))
        if "verify" in parts:
            found["verify"] = asyncio.run(verify(folder / "verify", given.verify))
    wrong = _wrong(found)
    if given.json:
        print(json.dumps({"conditions": conditions, **found, "wrong": wrong}, indent=2))
    else:
        for title, facts in {"conditions": conditions, **found}.items():
            print(title)
            for fact, value in facts.items():
                print(f"    {fact:<32}{value:>14}")
        for each in wrong:
            print(f"WRONG  {each}")
    return 1 if wrong else 0


def _wrong(found: dict[str, Any]) -> list[str]:
    wrong = []
    for part in ("single", "batches"):
        if part in found and found[part]["events a second"] < WANTED["events a second"]:
            wrong.append(f"{part}: fewer than {WANTED['events a second']:.0f} events a second")
    for part, fact in (("single", "p99 until signed, seconds"), ("proofs", "proof bytes")):
        if part in found and found[part][fact] > WANTED[fact]:
            wrong.append(f"{part}: more than {WANTED[fact]:g} {fact}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
