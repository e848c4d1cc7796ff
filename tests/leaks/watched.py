"""Folders that are watched: what is created, written or given a name in them, by whichever process, from then on.

The kernel itself tells (inotify), so that a file that is there for a moment only is seen too. Not here: what is in it.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

_MODIFIED, _CREATED, _GIVEN_A_NAME = 0x2, 0x100, 0x80
_IS_FOLDER, _OVERFLOWN = 0x40000000, 0x4000
_EVENT = struct.Struct("iIII")
_MOST = 1 << 20


class Watched:
    def __init__(self, *folders: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._file = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._file < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        self._folders: dict[int, Path] = {}
        for folder in folders:
            self._add(folder)

    def seen(self) -> set[Path]:
        """The files since the last call."""
        found: set[Path] = set()
        while data := self._read():
            at = 0
            while at < len(data):
                watch, mask, _, length = _EVENT.unpack_from(data, at)
                at += _EVENT.size
                name = data[at : at + length].rstrip(b"\0")
                at += length
                assert not mask & _OVERFLOWN, "too much was written to be told of"
                if watch not in self._folders:
                    continue
                path = self._folders[watch] / os.fsdecode(name)
                found |= self._add(path) if mask & _IS_FOLDER else {path}
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)

    def _add(self, folder: Path) -> set[Path]:
        """Returns what is in it already."""
        watch = self._libc.inotify_add_watch(self._file, os.fsencode(folder), _MODIFIED | _CREATED | _GIVEN_A_NAME)
        if watch < 0:
            return set()  # it is gone again
        self._folders[watch] = folder
        found: set[Path] = set()
        for each in folder.iterdir():
            found |= self._add(each) if each.is_dir() else {each}
        return found

    def _read(self) -> bytes:
        try:
            return os.read(self._file, _MOST)
        except BlockingIOError:
            return b""
