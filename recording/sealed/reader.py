"""Reads a track, finished or as a crash has left it: main file and tails as one.

Not here: making one file of the two (`finish.py`), and where they lie (`source.py`).
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from recording.age import AgeError, Damaged, Identity, PlaintextFile, Reader, open_bytes
from recording.sealed.layout import MAX_TAIL, PROOF, Tail
from recording.sealed.source import LocalSource, Source


class SealedReader:
    """Belongs to one thread at a time. What it shows is what was there when it was opened."""

    def __init__(
        self,
        folder: Path,
        name: str,
        identity: Identity,
        *,
        without_tail: bool = False,
        source: Source | None = None,
    ) -> None:
        """`source`: where else than in the folder it is; closed with this. Raises AgeError, and OSError
        (FileNotFoundError if there is no such track).

        A tail that was damaged, or does not fit, is an error and not passed over in silence: with `without_tail` it is
        left out on purpose, and the track ends where the main file does. A fresh tail may be damaged by a power
        failure, which is no error: it was not promised to outlive that.
        """
        self._source = source or LocalSource(folder, name)
        try:
            tail = None if without_tail else _read_tail(self._source.tail, identity)
            # Where the tail begins the main file was synced: it is refused if it is shorter than that.
            self._main = Reader(
                self._source.read_at,
                self._source.length,
                [identity],
                unfinished=True,
                sound=tail.offset if tail else None,
            )
            self._tail = None if tail is None or self._main.finished else self._fitting(tail)
            if not without_tail and not self._main.finished:
                self._tail = self._later(self._tail, _read_fresh(self._source.fresh, identity))
        except BaseException:
            self._source.close()
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
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _later(self, tail: Tail | None, fresh: Tail | None) -> Tail | None:
        if fresh is None or fresh.offset > self._main.size or fresh.proof != self._main.derive(PROOF):
            return tail
        return fresh if tail is None or fresh.end > tail.end else tail

    def _fitting(self, tail: Tail) -> Tail:
        # Not the offset alone: another track of the same person, or an older file under this name, has a tail that
        # opens with the same identity.
        if tail.proof != self._main.derive(PROOF):
            raise Damaged("The tail beside this track belongs to another one.")
        return tail


def _read_fresh(data: bytes | None, identity: Identity) -> Tail | None:
    try:
        return _read_tail(data, identity)
    except AgeError:
        return None


def _read_tail(data: bytes | None, identity: Identity) -> Tail | None:
    if data is None:
        return None
    if len(data) > MAX_TAIL:
        raise Damaged("The track's tail is larger than any that was written.")
    return Tail.decode(open_bytes(data, [identity]))
