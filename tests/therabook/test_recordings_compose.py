"""`therabook recordings compose`: a film or a mix, made at the machine where the recording is."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from clinic import JobState, RecordingState
from tests.recording.media.content import hear, onsets
from tests.signaling.filmed import REC, Recorded, codecs, titles
from therabook.cli import main

T = TypeVar("T")


def at(data: Path, work: Callable[[Recorded], Awaitable[T]]) -> T:
    async def run() -> T:
        recorded = Recorded(data)
        try:
            return await work(recorded)
        finally:
            await recorded.database.close()

    return asyncio.run(run())


def compose(data: Path, *flags: str, recording: str = REC) -> Result:
    return CliRunner().invoke(main, ["recordings", "compose", recording, "--data-dir", str(data), *flags])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    async def keep(recorded: Recorded) -> None:
        recorded.short()
        await recorded.keep()

    at(tmp_path, keep)
    return tmp_path


def test_a_film_with_names_is_kept_with_the_recording(data: Path) -> None:
    done = compose(data, "--names")
    assert done.exit_code == 0, done.output
    assert "100%" not in done.output
    assert "0%" in done.output
    film = at(data, Recorded.made)
    assert codecs(film) == ["aac", "h264"]
    assert titles(film)[0] == "Start · Ann Planted joined"
    whole = at(data, Recorded.whole)
    assert (whole.recording.state, whole.jobs[0].state) == (RecordingState.READY, JobState.DONE)
    assert "Planted" not in done.output


def test_of_what_was_said_one_file_is_made(data: Path) -> None:
    assert compose(data, "--audio").exit_code == 0
    mix = at(data, Recorded.made)
    assert (codecs(mix), len(onsets(hear(mix)))) == (["aac"], 4)


def test_where_the_server_has_half_of_the_key_somebody_brings_the_other(data: Path) -> None:
    elsewhere = data / "elsewhere"
    elsewhere.mkdir()
    public = str(at(data, _recipient))
    shutil.move(data / "recordings-key", elsewhere / "key")
    sealed = ("--recordings-key", "sealed", "--recordings-public-key", public)
    refused = compose(data, *sealed)
    assert refused.exit_code == 1
    assert "cannot" in refused.output or "not open" in refused.output
    shutil.copy(elsewhere / "key", data / "recordings-key")
    whole = at(data, Recorded.whole)
    assert (whole.recording.state, whole.jobs[0].state) == (RecordingState.CAPTURED, JobState.CANCELLED)
    (data / "recordings-key").unlink()
    done = compose(data, *sealed, "--identity", str(elsewhere / "key"))
    assert done.exit_code == 0, done.output
    shutil.copy(elsewhere / "key", data / "recordings-key")
    assert codecs(at(data, Recorded.made)) == ["aac", "h264"]


def test_what_is_not_there_is_said_to_be_not_there(data: Path) -> None:
    refused = compose(data, recording="other")
    assert refused.exit_code == 1
    assert "no such recording" in refused.output


async def _recipient(recorded: Recorded) -> object:
    return recorded.clinics.recipient
