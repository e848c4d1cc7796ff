"""A service that is killed while a film is made: the next start makes it."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path

from clinic import RecordingState
from recording.sealed import files_of
from signaling.compose_work import LEASE
from tests.recording.compose.session import frames_of
from tests.signaling import composer_process
from tests.signaling.filmed import REC, Recorded, Told

SECONDS = 40
"""Of the film: long enough to be killed in the middle."""


async def test_a_film_that_a_kill_has_interrupted_is_made_after_the_next_start(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path)
    recorded.long(SECONDS)
    await recorded.keep()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=composer_process.run, args=(there, tmp_path))
    process.start()
    there.close()
    while not 0.0 < await asyncio.to_thread(here.recv) < 1.0:
        pass
    workers = children_of(process.pid or 0)
    process.kill()
    process.join()
    job = await recorded.job()
    assert not files_of(recorded.folder / REC, job.id).main.exists()
    assert workers
    async with asyncio.timeout(10):
        while any(map(lives, workers)):  # noqa: ASYNC110 - nobody tells of the end of another's children
            await asyncio.sleep(0.01)

    told = Told()
    recorded.clock.ahead += LEASE + 1
    composing = recorded.composing(told)
    composing.start()
    await told.hears("done")
    await composing.close()
    whole = await recorded.whole()
    assert (whole.recording.state, whole.jobs[0].attempts) == (RecordingState.READY, 2)
    assert len(frames_of(await recorded.made())) == SECONDS * 30
    assert recorded.files() == [f"{job.id}.age"]
    await recorded.database.close()


def children_of(pid: int) -> list[int]:
    """Those that compose."""
    found = []
    for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if b"recording.compose" in Path(f"/proc/{each}/cmdline").read_bytes():
            found.append(int(each))
    return found


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
