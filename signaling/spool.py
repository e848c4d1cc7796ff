"""A spool: a file of lines that outlive the process, for what is only in memory until it is kept elsewhere.

Whoever adds never waits for the disk: one thread writes, in the order in which lines came, and one syncs. A crash of
the process loses what came in the instant before it, a power failure what came since the last sync. Not here: what the
lines say.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

log = structlog.get_logger("spool")

MOST = 50_000
"""Lines that wait for a disk that hangs. More are not written: the file has to be begun anew."""

LAST_WORDS = 5.0
"""Seconds that a server which stops gives to a slow disk."""


@dataclass(frozen=True)
class _Anew:
    lines: tuple[str, ...]


class _End:
    pass


class Spool:
    """One process writes it. `read` comes before anything else."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._queue: queue.SimpleQueue[str | _Anew | _End] = queue.SimpleQueue()
        self._written = self._behind = False
        """Whether all that reached the thread is in the file; whether something did not even reach it."""
        self._descriptor: int | None = None
        self._in_use = threading.Lock()
        """While the file is synced, no other takes its place."""
        self._unsynced, self._ended = threading.Event(), False
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)  # a disk that hangs keeps no process from ending
            for name, work in (("spool", self._write_all), ("spool-sync", self._sync_all))
        ]
        self.size = 0
        """Bytes in the file."""

    @property
    def whole(self) -> bool:
        """Whether the file holds, or is about to hold, all that was added since it was begun anew."""
        return self._written and not self._behind

    def read(self) -> list[str]:
        """The lines that an earlier run has left; a crash may have torn some. Waits for the disk. Raises OSError."""
        for each in self._threads:
            each.start()
        try:
            return [line for line in self._file.read_text(encoding="utf-8", errors="replace").split("\n") if line]
        except FileNotFoundError:
            return []

    def add(self, line: str) -> None:
        """Returns at once."""
        if self._queue.qsize() >= MOST:
            self._behind = True
        else:
            self._queue.put(line)

    def begin_anew(self, lines: Sequence[str]) -> None:
        """They take the place of all that was added before, or nothing does. Returns at once."""
        self._behind = False
        self._queue.put(_Anew(tuple(lines)))

    async def close(self) -> None:
        """When all is on the disk, if that can be soon."""
        self._queue.put(_End())
        for each in self._threads:
            if each.is_alive():
                await asyncio.to_thread(each.join, LAST_WORDS)

    def _write_all(self) -> None:
        while True:
            some = [self._queue.get()]
            while not self._queue.empty():
                some.append(self._queue.get())
            lines: list[str] = []
            for each in some:
                if isinstance(each, str):
                    lines.append(each)
                    continue
                self._append(lines)
                lines = []
                if isinstance(each, _End):
                    self._ended = True
                    self._unsynced.set()
                    return
                self._replace(each.lines)
            self._append(lines)

    def _append(self, lines: Sequence[str]) -> None:
        if not lines:
            return
        # Begins a new line: the last one may have been torn, by a crash or a full disk.
        data = ("\n" + "\n".join(lines) + "\n").encode()
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            _write(self._descriptor, data)
        except OSError as error:
            self._fails(error)
            return
        self.size += len(data)
        self._unsynced.set()

    def _replace(self, lines: Sequence[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        draft = self._file.with_name(f".{self._file.name}.draft")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            try:
                _write(descriptor, data)
                os.fsync(descriptor)
                draft.replace(self._file)
            except OSError:
                os.close(descriptor)
                raise
        except OSError as error:
            self._fails(error)
            return
        with self._in_use:
            before, self._descriptor = self._descriptor, descriptor
            if before is not None:
                os.close(before)
        self.size, self._written = len(data), True

    def _fails(self, error: OSError) -> None:
        if self._written:
            log.error("what waits in memory cannot be written to the disk", problem=error.strerror)
        self._written = False

    def _sync_all(self) -> None:
        while not self._ended:
            self._unsynced.wait()
            self._unsynced.clear()
            with self._in_use:
                try:
                    if self._descriptor is not None:
                        os.fdatasync(self._descriptor)
                except OSError as error:
                    self._fails(error)
        with self._in_use:
            if self._descriptor is not None:
                os.close(self._descriptor)
            self._descriptor = None


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
