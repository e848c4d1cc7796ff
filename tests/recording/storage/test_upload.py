"""Uploading: while a track grows, when it is done, and when the process is killed in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recording.sealed import finish
from recording.storage import Storage, Uploads
from recording.storage.bucket import PART
from recording.storage.layout import kept_of, whole_key
from tests.recording.age.made_up import IDENTITY, text
from tests.recording.storage.buckets import NAME, RECORDING, Killed, KilledAt, Track, finished
from tests.recording.storage.store import Store

WHOLE = f"{RECORDING}/{NAME}.age"
TAIL = f"{RECORDING}/{NAME}.tail.age"
GROWTH = (100, 70_000, 1, 200_000, 66_000)


def seen_elsewhere(store: Store, name: str, empty: Path) -> bytes:
    """What a machine that has nothing but the bucket and the key can read of it."""
    with Storage(empty, store.bucket(name)).open(RECORDING, NAME, IDENTITY) as track:
        return track.read_at(0, track.size + 1)


async def test_after_each_upload_the_bucket_holds_what_was_checkpointed(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    track = Track(tmp_path)
    for size in GROWTH:
        track.grows(size)
        assert await uploads.grow(RECORDING, NAME)
        assert seen_elsewhere(store, name, tmp_path / "empty") == track.content
    assert not await uploads.grow(RECORDING, NAME), "nothing has come since"
    parts = [key for key in store.objects(name) if ".parts/" in key]
    assert len(parts) == 4, "one for each time that a chunk had filled, and the beginning"


async def test_a_finished_track_is_one_object_and_nothing_else(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    track = Track(tmp_path)
    track.grows(300_000)
    await uploads.grow(RECORDING, NAME)
    track.grows(50_000)
    track.ends()
    inode = await uploads.settle(RECORDING, NAME)
    assert inode == track.main.stat().st_ino
    assert store.objects(name) == {WHOLE: track.main.read_bytes()}
    assert seen_elsewhere(store, name, tmp_path / "empty") == track.content


async def test_what_is_there_is_not_sent_again(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    finished(tmp_path, 300_000)
    await Uploads(Storage(tmp_path), store.bucket(name)).settle(RECORDING, NAME)
    bucket = KilledAt(store, name)
    await Uploads(Storage(tmp_path), bucket).settle(RECORDING, NAME)
    assert "put_file" not in bucket.calls
    assert "put" not in bucket.calls


async def test_a_torn_track_that_nobody_can_finish_goes_up_in_its_two_parts(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    track = Track(tmp_path)
    track.grows(100_000)
    track.crashes()
    await Uploads(Storage(tmp_path), store.bucket(name)).settle(RECORDING, NAME)
    assert store.objects(name) == {WHOLE: track.main.read_bytes(), TAIL: track.tail.read_bytes()}
    assert seen_elsewhere(store, name, tmp_path / "empty") == track.content


async def test_what_recovery_made_of_a_track_replaces_it_with_all_that_it_had(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    track = Track(tmp_path)
    track.grows(200_000)
    track.crashes()
    await uploads.grow(RECORDING, NAME)
    await uploads.settle(RECORDING, NAME)
    finish(tmp_path / RECORDING, NAME, IDENTITY, os.urandom)
    await uploads.settle(RECORDING, NAME)
    assert store.objects(name) == {WHOLE: track.main.read_bytes()}


async def test_parts_of_two_files_of_one_name_never_mix(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    track = Track(tmp_path)
    track.grows(200_000)
    await uploads.grow(RECORDING, NAME)
    track.crashes()
    track.main.unlink()
    track.tail.unlink()
    other = Track(tmp_path)
    other.grows(300_000)
    await uploads.grow(RECORDING, NAME)
    assert seen_elsewhere(store, name, tmp_path / "empty") == other.content


async def test_a_file_that_the_disk_has_lost_the_end_of_does_not_replace_the_whole_one(
    store: Store, tmp_path: Path
) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    track = finished(tmp_path, 300_000)
    content = track.main.read_bytes()
    await uploads.settle(RECORDING, NAME)
    os.truncate(track.main, 100_000)
    await uploads.settle(RECORDING, NAME)
    assert store.objects(name) == {WHOLE: content}


async def test_another_file_of_the_same_name_replaces_it_however_long_it_is(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    for size in (300_000, 300_000, 1_000):
        track = finished(tmp_path, size)
        await uploads.settle(RECORDING, NAME)
        assert store.objects(name) == {WHOLE: track.main.read_bytes()}
        track.main.unlink()


async def test_an_object_that_was_cut_is_made_whole_again(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    uploads = Uploads(Storage(tmp_path), store.bucket(name))
    content = finished(tmp_path, 300_000).main.read_bytes()
    await store.bucket(name).put(WHOLE, content[:-1])
    await uploads.settle(RECORDING, NAME)
    assert store.objects(name) == {WHOLE: content}


async def test_what_is_not_on_the_disk_is_not_uploaded(store: Store, tmp_path: Path) -> None:
    uploads = Uploads(Storage(tmp_path), store.bucket(store.new_bucket()))
    with pytest.raises(FileNotFoundError):
        await uploads.grow(RECORDING, NAME)
    with pytest.raises(FileNotFoundError):
        await uploads.settle(RECORDING, NAME)


async def test_a_track_that_grew_much_while_the_bucket_was_away_is_caught_up_with_part_by_part(
    store: Store, tmp_path: Path
) -> None:
    name = store.new_bucket()
    bucket = KilledAt(store, name)
    path = tmp_path / RECORDING / f"{NAME}.age"
    path.parent.mkdir()
    path.write_bytes(text(2 * PART + 5))
    assert await Uploads(Storage(tmp_path), bucket).grow(RECORDING, NAME)
    kept = kept_of(RECORDING, NAME, {key: len(data) for key, data in store.objects(name).items()})
    assert [part.size for part in kept.longest] == [PART, PART, 5]
    assert b"".join(store.objects(name)[part.key] for part in kept.longest) == path.read_bytes()


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_any_call_while_a_track_grows_the_bucket_holds_a_beginning_of_it(
    store: Store, tmp_path: Path, after: bool
) -> None:
    call = 0
    while True:
        name, folder = store.new_bucket(), tmp_path / f"{after}-{call}"
        bucket = KilledAt(store, name, call, after=after)
        track = Track(folder)
        kept: list[int] = [0]
        try:
            uploads = Uploads(Storage(folder), bucket)
            for size in GROWTH:
                track.grows(size)
                await uploads.grow(RECORDING, NAME)
                kept.append(len(track.content))
            killed = False
        except Killed:
            killed = True
        if kept[-1]:
            seen = seen_elsewhere(store, name, tmp_path / "empty")
            assert seen == track.content[: len(seen)]
            assert len(seen) >= kept[-1]
        # and the next process makes it whole
        track.ends()
        await Uploads(Storage(folder), store.bucket(name)).settle(RECORDING, NAME)
        assert store.objects(name) == {WHOLE: track.main.read_bytes()}
        if not killed:
            assert call > 8
            return
        call += 1


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_any_call_when_a_track_is_done_the_next_process_finishes_it(
    store: Store, tmp_path: Path, after: bool
) -> None:
    call = 0
    while True:
        name, folder = store.new_bucket(), tmp_path / f"{after}-{call}"
        track = Track(folder)
        track.grows(200_000)
        await Uploads(Storage(folder), store.bucket(name)).grow(RECORDING, NAME)
        track.grows(1_000)
        track.ends()
        content = track.main.read_bytes()
        try:
            await Uploads(Storage(folder), KilledAt(store, name, call, after=after)).settle(RECORDING, NAME)
            killed = False
        except Killed:
            killed = True
        assert track.main.read_bytes() == content, "the disk has it until the bucket does"
        whole = store.objects(name).get(whole_key(RECORDING, NAME))
        assert whole in (None, content), "all of it or nothing"
        assert len(seen_elsewhere(store, name, tmp_path / "empty")) >= 200_000, "the bucket never has less than before"
        await Uploads(Storage(folder), store.bucket(name)).settle(RECORDING, NAME)
        assert store.objects(name) == {WHOLE: content}
        if not killed:
            assert call >= 5
            return
        call += 1


def test_parts_are_read_in_order_as_far_as_they_follow_one_another() -> None:
    where = f"{WHOLE}.parts/0123456789abcdef"
    sizes = {
        f"{where}/{0:014}": 100,
        f"{where}/{100:014}": 50,
        f"{where}/{120:014}": 100,  # asked twice how far it had come
        f"{where}/{500:014}": 10,  # nothing before it
        f"{where}/nonsense": 10,
        f"{WHOLE}.parts/fedcba9876543210/{0:014}": 30,
        f"{RECORDING}/{NAME}2.age": 5,
    }
    kept = kept_of(RECORDING, NAME, sizes)
    assert [(part.offset, part.size) for part in kept.longest] == [(0, 100), (100, 50), (120, 100)]
    assert kept.reached("0123456789abcdef") == 220
    assert kept.reached("ffffffffffffffff") == 0
    assert len(kept.part_keys) == 6
    assert kept.whole is None
