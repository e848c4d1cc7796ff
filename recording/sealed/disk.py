"""What is done to the files of a track, call by call: the places at which a crash can fall.

All of it raises OSError. Not here: the order, which is what makes it safe (`writer.py`, `finish.py`). Tests put their
own disks in its place, which stop at any call, or forget what was not synced.
"""

from __future__ import annotations

import ctypes
import errno
import os
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Disk:
    """Linux' own."""

    def create(self, path: Path, *, fresh: bool) -> int:
        """A descriptor to write with. `fresh`: there must be no such file yet; otherwise it is emptied."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_EXCL if fresh else os.O_TRUNC)
        return os.open(path, flags, 0o600)

    def reuse(self, path: Path) -> int:
        """A descriptor to write over what is there, or to a new file. Nothing is emptied: `cut` it afterwards."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, file: int, data: bytes, offset: int) -> None:
        """All of it, or an error: then part of it may be there."""
        view = memoryview(data)
        while view:
            written = os.pwrite(file, view, offset)
            view = view[written:]
            offset += written

    def cut(self, file: int, size: int) -> None:
        """What is behind `size` is gone."""
        os.ftruncate(file, size)

    def sync(self, file: int) -> None:
        """Returns when what was written would outlive a power failure."""
        os.fdatasync(file)

    def close(self, file: int) -> None:
        os.close(file)

    def rename(self, old: Path, new: Path) -> None:
        """At once: others see the one or the other, never none."""
        old.replace(new)

    def exchange(self, one: Path, other: Path) -> None:
        """Both are there, and trade names at once. Far cheaper than to rename over a file, before which ext4 brings
        the new one's content to the disk. Where the file system can't, one takes the other's name."""
        if _LIBC.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number))
        one.replace(other)

    def remove(self, path: Path) -> None:
        """If it is there."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """The same as `sync` for what was created, renamed and removed in it."""
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(file)
        finally:
            os.close(file)
