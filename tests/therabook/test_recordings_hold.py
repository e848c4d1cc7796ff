"""`therabook recordings hold` and `release`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from click.testing import CliRunner, Result

from tests.signaling.kept import Kept
from therabook.cli import main


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["recordings", *arguments, "--data-dir", str(data)], input="y\n")


async def keep(folder: Path) -> None:
    kept = Kept(folder)
    await kept.add()
    await kept.database.close()


def test_what_is_on_hold_is_not_shredded_until_it_is_released(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    assert run(data, "list").exit_code == 0, "which makes the keys and the database"
    asyncio.run(keep(tmp_path))
    assert run(data, "release", "rec-1").output == "Error: the recording is not on hold\n"
    assert run(data, "hold", "rec-1", "--because", "case 7").exit_code == 0
    assert "on hold" in run(data, "list").output
    assert "already" in run(data, "hold", "rec-1", "--because", "case 8").output
    refused = run(data, "shred", "rec-1", "--reason", "asked for")
    assert refused.exit_code == 1
    assert "on hold" in refused.output
    assert run(data, "release", "rec-1").exit_code == 0
    shredded = run(data, "shred", "rec-1", "--reason", "asked for")
    assert shredded.exit_code == 0, shredded.output
    assert "3 keys deleted" in shredded.output
