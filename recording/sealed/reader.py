"""Reads a track, finished or as a crash has left it: main file and tail as one.

Not here: making one file of the two (`finish.py`).
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from recording.age import Damaged, Identity, PlaintextFile, Reader, open_bytes
from recording.sealed.layout import MAX_TAIL, PROOF, Tail, TrackFiles, files_of


class SealedReader:
    """Belongs to one thread at a time. What it shows is what was there when it was opened."""

    def __init__(self, folder: Path, name: str, identity: Identity, *, without_tail: bool = False) -> None:
        """Raises AgeError, and OSError (FileNotFoundError if there is no such track).

        A tail that was damaged, or does not fit, is an error and not passed over in silence: with `without_tail` it is
        left out on purpose, and the track ends where the main file does.
        """
        files = files_of(folder, name)
        # The tail first: if the track is being written, the main file may be ahead of it, never behind.
        tail = None if without_tail else _read_tail(files, identity)
        self._file = os.open(files.main, os.O_RDONLY | os.O_CLOEXEC)
        try:
            # Where the tail begins the main file was synced: it is refused if it is shorter than that.
            self._main = Reader(
                lambda offset, size: os.pread(self._file, size, offset),
                os.fstat(self._file).st_size,
                [identity],
                unfinished=True,
                sound=tail.offset if tail else None,
            )
            self._tail = None if tail is None or self._main.finished else self._fitting(tail)
        except BaseException:
            os.close(self._file)
            raise
        self.finished = self._main.finished
        """Whether the main file has its end."""
        self.size = self._main.size if self._tail is None else max(self._main.size, self._tail.end)
        """Bytes of the track that can be read."""
        self.ignored = self._main.ignored
        """Bytes at the main file's end that a crash has torn, or that came after those."""

    def read_at(self, offset: int, size: int) -> bytes:
        """The track's bytes there; fewer only where it ends. Raises Damaged."""
        data = self._main.read_at(offset, size)
        if self._tail is not None and len(data) < size:
            skip = max(0, offset + len(data) - self._tail.offset)
            data += self._tail.content[skip : skip + size - len(data)]
        return data

    def file(self) -> PlaintextFile:
        """As a seekable file, for PyAV. This reader must stay open as long."""
        return PlaintextFile(self)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fitting(self, tail: Tail) -> Tail:
        # Not the offset alone: another track of the same person, or an older file under this name, has a tail that
        # opens with the same identity.
        if tail.proof != self._main.derive(PROOF):
            raise Damaged("The tail beside this track belongs to another one.")
        return tail


def _read_tail(files: TrackFiles, identity: Identity) -> Tail | None:
    try:
        with files.tail.open("rb") as file:
            data = file.read(MAX_TAIL + 1)
    except FileNotFoundError:
        return None
    if len(data) > MAX_TAIL:
        raise Damaged("The track's tail is larger than any that was written.")
    return Tail.decode(open_bytes(data, [identity]))
