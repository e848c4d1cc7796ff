"""A recording that goes on after trouble: nobody is shown that they are recorded before they are, and nothing waits for
what can be done beside it."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from clinic import Recordings, TrackState, Unavailable
from recording.sealed import finish
from signaling import capture
from signaling import messages as m
from tests.signaling.server import a_server
from tests.signaling.test_recorded_call import Clinic, a_call, a_clinic, hang_up, phase, start, writer_of

WITHIN = 20.0


async def _captured(clinic: Clinic, folder: Path) -> None:
    """Returns when something of all four tracks would outlive their writer."""
    async with asyncio.timeout(WITHIN):
        while len((await clinic.only(None)).tracks) < 4:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while sum(each.stat().st_size > 3000 for each in folder.rglob("*.fresh.age")) < 4:  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.05)


async def test_what_a_dead_writer_has_left_is_finished_beside_the_recording_that_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the longer the longer the session has lasted."""
    may_finish = threading.Event()

    def slow(*given: Any, **more: Any) -> Any:
        assert may_finish.wait(2 * WITHIN)
        return finish(*given, **more)

    monkeypatch.setattr(capture, "finish", slow)
    async with (
        a_server(tmp_path, encryption="preferred", recordings_compose=False) as server,
        a_clinic(tmp_path) as clinic,
    ):
        doctor, patient = await a_call(server)
        try:
            await start(doctor, patient)
            await _captured(clinic, tmp_path)
            os.kill(writer_of(os.getpid()), signal.SIGKILL)
            await phase(doctor.client, "paused", paused_by="fault")
            await phase(doctor.client, "running")
            async with asyncio.timeout(WITHIN):
                while len((await clinic.only(None)).tracks) < 8:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            may_finish.set()
        await doctor.client.says(m.Record(action="stop"))
        whole = await clinic.only()
        assert sorted(track.state.value for track in whole.tracks) == ["finished"] * 4 + ["recovered"] * 4
        assert {check.problem for check in await clinic.vault.verify(whole.recording.id)} == {None}
        await hang_up(doctor, patient)


async def test_what_a_dead_writer_has_left_on_a_full_disk_is_kept_as_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any, **more: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(capture, "finish", full)
    async with (
        a_server(tmp_path, encryption="preferred", recordings_compose=False) as server,
        a_clinic(tmp_path) as clinic,
    ):
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await _captured(clinic, tmp_path)
        os.kill(writer_of(os.getpid()), signal.SIGKILL)
        await phase(doctor.client, "paused", paused_by="fault")
        await doctor.client.says(m.Record(action="stop"))
        whole = await clinic.only()
        assert {track.state for track in whole.tracks} == {TrackState.RECOVERED}
        checked = await clinic.vault.verify(whole.recording.id)
        assert all(each.problem is None and each.bytes > 1000 for each in checked)
        await hang_up(doctor, patient)


async def test_nobody_is_shown_to_be_recorded_while_the_database_keeps_it_from_being_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = False
    mark = Recordings.mark

    async def kept(recordings: Recordings, given: Any) -> None:
        if away:
            raise Unavailable("the database cannot be used now")
        await mark(recordings, given)

    monkeypatch.setattr(Recordings, "mark", kept)
    async with (
        a_server(tmp_path, encryption="preferred", recordings_compose=False) as server,
        a_clinic(tmp_path) as clinic,
    ):
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await _captured(clinic, tmp_path)
        away = True
        os.kill(writer_of(os.getpid()), signal.SIGKILL)
        await phase(doctor.client, "paused", paused_by="fault")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(phase(doctor.client, "running"), 4)
        away = False
        await phase(doctor.client, "running")
        async with asyncio.timeout(1):
            while len((await clinic.only(None)).tracks) < 8:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await hang_up(doctor, patient)
