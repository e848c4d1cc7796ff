"""A recorded call through the whole service: its film appears, the therapist sees it coming, the patient does not."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from clinic import RecordingState
from recording.keys import ClinicKey
from signaling import messages as m
from tests.recording.compose.session import frames_of
from tests.signaling.filmed import codecs, titles
from tests.signaling.server import Client, a_server
from tests.signaling.test_recorded_call import a_call, a_clinic, hang_up, start


async def film_is_done(client: Client, *others: Client) -> None:
    """`others` answer pings meanwhile, as pages do."""
    listening = [asyncio.create_task(_hears(other, lambda state: False)) for other in others]
    async with asyncio.timeout(60):
        await _hears(client, lambda state: state.film is not None and state.film.state == "done")
    for task in listening:
        task.cancel()
    await asyncio.wait(listening)


async def _hears(client: Client, where: Callable[[m.State], bool]) -> None:
    while True:
        with contextlib.suppress(TimeoutError):  # that of one look
            await client.state(where)
            return


async def test_the_film_of_a_recorded_call_appears_while_the_session_goes_on(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred", recordings_compose=True) as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await asyncio.sleep(2)
        await doctor.client.says(m.Record(action="stop"))
        async with a_clinic(tmp_path) as clinic:
            await film_is_done(doctor.client, patient.client)
            whole = await clinic.only(RecordingState.READY)
            shown = [each.film for each in doctor.client.told if isinstance(each, m.State) and each.film is not None]
            assert [film.state for film in shown if film.state != "running"] == ["waiting", "done"]
            # a reply to this is behind all that the patient was told before
            await patient.client.says(m.Hand(raised=True))
            await patient.client.state(lambda state: state.you.hand)
            told = [each for each in patient.client.told if isinstance(each, m.State)]
            assert told
            assert {each.film for each in told} == {None}
            (output,) = whole.outputs
            identity = await clinic.vault.output_identity(output)
            with clinic.vault.open_output(output, identity) as reader:
                film = reader.read_at(0, reader.size)
            assert codecs(film) == ["aac", "h264"]
            assert 30 < len(frames_of(film)) < 150
            assert titles(film)[0].startswith("Start")
        await hang_up(doctor, patient)


async def test_a_server_that_cannot_open_what_it_recorded_makes_the_film_before_it_forgets_the_keys(
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    brought = ClinicKey.from_file(tmp_path / "elsewhere" / "key", os.urandom)
    sealed = {"recordings_key": "sealed", "recordings_public_key": str(brought.recipient)}
    async with a_server(tmp_path, encryption="preferred", recordings_compose=True, **sealed) as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await asyncio.sleep(1.5)
        await doctor.client.says(m.Record(action="stop"))
        async with a_clinic(tmp_path, brought) as clinic:
            await film_is_done(doctor.client, patient.client)
            whole = await clinic.only(RecordingState.READY)
            (output,) = whole.outputs
            identity = await clinic.vault.output_identity(output)
            with clinic.vault.open_output(output, identity) as reader:
                assert codecs(reader.read_at(0, reader.size)) == ["aac", "h264"]
        assert not (tmp_path / "data" / "recordings-key").exists()
        await hang_up(doctor, patient)
