"""Disks on which things go wrong."""

from __future__ import annotations

import errno
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from recording.sealed import Disk

BLOCK = 4096
"""Bytes that a disk writes or does not."""


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class KilledAt(Disk):
    """The real disk of a process that is killed at one of its calls. Of a write, `torn` bytes are done before."""

    def __init__(self, call: int | None = None, torn: float | int = 0) -> None:
        self.calls = 0
        self.writes: dict[int, int] = {}
        """Call -> bytes."""
        self._call = call
        self._torn = torn
        self._open: set[int] = set()

    def create(self, path: Path, *, fresh: bool) -> int:
        self._next()
        file = super().create(path, fresh=fresh)
        self._open.add(file)
        return file

    def reuse(self, path: Path) -> int:
        self._next()
        file = super().reuse(path)
        self._open.add(file)
        return file

    def write(self, file: int, data: bytes, offset: int) -> None:
        self.writes[self.calls] = len(data)
        torn = self._torn if isinstance(self._torn, int) else round(self._torn * len(data))
        if self.calls == self._call:
            super().write(file, data[:torn], offset)
        self._next()
        super().write(file, data, offset)

    def cut(self, file: int, size: int) -> None:
        self._next()
        super().cut(file, size)

    def sync(self, file: int) -> None:
        self._next()

    def close(self, file: int) -> None:
        self._next()
        self._open.discard(file)
        super().close(file)

    def rename(self, old: Path, new: Path) -> None:
        self._next()
        super().rename(old, new)

    def exchange(self, one: Path, other: Path) -> None:
        self._next()
        super().exchange(one, other)

    def remove(self, path: Path) -> None:
        self._next()
        super().remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._next()

    def bury(self) -> None:
        """What the system does for a process that is gone."""
        for file in self._open:
            os.close(file)
        self._open.clear()

    def _next(self) -> None:
        if self._call is not None and self.calls >= self._call:
            raise Killed
        self.calls += 1


class FailsAt(KilledAt):
    """One call fails, after `torn` of it was done; the next ones work again. A sync that fails has lost what was
    written since the last one, as Linux does: it says so once and forgets."""

    def __init__(self, call: int, torn: float = 0.5, number: int = errno.ENOSPC) -> None:
        super().__init__(call, torn)
        self._number = number
        self._unsynced: dict[int, list[tuple[int, int]]] = {}

    def write(self, file: int, data: bytes, offset: int) -> None:
        self._unsynced.setdefault(file, []).append((offset, len(data)))
        super().write(file, data, offset)

    def sync(self, file: int) -> None:
        try:
            super().sync(file)
        except OSError:
            for offset, size in self._unsynced.get(file, []):
                Disk.write(self, file, bytes(size), offset)
            raise
        finally:
            self._unsynced[file] = []

    def _next(self) -> None:
        self.calls += 1
        if self.calls - 1 == self._call:
            raise OSError(self._number, os.strerror(self._number))


@dataclass
class Inode:
    durable: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes | None]] = field(default_factory=list)
    """What was written where; None where it was cut."""


class PowerFails(Disk):
    """A disk in memory that knows what would outlive a power failure, which comes at one of the calls.

    What was written and not synced may be there, in part, with holes, as zeros or not at all, each write for itself. Of
    what was done to the folder since it was synced, each thing may have come through or not.
    """

    def __init__(self, folder: Path, call: int | None = None) -> None:
        """Begins with what is in the folder."""
        self.calls = 0
        self._call = call
        self._durable = {path: Inode(bytearray(path.read_bytes())) for path in folder.iterdir()}
        self._now = dict(self._durable)
        self._changes: list[dict[Path, Inode | None]] = []
        self._open: dict[int, Inode] = {}

    def create(self, path: Path, *, fresh: bool) -> int:
        self._next()
        if fresh and path in self._now:
            raise FileExistsError(path)
        inode = Inode()
        self._change({path: inode})
        number = 1000 + self.calls
        self._open[number] = inode
        return number

    def reuse(self, path: Path) -> int:
        if path not in self._now:
            return self.create(path, fresh=True)
        self._next()
        number = 1000 + self.calls
        self._open[number] = self._now[path]
        return number

    def write(self, file: int, data: bytes, offset: int) -> None:
        self._open[file].unsynced.append((offset, bytes(data)))
        self._next()

    def cut(self, file: int, size: int) -> None:
        self._open[file].unsynced.append((size, None))
        self._next()

    def sync(self, file: int) -> None:
        self._next()
        inode = self._open[file]
        for offset, data in inode.unsynced:
            _put(inode.durable, offset, data)
        inode.unsynced.clear()

    def close(self, file: int) -> None:
        self._next()
        del self._open[file]

    def rename(self, old: Path, new: Path) -> None:
        self._change({old: None, new: self._now[old]})
        self._next()

    def exchange(self, one: Path, other: Path) -> None:
        self._change({one: self._now[other], other: self._now[one]})
        self._next()

    def remove(self, path: Path) -> None:
        if path in self._now:
            self._change({path: None})
        self._next()

    def sync_folder(self, folder: Path) -> None:
        self._next()
        self._durable = dict(self._now)
        self._changes.clear()

    def after(self, folder: Path, chance: random.Random) -> None:
        """Puts into a folder what one such failure might leave."""
        names = dict(self._durable)
        for change in self._changes:
            if chance.random() < 0.5:
                _apply(names, change)
        for path, inode in names.items():
            content = bytearray(inode.durable)
            for offset, data in inode.unsynced:
                if data is None:
                    if chance.random() < 0.5:
                        _put(content, offset, None)
                    continue
                match chance.choice(("whole", "part", "holes", "zeros", "nothing")):
                    case "whole":
                        _put(content, offset, data)
                    case "part":
                        _put(content, offset, data[: chance.randint(0, len(data))])
                    case "holes":
                        _put(content, offset, bytes(len(data)))
                        for at in range(0, len(data), BLOCK):
                            if chance.random() < 0.9:
                                _put(content, offset + at, data[at : at + BLOCK])
                    case "zeros":
                        _put(content, offset, bytes(len(data)))
            (folder / path.name).write_bytes(content)

    def _change(self, change: dict[Path, Inode | None]) -> None:
        self._changes.append(change)
        _apply(self._now, change)

    def _next(self) -> None:
        if self._call is not None and self.calls >= self._call:
            raise Killed
        self.calls += 1


def _apply(names: dict[Path, Inode], change: dict[Path, Inode | None]) -> None:
    for path, inode in change.items():
        if inode is None:
            names.pop(path, None)
        else:
            names[path] = inode


def _put(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
