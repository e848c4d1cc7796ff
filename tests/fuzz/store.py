"""Files of inputs: the corpus in the tree, what a long run has found since, and failures with the command that repeats
them."""

from __future__ import annotations

import hashlib
import mmap
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.target import Target
from tests.sources import ROOT, name_of

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
FOUND = ROOT / "build" / "fuzz" / "found"
FAILURES = ROOT / "build" / "fuzz" / "failures"
PROGRESS = ROOT / "build" / "fuzz" / "progress"


def load(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("*"))]


def corpus(target: Target) -> list[bytes]:
    """What is in the tree, seeds included."""
    return list(dict.fromkeys([*target.seeds(), *load(CORPUS / target.name)]))


def save(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / hashlib.sha256(data).hexdigest()[:12]
    file.write_bytes(data)
    return file


def replace(folder: Path, inputs: Iterable[bytes]) -> None:
    """But for those that a person has given a name: each of them was a failure once."""
    for file in folder.glob("*"):
        if re.fullmatch(r"[0-9a-f]{12}", file.name):
            file.unlink()
    for data in inputs:
        save(folder, data)


def save_failure(target: Target, data: bytes, report: str) -> str:
    """Returns the command that repeats it."""
    file = save(FAILURES / target.name, data)
    command = f'make fuzz ARGS="--repeat {name_of(file)}"'
    notes = FAILURES / f"{target.name}-{file.name}.txt"
    notes.write_text(f"{command}\n\n{report}\n", encoding="utf-8")
    return command


class Counted(NamedTuple):
    executions: int = 0
    places: int = 0
    kept: int = 0
    failures: int = 0


class Progress:
    """How far a run has come and which input it is at, in a file that outlives a crash of the process."""

    _HEAD = struct.Struct("=QIIII")
    LARGEST = 65536

    def __init__(self, name: str) -> None:
        PROGRESS.mkdir(parents=True, exist_ok=True)
        self.file = PROGRESS / name
        if not self.file.exists() or self.file.stat().st_size != self._HEAD.size + self.LARGEST:
            self.file.write_bytes(bytes(self._HEAD.size + self.LARGEST))
        with self.file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), 0)

    def note(self, counted: Counted, data: bytes) -> None:
        data = data[: self.LARGEST]
        self._map[: self._HEAD.size + len(data)] = self._HEAD.pack(*counted, len(data)) + data

    def read(self) -> tuple[Counted, bytes]:
        *counted, length = self._HEAD.unpack_from(self._map)
        return Counted(*counted), self._map[self._HEAD.size : self._HEAD.size + length]
