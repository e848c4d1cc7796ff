"""Two files that trade names: at once where the file system can, else one takes the other's."""

from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from recording.sealed import Disk
from recording.sealed import disk as module


def test_exchanged_files_are_both_there(tmp_path: Path) -> None:
    one, other = _two(tmp_path)
    Disk().exchange(one, other)
    assert (one.read_bytes(), other.read_bytes()) == (b"other", b"one")


def test_where_the_file_system_cannot_the_first_takes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = _two(tmp_path)
    monkeypatch.setattr(module, "_LIBC", _Refuses(errno.EINVAL))
    Disk().exchange(one, other)
    assert other.read_bytes() == b"one"
    assert not one.exists()


def test_any_other_refusal_is_an_error(tmp_path: Path) -> None:
    one, other = _two(tmp_path)
    other.unlink()
    with pytest.raises(FileNotFoundError):
        Disk().exchange(one, other)
    assert one.read_bytes() == b"one"


def test_what_is_written_over_something_longer_is_cut(tmp_path: Path) -> None:
    one, _ = _two(tmp_path)
    disk = Disk()
    file = disk.reuse(one)
    disk.write(file, b"a", 0)
    disk.cut(file, 1)
    disk.close(file)
    assert one.read_bytes() == b"a"


def _two(folder: Path) -> tuple[Path, Path]:
    one, other = folder / "one", folder / "other"
    one.write_bytes(b"one")
    other.write_bytes(b"other")
    return one, other


class _Refuses:
    """The C library of a kernel that does not know how."""

    def __init__(self, number: int) -> None:
        self._number = number

    def renameat2(self, *_: object) -> int:
        ctypes.set_errno(self._number)
        return -1
