"""Where a track's files are read from: their folder on the disk, for one (`recording/storage` has others).

Not here: what is in them (`reader.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from recording.sealed.layout import MAX_TAIL, files_of


class Source(Protocol):
    """One track's files, as they were when this was opened. Belongs to one thread at a time."""

    @property
    def tail(self) -> bytes | None:
        """The tail's file, or as much of it as shows that it is too large. Not newer than the main file."""
        ...

    @property
    def fresh(self) -> bytes | None:
        """The fresh tail's file, likewise."""
        ...

    @property
    def length(self) -> int:
        """Bytes of the main file."""
        ...

    def read_at(self, offset: int, size: int, /) -> bytes:
        """The main file's bytes there; fewer only where it ends. Raises OSError."""
        ...

    def close(self) -> None: ...


class LocalSource:
    """On this machine's disk."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises OSError (FileNotFoundError if there is no such track), ValueError for a name that is not an id."""
        files = files_of(folder, name)
        # The tails first: if the track is being written, the main file may be ahead of them, never behind.
        self.tail, self.fresh = tail_of(files.tail), tail_of(files.fresh)
        self._file = os.open(files.main, os.O_RDONLY | os.O_CLOEXEC)
        self.length = os.fstat(self._file).st_size

    def read_at(self, offset: int, size: int, /) -> bytes:
        return os.pread(self._file, size, offset)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def tail_of(path: Path) -> bytes | None:
    """As in `Source.tail`. Raises OSError."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_TAIL + 1)
    except FileNotFoundError:
        return None
