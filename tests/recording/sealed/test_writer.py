"""Writing a track, and going on after the disk has refused."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from recording.age import CHUNK, open_bytes
from recording.sealed import Disk, DiskBehind, SealedReader, SealedWriter, files_of
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance, text
from tests.recording.sealed.disks import FailsAt, KilledAt
from tests.recording.sealed.session import LARGE, NAME, Told, names_in, read, write


def writer(folder: Path, disk: Disk | None = None, most_held: int = 1 << 20) -> SealedWriter:
    return SealedWriter(folder, NAME, RECIPIENT, chance(1), disk=disk, most_held=most_held)


def test_a_closed_track_is_one_age_file_for_its_owner_only(tmp_path: Path) -> None:
    track = writer(tmp_path)
    track.write(text(2 * CHUNK + 5))
    track.checkpoint()
    assert names_in(tmp_path) == [f"{NAME}.age", f"{NAME}.tail.age"]
    track.close()
    track.close()
    assert names_in(tmp_path) == [f"{NAME}.age"]
    path = files_of(tmp_path, NAME).main
    assert open_bytes(path.read_bytes(), [IDENTITY]) == text(2 * CHUNK + 5)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_track_without_content_is_an_age_file_too(tmp_path: Path) -> None:
    track = writer(tmp_path)
    track.checkpoint()
    track.close()
    assert read(tmp_path) == b""


def test_what_lies_on_the_disk_is_never_in_the_clear(tmp_path: Path) -> None:
    pattern = b"a planted pattern"
    track = writer(tmp_path)
    for _ in range(8):
        track.write(pattern * 2000)
        track.checkpoint()
        for path in tmp_path.iterdir():
            assert pattern[:6] not in path.read_bytes()
    track.close()
    assert read(tmp_path) == pattern * 16000


def test_a_track_can_begin_while_the_disk_takes_nothing(tmp_path: Path) -> None:
    disk = Full(0)
    track = writer(tmp_path, disk)
    assert names_in(tmp_path) == []
    track.write(b"said while the disk was full")
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            track.checkpoint()
    disk.space = 1 << 20
    track.checkpoint()
    assert read(tmp_path) == b"said while the disk was full"
    track.close()
    assert names_in(tmp_path) == [f"{NAME}.age"]


def test_each_tail_is_sealed_with_a_key_of_its_own(tmp_path: Path) -> None:
    """The same content twice would else show what changed between two tails. The file key is the same, and the nonce
    that the payload's key is derived with is not."""
    track = writer(tmp_path)
    files = files_of(tmp_path, NAME)
    nonces, ends = set(), set()
    for turn in range(6):
        track.write(b"x")
        track.checkpoint(secure=turn % 2 == 0)
        sealed = (files.tail if turn % 2 == 0 else files.fresh).read_bytes()
        payload = sealed.partition(b"\n--- ")[2]
        nonces.add(payload[44:60])
        ends.add(payload[-16:])
    track.abandon()
    assert len(nonces) == len(ends) == 6


def test_nothing_new_costs_nothing(tmp_path: Path) -> None:
    disk = KilledAt()
    track = writer(tmp_path, disk)
    track.write(b"text")
    track.checkpoint()
    calls = disk.calls
    track.checkpoint()
    assert disk.calls == calls
    track.close()


def test_a_track_never_takes_anothers_place(tmp_path: Path) -> None:
    write(tmp_path, Disk(), (10,), Told())
    before = files_of(tmp_path, NAME).main.read_bytes()
    track = writer(tmp_path)
    track.write(b"another")
    for attempt in (track.checkpoint, track.checkpoint, track.close):
        with pytest.raises(FileExistsError):
            attempt()
    track.abandon()
    assert names_in(tmp_path) == [f"{NAME}.age"]
    assert files_of(tmp_path, NAME).main.read_bytes() == before


@pytest.mark.parametrize("name", ["", ".", "../up", "a/b", "a.b", "a b", "ä", "x" * 129, "a\0"])
def test_a_name_leads_nowhere_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="named by"):
        SealedWriter(tmp_path, name, RECIPIENT, chance(1))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_after_any_call_has_failed_once_the_track_goes_on_and_is_whole(tmp_path: Path, number: int) -> None:
    counted = tmp_path / "counted"
    counted.mkdir()
    counting = KilledAt()
    write(counted, counting, LARGE, Told())
    for call in range(counting.calls):
        folder = tmp_path / f"{call}"
        folder.mkdir()
        disk = FailsAt(call, number=number)
        errors = 0
        track = writer(folder, disk)
        whole = b""
        for place, size in enumerate(LARGE):
            piece = text(size, seed=place)
            kept = track.kept
            track.write(piece)
            whole += piece
            try:
                track.checkpoint()
            except OSError:
                errors += 1
                # as it is now, a crash would cost no more than the last piece
                if kept:
                    data = read(folder)
                    assert len(data) >= kept
                    assert whole.startswith(data)
        try:
            track.close()
        except OSError:
            errors += 1
            track.close()
        disk.bury()
        assert errors == 1
        assert names_in(folder) == [f"{NAME}.age"]
        assert read(folder) == whole
        with SealedReader(folder, NAME, IDENTITY) as finished:
            assert finished.finished


def test_on_a_full_disk_what_there_is_can_be_left_and_read(tmp_path: Path) -> None:
    track = writer(tmp_path, Full(200_000))
    whole = b""
    for number in range(100):
        piece = text(30_000, seed=number)
        track.write(piece)
        whole += piece
        try:
            track.checkpoint()
        except OSError:
            break
    kept = track.kept
    with pytest.raises(OSError, match="No space"):
        track.close()
    with pytest.raises(ValueError, match="closed"):
        track.write(b"more")
    track.abandon()
    track.close()
    data = read(tmp_path)
    assert len(data) >= kept > 60_000
    assert whole.startswith(data)


class Full(Disk):
    """Takes so many bytes. A partial write takes what fits."""

    def __init__(self, space: int) -> None:
        self.space = space

    def write(self, file: int, data: bytes, offset: int) -> None:
        fits = data[: self.space]
        self.space -= len(fits)
        super().write(file, fits, offset)
        if len(fits) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_after_a_close_that_failed_a_checkpoint_keeps_the_rest(tmp_path: Path) -> None:
    disk = Full(1000)
    track = writer(tmp_path, disk)
    track.write(text(2 * CHUNK))
    with pytest.raises(OSError, match="No space"):
        track.close()
    disk.space = 1 << 20
    track.checkpoint()
    assert track.kept == 2 * CHUNK
    assert read(tmp_path) == text(2 * CHUNK)
    track.close()
    assert names_in(tmp_path) == [f"{NAME}.age"]


def test_what_waits_in_memory_is_bounded(tmp_path: Path) -> None:
    track = writer(tmp_path, most_held=3 * CHUNK)
    accepted = 0
    while accepted < 10 * CHUNK:
        try:
            accepted += track.write(text(10_000, seed=accepted))
        except DiskBehind:
            break
    assert accepted == track.position
    assert 2 * CHUNK < accepted < 5 * CHUNK
    track.checkpoint()
    track.write(text(10_000))
    track.close()
    assert len(read(tmp_path)) == accepted + 10_000


def test_an_abandoned_track_takes_nothing_more(tmp_path: Path) -> None:
    track = writer(tmp_path)
    track.write(b"kept")
    track.checkpoint()
    track.write(b" and lost")
    track.abandon()
    track.abandon()
    with pytest.raises(ValueError, match="closed"):
        track.write(b"more")
    with pytest.raises(ValueError, match="abandoned"):
        track.checkpoint()
    assert read(tmp_path) == b"kept"


def test_while_the_disk_hangs_writing_goes_on(tmp_path: Path) -> None:
    disk = Hanging()
    track = writer(tmp_path, disk)
    track.write(text(CHUNK + 1, seed=1))
    disk.hangs.set()
    checkpointing = threading.Thread(target=track.checkpoint)
    checkpointing.start()
    assert disk.waits.wait(10)
    for seed in (2, 3):
        track.write(text(CHUNK, seed=seed))  # would hang here
    disk.goes_on.set()
    checkpointing.join(10)
    assert not checkpointing.is_alive()
    assert track.kept == CHUNK + 1
    assert read(tmp_path) == text(CHUNK + 1, seed=1)
    track.close()
    assert read(tmp_path) == text(CHUNK + 1, seed=1) + text(CHUNK, seed=2) + text(CHUNK, seed=3)


class Hanging(Disk):
    def __init__(self) -> None:
        self.hangs, self.waits, self.goes_on = threading.Event(), threading.Event(), threading.Event()

    def sync(self, file: int) -> None:
        if self.hangs.is_set():
            self.waits.set()
            assert self.goes_on.wait(10)
        super().sync(file)


def test_written_by_one_thread_and_checkpointed_by_another_it_is_whole(tmp_path: Path) -> None:
    track = writer(tmp_path, most_held=1 << 30)
    done = threading.Event()
    seen = []

    def checkpoint() -> None:
        while not done.is_set():
            track.checkpoint()
            seen.append(track.kept)

    other = threading.Thread(target=checkpoint)
    other.start()
    whole = b""
    for number in range(400):
        piece = text(1 + number * 7, seed=number)
        whole += piece
        track.write(piece)
    done.set()
    other.join(30)
    track.close()
    assert read(tmp_path) == whole
    assert seen == sorted(seen)
