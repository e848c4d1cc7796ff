"""A file of lines that outlives the process: what was added is there, in its order, whatever tears the file's end."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from signaling import spool as spool_module
from signaling.spool import Spool


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waiting"


def tear(file: Path) -> None:
    file.write_bytes(b'whole\n{"to\xc3')


def mode_of(file: Path) -> int:
    return file.stat().st_mode & 0o777


def left(file: Path) -> list[str]:
    return Spool(file).read()


async def test_lines_outlive_the_process_in_their_order(file: Path) -> None:
    spool = Spool(file)
    assert spool.read() == []
    for number in range(1000):
        spool.add(f"line {number}")
    await spool.close()
    assert left(file) == [f"line {number}" for number in range(1000)]
    assert mode_of(file) == 0o600


async def test_what_is_begun_anew_takes_the_place_of_all_before_it(file: Path) -> None:
    spool = Spool(file)
    spool.read()
    spool.add("before")
    spool.begin_anew(["first", "second"])
    spool.add("third")
    await spool.close()
    assert left(file) == ["first", "second", "third"]
    assert spool.whole
    assert [each.name for each in file.parent.iterdir()] == [file.name]


async def test_a_torn_end_spoils_no_other_line(file: Path) -> None:
    tear(file)
    spool = Spool(file)
    torn = spool.read()
    spool.add("after")
    await spool.close()
    assert left(file) == [*torn, "after"]
    assert torn[0] == "whole"


async def test_who_adds_does_not_wait_for_a_disk_that_hangs(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on = threading.Event()
    write = os.write

    def slow(*of: Any) -> int:
        goes_on.wait()
        return write(*of)

    monkeypatch.setattr("signaling.spool.os.write", slow)
    monkeypatch.setattr(spool_module, "MOST", 100)
    spool = Spool(file)
    spool.read()
    spool.begin_anew(["begun"])
    for number in range(300):
        spool.add(f"line {number}")
    assert not spool.whole, "memory is bounded, and the file is known not to hold everything"
    goes_on.set()
    spool.begin_anew(["all that waits"])
    await spool.close()
    assert spool.whole
    assert left(file) == ["all that waits"]


async def test_a_full_disk_is_noticed_and_the_file_stays_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(file)
    spool.read()
    spool.begin_anew(["begun"])
    spool.add("kept")
    await spool.close()
    full = Spool(file)
    assert full.read() == ["begun", "kept"]

    def write(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("signaling.spool.os.write", write)
        full.begin_anew(["anew"])
        full.add("lost")
        await full.close()
    assert not full.whole
    assert left(file) == ["begun", "kept"]
