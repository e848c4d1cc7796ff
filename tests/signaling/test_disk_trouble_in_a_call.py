"""Trouble with the disk on which a call is recorded, through the whole service: real processes, real file systems, and
callers each of whose packets is known. The call loses no packet, people are told at once, and what they were shown to
be recorded is in the files."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from signaling import messages as m
from signaling.capture_parts import PROBLEMS
from tests.leaks.searched import files_below
from tests.signaling.disks import Disk, a_disk_that_freezes, a_small_disk
from tests.signaling.process import Process, a_process
from tests.signaling.recorded_call import MOST_LOST, a_call, a_recorded_call, what_is_kept
from tests.signaling.test_recorded_call import a_clinic, agrees, is_asked

AT_ONCE = 1.5
"""Seconds until people are told that they are not recorded."""

HANGS = 3.5
"""And that the disk does not answer, while nothing is lost by it: two seconds without an answer, and a moment more."""

FROZEN = 5.0
NO_FILM = "--no-recordings-compose"


def service_on(disk: Disk, folder: Path) -> AbstractAsyncContextManager[Process]:
    """With all that it keeps on that disk, as it is by default."""
    data = disk.at / "data"
    return a_process(folder, data, NO_FILM, enter=disk.enter, seen=disk.inside(data))


async def test_a_disk_that_is_full_is_told_at_once_and_when_there_is_space_the_recording_goes_on(
    tmp_path: Path,
) -> None:
    async with a_small_disk(tmp_path, 16) as disk:
        async with service_on(disk, tmp_path) as process, a_recorded_call(process) as call:
            begun = call.sent()
            await asyncio.sleep(2)
            await disk.fill()
            full_at = time.monotonic()
            assert (await call.shows("paused", paused_by="fault")).problem == PROBLEMS["disk_full"]
            assert time.monotonic() - full_at < AT_ONCE
            told = call.sent()
            await asyncio.sleep(2)
            await disk.free()
            await call.shows("running", problem=None)
            again = call.sent()
            await asyncio.sleep(2)
            over = call.sent()
            await call.stops_recording()
            await call.loses_nothing()
            await process.stop()
        await disk.copy(disk.at / "data", tmp_path / "data")
    async with a_clinic(tmp_path) as clinic:
        await clinic.only()
        kept = await what_is_kept(clinic.vault, call.callers)
    assert kept.lost(begun, told) <= MOST_LOST
    assert kept.lost(again, over) <= MOST_LOST


async def test_a_disk_that_is_read_only_is_told_at_once_and_when_it_is_not_the_recording_goes_on(
    tmp_path: Path,
) -> None:
    async with a_small_disk(tmp_path, 16) as disk:
        data, recordings = tmp_path / "data", disk.at / "recordings"
        flags = (NO_FILM, "--recordings-dir", str(recordings))
        async with a_process(tmp_path, data, *flags, enter=disk.enter) as process, a_recorded_call(process) as call:
            begun = call.sent()
            await asyncio.sleep(1.5)
            paused = call.sent()
            await call.doctor.client.says(m.Record(action="pause"))
            await call.shows("paused", paused_by="person")
            await _finished(disk.inside(recordings))
            await disk.make("ro")
            await call.doctor.client.says(m.Record(action="resume"))
            await call.shows("running")
            resumed, resumed_at = call.sent(), time.monotonic()
            assert (await call.shows("paused", paused_by="fault")).problem == PROBLEMS["disk_failed"]
            assert time.monotonic() - resumed_at < AT_ONCE
            told = call.sent()
            await asyncio.sleep(2)
            await disk.make("rw")
            await call.shows("running", problem=None)
            again = call.sent()
            await asyncio.sleep(2)
            over = call.sent()
            await call.stops_recording()
            await call.loses_nothing()
            await process.stop()
        await disk.copy(recordings, data / "recordings")
    async with a_clinic(tmp_path) as clinic:
        await clinic.only()
        kept = await what_is_kept(clinic.vault, call.callers)
    assert kept.lost(begun, paused) <= MOST_LOST
    assert kept.lost(resumed, told) <= MOST_LOST
    assert kept.lost(again, over) <= MOST_LOST


async def test_a_recording_that_cannot_begin_on_a_read_only_disk_is_told_of_and_the_call_goes_on(
    tmp_path: Path,
) -> None:
    async with a_small_disk(tmp_path, 16) as disk:
        flags = (NO_FILM, "--recordings-dir", str(disk.at / "recordings"))
        service = a_process(tmp_path, tmp_path / "data", *flags, enter=disk.enter)
        async with service as process, a_call(process) as call:
            await disk.make("ro")
            await call.doctor.client.says(m.Record(action="start"))
            await is_asked(call.patient.client)
            await agrees(call.patient.client)
            assert (await call.shows("failed")).problem == PROBLEMS["disk_failed"]
            await call.loses_nothing()
            await process.stop()


async def test_a_disk_that_is_frozen_for_five_seconds_is_told_of_and_nothing_at_all_is_lost(tmp_path: Path) -> None:
    async with a_disk_that_freezes(tmp_path, 64) as disk:
        async with service_on(disk, tmp_path) as process, a_recorded_call(process) as call:
            begun = call.sent()
            await asyncio.sleep(2)
            frozen = await disk.freeze(FROZEN)
            frozen_at = time.monotonic()
            await call.shows("running", problem=PROBLEMS["disk_slow"])
            assert time.monotonic() - frozen_at < HANGS
            await frozen.wait()
            await call.shows("running", problem=None)
            await asyncio.sleep(2)
            over = call.sent()
            await call.stops_recording()
            await call.loses_nothing()
            await process.stop()
        await disk.copy(disk.at / "data", tmp_path / "data")
    async with a_clinic(tmp_path) as clinic:
        await clinic.only()
        (await what_is_kept(clinic.vault, call.callers)).has_no_gap(begun, over)


async def test_a_disk_that_is_damaged_is_told_at_once_and_what_was_on_it_can_be_read(tmp_path: Path) -> None:
    """Linux makes such a file system read-only by itself, and only an operator can mend it."""
    async with (
        a_disk_that_freezes(tmp_path, 64) as disk,
        service_on(disk, tmp_path) as process,
        a_recorded_call(process) as call,
    ):
        begun = call.sent()
        await asyncio.sleep(3)
        before = call.sent()
        await disk.damage()
        damaged_at = time.monotonic()
        assert (await call.shows("paused", paused_by="fault")).problem == PROBLEMS["disk_failed"]
        assert time.monotonic() - damaged_at < AT_ONCE
        await asyncio.sleep(1)
        await call.loses_nothing()
        await disk.copy(disk.at / "data", tmp_path / "data")
    async with a_clinic(tmp_path) as clinic:
        kept = await what_is_kept(clinic.vault, call.callers)
    assert kept.lost(begun, before) <= MOST_LOST


async def test_a_writer_that_stands_still_for_five_seconds_is_told_of_and_nothing_at_all_is_lost(
    tmp_path: Path,
) -> None:
    async with a_process(tmp_path, tmp_path / "data", NO_FILM) as process, a_recorded_call(process) as call:
        begun = call.sent()
        await asyncio.sleep(2)
        writer = process.writer
        os.kill(writer, signal.SIGSTOP)
        stopped_at = time.monotonic()
        try:
            await call.shows("running", problem=PROBLEMS["disk_slow"])
            assert time.monotonic() - stopped_at < HANGS
            await asyncio.sleep(stopped_at + FROZEN - time.monotonic())
        finally:
            os.kill(writer, signal.SIGCONT)
        await call.shows("running", problem=None)
        await asyncio.sleep(2)
        over = call.sent()
        await call.stops_recording()
        await call.loses_nothing()
        await process.stop()
    async with a_clinic(tmp_path) as clinic:
        await clinic.only()
        (await what_is_kept(clinic.vault, call.callers)).has_no_gap(begun, over)


async def _finished(recordings: Path) -> None:
    """Until no track is being written: only then an operator can make the disk read-only."""
    async with asyncio.timeout(10):
        while any(path.name.endswith(".tail.age") for path in files_below(recordings)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
