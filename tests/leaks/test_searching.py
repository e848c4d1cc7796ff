"""The search itself: what is there is found, however it is written."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

from tests.leaks.memory import found_in
from tests.leaks.searched import family, search, swapped, written_by
from tests.leaks.watched import Watched

SECRET = bytes(range(1, 41))


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        SECRET[:20],
        SECRET[20:],
        SECRET.hex().encode(),
        base64.b64encode(SECRET),
        base64.b64encode(b"a" + SECRET),
        base64.b64encode(b"ab" + SECRET + b"cd"),
    ],
)
def test_what_is_in_a_file_is_found(tmp_path: Path, written: bytes) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(os.urandom(1000) + written + os.urandom(1000))
    (tmp_path / "other").write_bytes(os.urandom(1000))
    assert search([tmp_path], {"it": SECRET}) == [f"it in {tmp_path / 'deep' / 'file'}"]


def test_what_is_written_is_seen_even_if_it_is_gone_again(tmp_path: Path) -> None:
    (tmp_path / "before").write_bytes(b"1")
    with Watched(tmp_path) as watched:
        assert watched.seen() == set()
        (tmp_path / "a").write_bytes(b"1")
        (tmp_path / "a").unlink()
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder" / "b").write_bytes(b"1")
        assert watched.seen() == {tmp_path / "a", tmp_path / "folder" / "b"}
        (tmp_path / "folder" / "b").write_bytes(b"2")
        (tmp_path / "before").replace(tmp_path / "after")
        assert watched.seen() == {tmp_path / "after", tmp_path / "folder" / "b"}


def test_what_a_process_writes_to_is_known(tmp_path: Path) -> None:
    with (tmp_path / "written").open("wb"), (tmp_path / "written").open("rb"):
        assert tmp_path / "written" in written_by(os.getpid())
    assert tmp_path / "written" not in written_by(os.getpid())
    assert os.getpid() in family(os.getpid())
    assert swapped(os.getpid()) >= 0


@pytest.mark.parametrize("written", [SECRET, SECRET.hex().encode(), base64.urlsafe_b64encode(SECRET)])
def test_what_a_process_has_in_memory_is_found_there_and_not_in_another(written: bytes) -> None:
    command = ["/bin/sleep", "60"]
    with subprocess.Popen(command, env={b"IT": written}) as holder, subprocess.Popen(command, env={}) as other:
        found = [found_in([each.pid], {"it": SECRET}) for each in (holder, other)]
        holder.kill()
        other.kill()
    assert found == [{"it"}, set()]
