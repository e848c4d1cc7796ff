"""A film of a recording that is in the bucket only: its tracks are brought back for it, and go again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from clinic import JobState
from recording.storage import Storage, Uploads
from signaling.clock import Clock
from signaling.offload import Offload
from tests.recording.compose.session import frames_of
from tests.recording.storage.store import Store, a_store
from tests.signaling.filmed import REC, WITHIN, Recorded, Told, codecs


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with a_store() as store:
        yield store


class Moved(Recorded):
    """With a bucket, and what brings everything there."""

    def __init__(self, folder: Path, store: Store) -> None:
        super().__init__(folder)
        self.store, self.name = store, store.new_bucket()
        self.now = 0.0
        bucket = store.bucket(self.name)
        self.storage = Storage(self.folder, bucket)
        self.offload = Offload(
            recordings=self.recordings,
            storage=self.storage,
            uploads=Uploads(self.storage, bucket),
            clock=Clock(steady=lambda: self.now),
            random=lambda: 1.0,
            keep_local=False,
        )

    def on_disk(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*.age")}

    async def looks_on(self) -> None:
        """Without a pause."""
        while True:
            await self.offload.look()
            await self.offload.done()
            await asyncio.sleep(0.01)

    async def until_gone(self) -> None:
        async with asyncio.timeout(WITHIN):
            while self.on_disk():
                await self.offload.look()
                await self.offload.done()


@pytest_asyncio.fixture
async def moved(store: Store, tmp_path: Path) -> AsyncIterator[Moved]:
    moved = Moved(tmp_path, store)
    moved.short()
    await moved.keep()
    await moved.until_gone()
    yield moved
    await moved.database.close()


async def test_tracks_are_there_as_long_as_the_film_is_made(moved: Moved) -> None:
    told = Told()
    assert not (moved.folder / REC).exists() or not moved.on_disk()
    work = moved.work(bring=moved.storage.bring, give_back=moved.storage.give_back)
    composing = moved.composing(told, work=work)
    looking = asyncio.create_task(moved.looks_on())
    composing.start()
    await composing.ask(REC, "compose", names=False, time=False)
    await told.hears("done")
    looking.cancel()
    await asyncio.wait([looking])
    await composing.close()
    await moved.until_gone()
    (output,) = (await moved.whole()).outputs
    tracks = {f"{REC}/{clip.track}.age" for clip in moved.tracks.clips}
    assert moved.store.keys(moved.name) == tracks | {f"{output.file}.age"}
    with moved.storage.open(REC, output.id, await moved.vault.output_identity(output)) as reader:
        film = reader.read_at(0, reader.size)
    assert codecs(film) == ["aac", "h264"]
    assert len(frames_of(film)) == 60


async def test_a_film_waits_for_a_bucket_that_is_away(moved: Moved) -> None:
    work = moved.work(bring=moved.storage.bring, give_back=moved.storage.give_back)
    composing = moved.composing(Told(), work=work)
    moved.store.goes()
    try:
        await composing.ask(REC, "compose", names=False, time=False)
        composing.start()
        job = await moved.job_when(lambda job: job.state is JobState.WAITING and job.attempts == 1)
        assert job.error == "A file could not be used: The bucket cannot be reached."
    finally:
        moved.store.starts()
    moved.clock.ahead += 60
    await moved.job_when(lambda job: job.state is JobState.DONE)
    await composing.close()
