"""A crash at any moment: what was checkpointed is there, whole and in order, and recovery can itself be killed."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from recording.age import CHUNK, AgeError
from recording.sealed import Disk, SealedReader, files_of, finish
from tests.recording.age.made_up import IDENTITY, chance
from tests.recording.sealed.disks import Killed, KilledAt, PowerFails
from tests.recording.sealed.session import LARGE, NAME, SMALL, Told, names_in, read, write


def calls_of(folder: Path, pieces: Sequence[int], secure_every: int = 1) -> KilledAt:
    """A run to the end, to count."""
    disk = KilledAt()
    write(folder, disk, pieces, Told(), secure_every)
    return disk


def holds(folder: Path, told: Told, promised: int | None = None) -> bytes | None:
    """What can be read is what was promised, or more of the same. `promised`: unless it is all that was kept."""
    promised = told.kept if promised is None else promised
    try:
        data = read(folder)
    except (FileNotFoundError, AgeError):
        assert not promised
        assert not told.closed
        return None
    assert len(data) >= promised
    assert told.written.startswith(data)
    if told.closed:
        assert data == told.written
    return data


def killed(folder: Path, pieces: Sequence[int], call: int, torn: float | int, secure_every: int = 1) -> Told:
    folder.mkdir()
    told = Told()
    disk = KilledAt(call, torn)
    with pytest.raises(Killed):
        write(folder, disk, pieces, told, secure_every)
    disk.bury()
    return told


@pytest.mark.parametrize("secure_every", [1, 3, 100])
@pytest.mark.parametrize("torn", [0, 1, 0.5, 0.999, 1.0])
def test_killed_at_any_call_a_track_of_several_chunks_is_readable(
    tmp_path: Path, torn: float | int, secure_every: int
) -> None:
    (tmp_path / "whole").mkdir()
    for call in range(calls_of(tmp_path / "whole", LARGE, secure_every).calls):
        folder = tmp_path / f"{call}"
        told = killed(folder, LARGE, call, torn, secure_every)
        data = holds(folder, told)
        if data is not None:
            assert finish(folder, NAME, IDENTITY, chance(2)).size == len(data)
            assert names_in(folder) == [f"{NAME}.age"]
            assert read(folder) == data
        shutil.rmtree(folder)


def test_a_write_torn_at_any_byte_costs_nothing_that_was_kept(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    writes = calls_of(tmp_path / "whole", SMALL).writes
    assert len(writes) == 4, "the header, two drafts, the end"
    folder = tmp_path / "torn"
    for call, size in writes.items():
        for torn in range(size + 1):
            holds(folder, killed(folder, SMALL, call, torn))
            shutil.rmtree(folder)


@pytest.mark.parametrize("secure_every", [1, 2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_after_a_power_failure_what_was_secured_is_there(tmp_path: Path, seed: int, secure_every: int) -> None:
    """Nothing that was not synced can be relied on, and the order of what was not synced neither."""
    start = tmp_path / "start"
    start.mkdir()
    counting = PowerFails(start)
    write(start, counting, LARGE, Told(), secure_every)
    for call in range(counting.calls + 1):
        disk, told = PowerFails(start, call), Told()
        try:
            write(start, disk, LARGE, told, secure_every)
        except Killed:
            assert call < counting.calls
        folder = tmp_path / f"{call}"
        folder.mkdir()
        disk.after(folder, random.Random(f"{seed} {call}"))
        data = holds(folder, told, told.secured)
        if data is not None:
            assert finish(folder, NAME, IDENTITY, chance(2)).size == len(data)
            assert read(folder) == data
        shutil.rmtree(folder)


LEFT = ("amid", "in the last write", "after the last write", "before the tail is removed")


@pytest.fixture(params=LEFT)
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What a crash left, in a folder."""
    (tmp_path / "whole").mkdir()
    calls = calls_of(tmp_path / "whole", LARGE).calls
    # the last seven are those of close: write, sync, close, three times remove, sync of the folder
    call = dict(zip(LEFT, (calls // 2, calls - 7, calls - 6, calls - 2), strict=True))[request.param]
    folder = tmp_path / "left"
    killed(folder, LARGE, call, 0.5)
    assert f"{NAME}.tail.age" in names_in(folder)
    return folder


def test_recovery_killed_at_any_call_has_lost_nothing(left: Path, tmp_path: Path) -> None:
    data = read(left)
    counting = KilledAt()
    shutil.copytree(left, tmp_path / "counted")
    finish(tmp_path / "counted", NAME, IDENTITY, chance(3), disk=counting)
    for call in range(counting.calls):
        for torn in (0, 0.5):
            folder = tmp_path / f"{call}-{torn}"
            shutil.copytree(left, folder)
            disk = KilledAt(call, torn)
            with pytest.raises(Killed):
                finish(folder, NAME, IDENTITY, chance(3), disk=disk)
            disk.bury()
            assert read(folder) == data
            assert finish(folder, NAME, IDENTITY, chance(4)).size == len(data)
            assert read(folder) == data
            assert names_in(folder) == [f"{NAME}.age"]
            shutil.rmtree(folder)


@pytest.mark.parametrize("seed", range(4))
def test_recovery_survives_a_power_failure(left: Path, tmp_path: Path, seed: int) -> None:
    data = read(left)
    counting = PowerFails(left)
    finish(left, NAME, IDENTITY, chance(3), disk=counting)
    for call in range(counting.calls + 1):
        disk = PowerFails(left, call)
        try:
            finish(left, NAME, IDENTITY, chance(3), disk=disk)
        except Killed:
            assert call < counting.calls
        folder = tmp_path / f"{call}"
        folder.mkdir()
        disk.after(folder, random.Random(f"{seed} {call}"))
        assert read(folder) == data
        finish(folder, NAME, IDENTITY, chance(4))
        assert read(folder) == data
        shutil.rmtree(folder)


@pytest.mark.parametrize("hole", [0, 1])
def test_chunks_that_came_through_a_power_failure_out_of_order_are_no_part_of_the_track(
    tmp_path: Path, hole: int
) -> None:
    """Two chunks and the end were written after the last checkpoint; the end reached the disk, a chunk did not."""
    pieces, told = (10, 150_000), Told()
    (tmp_path / "whole").mkdir()
    disk = KilledAt(calls_of(tmp_path / "whole", pieces).calls - 6, 1.0)
    folder = tmp_path / "track"
    folder.mkdir()
    with pytest.raises(Killed):
        write(folder, disk, pieces, told)
    disk.bury()
    main = files_of(folder, NAME).main
    data = bytearray(main.read_bytes())
    sealed = CHUNK + 16
    payload = len(data) - 150_010 - 3 * 16
    data[payload + hole * sealed : payload + (hole + 1) * sealed] = bytes(sealed)
    main.write_bytes(data)
    with SealedReader(folder, NAME, IDENTITY) as track:
        assert not track.finished
        assert track.ignored == len(data) - payload - hole * sealed
    assert read(folder) == told.written[: max(10, hole * CHUNK)]


def test_a_draft_that_was_left_behind_is_taken_away(tmp_path: Path) -> None:
    told = Told()
    write(tmp_path, Disk(), SMALL, told)
    files_of(tmp_path, NAME).draft.write_bytes(b"half a tail")
    assert read(tmp_path) == told.written
    assert not finish(tmp_path, NAME, IDENTITY, chance(2)).recovered
    assert names_in(tmp_path) == [f"{NAME}.age"]


def test_a_real_disk_does_all_of_it(tmp_path: Path) -> None:
    told = Told()
    write(tmp_path, Disk(), LARGE, told)
    assert names_in(tmp_path) == [f"{NAME}.age"]
    assert read(tmp_path) == told.written
