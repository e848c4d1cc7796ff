"""Killed in the middle of writing: what was said to be kept is there, and the database opens as if nothing happened."""

from __future__ import annotations

import asyncio
import sys

import pytest
from sqlalchemy import text

from clinic import Database, Recordings, RecordingState, TrackState, open_database
from tests.clinic.made_up import recording
from tests.sources import ROOT


async def killed_after(url: str, prefix: str, lines: int) -> list[str]:
    """What a writer had said when it was killed, after so many lines at least."""
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.clinic.writer", url, prefix),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert writer.stdout is not None
    said = [await writer.stdout.readline() for _ in range(lines)]
    writer.kill()
    said += (await writer.stdout.read()).splitlines()
    assert await writer.wait() == -9
    return [line.decode().strip() for line in said]


async def whole(database: Database) -> bool:
    async with database.reading() as session:
        return bool(await session.scalar(text("PRAGMA integrity_check")) == "ok")


@pytest.mark.parametrize("lines", [1, 3, 8])
async def test_what_was_kept_before_a_kill_is_there_after_it(empty_url: str, lines: int) -> None:
    kept: set[str] = set()
    for turn in range(2):  # killed, and killed again after it was opened again
        said = await killed_after(empty_url, f"writer-{turn}-", lines)
        kept |= {line for line in said if line.startswith("writer-")}
    assert len(kept) >= 2 * (lines - 2) if lines > 2 else True
    database = open_database(empty_url)
    await database.upgrade()
    recordings = Recordings(database)
    found = (await recordings.find(limit=200)).recordings
    done = {each.id for each in found if each.state is RecordingState.CAPTURED}
    assert kept <= done
    for id in kept:
        there = await recordings.get(id)
        assert [each.state for each in there.tracks] == [TrackState.FINISHED] * 2
    unfinished = await recordings.unfinished()
    assert {each.recording.id for each in unfinished} == {each.id for each in found} - done
    assert len(unfinished) <= 2, "at most the one that each writer was at"
    assert not empty_url.startswith("sqlite") or await whole(database)
    await recordings.create(recording("after"))
    await database.close()
