"""The disk first, the bucket behind it: reading, bringing back, giving back, removing."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from recording.age import AgeError, Damaged
from recording.storage import Storage, StorageError, Unreachable, Uploads
from recording.storage.bucket import PART
from tests.recording.age.made_up import IDENTITY
from tests.recording.storage.buckets import NAME, RECORDING, Killed, KilledAt, Track, finished
from tests.recording.storage.store import Store

WHOLE = f"{RECORDING}/{NAME}.age"


async def moved(store: Store, name: str, folder: Path, size: int) -> Track:
    """A finished track, in the bucket only."""
    track = finished(folder, size)
    storage = Storage(folder, store.bucket(name))
    inode = await Uploads(storage, store.bucket(name)).settle(RECORDING, NAME)
    assert storage.let_go(RECORDING, NAME, inode)
    assert not track.main.exists()
    return track


async def test_a_track_in_the_bucket_is_read_as_one_on_the_disk(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    track = await moved(store, name, tmp_path, 900_001)
    dice = random.Random(3)
    with Storage(tmp_path, store.bucket(name)).open(RECORDING, NAME, IDENTITY) as reader:
        assert reader.finished
        assert reader.size == len(track.content)
        for _ in range(40):
            offset, size = dice.randrange(900_100), dice.choice((1, 70_000, 300_000))
            assert reader.read_at(offset, size) == track.content[offset : offset + size]


async def test_what_is_on_the_disk_needs_no_bucket(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    track = finished(tmp_path, 100_000)
    storage = Storage(tmp_path, store.bucket(name))
    store.goes()
    try:
        with storage.open(RECORDING, NAME, IDENTITY) as reader:
            assert reader.read_at(0, reader.size) == track.content
        await storage.bring(RECORDING, NAME)
        storage.give_back(RECORDING, NAME)
        assert track.main.exists()
        with pytest.raises(Unreachable):
            storage.open(RECORDING, "another", IDENTITY)
    finally:
        store.starts()


async def test_a_track_that_is_nowhere_is_not_found(store: Store, tmp_path: Path) -> None:
    for storage in (Storage(tmp_path), Storage(tmp_path, store.bucket(store.new_bucket()))):
        with pytest.raises(FileNotFoundError):
            storage.open(RECORDING, NAME, IDENTITY)
        await storage.bring(RECORDING, NAME)
        storage.give_back(RECORDING, NAME)


@pytest.mark.parametrize("at", [10, 200, 100_000, -1])
async def test_an_object_that_was_changed_is_refused(store: Store, tmp_path: Path, at: int) -> None:
    name = store.new_bucket()
    await moved(store, name, tmp_path, 200_000)
    data = bytearray(store.objects(name)[WHOLE])
    data[at] ^= 1
    store.client().put_object(Bucket=name, Key=WHOLE, Body=bytes(data))
    with pytest.raises(AgeError):  # at opening or at reading, as it falls
        read_all(Storage(tmp_path, store.bucket(name)))


async def test_a_track_is_brought_back_encrypted_and_goes_again(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    track = await moved(store, name, tmp_path, PART + 1000)
    storage = Storage(tmp_path, store.bucket(name))
    await storage.bring(RECORDING, NAME)
    await storage.bring(RECORDING, NAME)
    assert track.main.read_bytes() == store.objects(name)[WHOLE]
    assert [path.name for path in track.main.parent.iterdir()] == [track.main.name]
    storage.give_back(RECORDING, NAME)
    assert track.main.exists(), "one of two"
    storage.give_back(RECORDING, NAME)
    await gone(track.main)
    storage.give_back(RECORDING, NAME)


async def test_a_file_in_use_stays_on_the_disk_whoever_uses_it(store: Store, tmp_path: Path) -> None:
    track = finished(tmp_path, 1_000)
    inode = track.main.stat().st_ino
    ours, anothers = Storage(tmp_path), Storage(tmp_path)
    await anothers.bring(RECORDING, NAME)
    assert not ours.let_go(RECORDING, NAME, inode)
    assert track.main.exists()
    anothers.give_back(RECORDING, NAME)
    assert not ours.let_go(RECORDING, NAME, inode + 1), "that is another file"
    assert ours.let_go(RECORDING, NAME, inode)
    assert not track.main.exists()


async def test_parts_and_tail_are_brought_back_too_after_the_loss_of_the_machine(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    track = Track(tmp_path / "lost")
    uploads = Uploads(Storage(tmp_path / "lost"), store.bucket(name))
    for size in (70_000, 80_000, 5):
        track.grows(size)
        await uploads.grow(RECORDING, NAME)
    storage = Storage(tmp_path / "new", store.bucket(name))
    await storage.bring(RECORDING, NAME)
    storage.give_back(RECORDING, NAME)
    store.goes()
    try:
        with storage.open(RECORDING, NAME, IDENTITY) as reader:
            assert reader.read_at(0, reader.size) == track.content
    finally:
        store.starts()
    assert (tmp_path / "new" / RECORDING / f"{NAME}.age").exists(), "the bucket has it in parts only"


async def test_bringing_that_was_interrupted_leaves_nothing_that_looks_like_a_track(
    store: Store, tmp_path: Path
) -> None:
    name = store.new_bucket()
    track = await moved(store, name, tmp_path, 2 * PART)
    call = 0
    while True:
        bucket = KilledAt(store, name, call)
        storage = Storage(tmp_path, bucket)
        try:
            await storage.bring(RECORDING, NAME)
        except Killed:
            assert not track.main.exists()
        else:
            break
        call += 1
    assert call == 4, "a list and three pieces"
    assert track.main.read_bytes() == store.objects(name)[WHOLE]


async def test_what_interrupted_copying_has_left_is_tidied_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    folder = tmp_path / RECORDING
    folder.mkdir()
    left = folder / f".{NAME}.age.4711.brought"
    left.write_bytes(b"half of it")
    storage = Storage(tmp_path)
    await storage.tidy(RECORDING)
    assert not folder.exists()
    track = finished(tmp_path, 1_000)
    await storage.tidy(RECORDING)
    assert track.main.exists()


async def test_removing_takes_everything_of_it_and_nothing_else(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    bucket = store.bucket(name)
    storage = Storage(tmp_path, bucket)
    uploads = Uploads(storage, bucket)
    track = Track(tmp_path)
    track.grows(70_000)
    await uploads.grow(RECORDING, NAME)
    await bucket.put(WHOLE, b"and a whole one")
    other = finished(tmp_path, 100, name="track-10")
    await uploads.settle(RECORDING, "track-10")
    await storage.remove(RECORDING, NAME)
    await storage.remove(RECORDING, NAME)
    assert list(store.objects(name)) == [f"{RECORDING}/track-10.age"]
    assert [path.name for path in (tmp_path / RECORDING).iterdir()] == [other.main.name]


async def test_removing_while_the_bucket_is_away_is_an_error_and_works_later(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    await moved(store, name, tmp_path, 1_000)
    storage = Storage(tmp_path, store.bucket(name))
    store.goes()
    try:
        with pytest.raises(StorageError):
            await storage.remove(RECORDING, NAME)
    finally:
        store.starts()
    await storage.remove(RECORDING, NAME)
    assert store.objects(name) == {}


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "../x", "a.age", "x" * 129])
async def test_names_that_are_no_ids_reach_neither_disk_nor_bucket(store: Store, tmp_path: Path, bad: str) -> None:
    storage = Storage(tmp_path, store.bucket(store.new_bucket()))
    for recording, name in ((bad, NAME), (RECORDING, bad)):
        with pytest.raises(ValueError, match="named by"):
            storage.source(recording, name)
        with pytest.raises(ValueError, match="named by"):
            await storage.bring(recording, name)
        with pytest.raises(ValueError, match="named by"):
            await storage.remove(recording, name)


async def test_nothing_in_the_bucket_or_in_copies_of_it_is_in_the_clear(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    pattern = b"a planted pattern of somebody's words"
    folder = tmp_path / RECORDING
    track = Track(tmp_path)
    track._writer.write(pattern * 5_000)
    track._writer.checkpoint()
    bucket = store.bucket(name)
    storage = Storage(tmp_path, bucket)
    await Uploads(storage, bucket).grow(RECORDING, NAME)
    assert all(pattern not in data for data in store.objects(name).values())
    track.ends()
    inode = await Uploads(storage, bucket).settle(RECORDING, NAME)
    storage.let_go(RECORDING, NAME, inode)
    await storage.bring(RECORDING, NAME)
    assert all(pattern not in path.read_bytes() for path in folder.iterdir())
    with storage.open(RECORDING, NAME, IDENTITY) as reader:
        assert reader.read_at(0, len(pattern)) == pattern, "it would be found"


def read_all(storage: Storage) -> bytes:
    with storage.open(RECORDING, NAME, IDENTITY) as reader:
        if not reader.finished:
            raise Damaged("its end is not what it was")
        return reader.read_at(0, reader.size)


async def gone(path: Path) -> None:
    """Waits for the thread that takes it away."""
    async with asyncio.timeout(5):
        while await asyncio.to_thread(path.exists):  # noqa: ASYNC110 - a file tells nobody when it goes
            await asyncio.sleep(0.01)
