"""How the files of a recording are named in a bucket.

    RECORDING/NAME.age                        a file that is whole, byte for byte as on the disk
    RECORDING/NAME.tail.age, NAME.fresh.age   its tails, if it has any (`recording/sealed/layout.py`)
    RECORDING/NAME.age.parts/MARK/OFFSET      while it grows: its bytes from OFFSET on

MARK tells one file from another of the same name, such as recovery makes: parts of the two never become one. Parts of
one file can overlap, if it was asked twice how far it had come; what both hold is the same.
Not here: putting them there (`upload.py`), reading them (`remote.py`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

MARKED = 128
"""Bytes at the beginning of an age file in which its own random key share is."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_PART = re.compile(r"([0-9a-f]{16})/([0-9]{14})")


def folder_of(recording: str) -> str:
    """Raises ValueError for what is not an id: it becomes part of a path."""
    if not _ID.fullmatch(recording):
        raise ValueError("a recording is named by letters, digits, - and _")
    return recording


def whole_key(recording: str, name: str) -> str:
    return f"{folder_of(recording)}/{_checked(name)}.age"


def tail_key(recording: str, name: str) -> str:
    return f"{folder_of(recording)}/{_checked(name)}.tail.age"


def fresh_key(recording: str, name: str) -> str:
    return f"{folder_of(recording)}/{_checked(name)}.fresh.age"


def part_key(recording: str, name: str, mark: str, offset: int) -> str:
    return f"{whole_key(recording, name)}.parts/{mark}/{offset:014}"


def mark_of(beginning: bytes) -> str:
    """Of a file's first MARKED bytes."""
    return hashlib.sha256(beginning[:MARKED]).hexdigest()[:16]


@dataclass(frozen=True)
class Part:
    key: str
    offset: int
    size: int

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True)
class Kept:
    """What a bucket holds of one file."""

    whole: int | None
    """Bytes."""
    tail: int | None
    fresh: int | None
    parts: Mapping[str, tuple[Part, ...]]
    """By mark: those that follow one another, from the beginning on."""
    part_keys: tuple[str, ...]
    """All of them, useful or not."""

    def reached(self, mark: str) -> int:
        """How far the parts of that file go."""
        parts = self.parts.get(mark)
        return parts[-1].end if parts else 0

    @property
    def longest(self) -> tuple[Part, ...]:
        """The parts of the file of which there is most."""
        return max(self.parts.values(), key=lambda parts: parts[-1].end, default=())


def kept_of(recording: str, name: str, sizes: Mapping[str, int]) -> Kept:
    """`sizes`: key -> size of everything in the recording's folder."""
    beginning = f"{whole_key(recording, name)}.parts/"
    keys = tuple(sorted(key for key in sizes if key.startswith(beginning)))
    found: dict[str, list[Part]] = {}
    for key in keys:
        match = _PART.fullmatch(key.removeprefix(beginning))
        if match is not None:
            found.setdefault(match[1], []).append(Part(key, int(match[2]), sizes[key]))
    unbroken = {mark: _unbroken(parts) for mark, parts in found.items()}
    return Kept(
        whole=sizes.get(whole_key(recording, name)),
        tail=sizes.get(tail_key(recording, name)),
        fresh=sizes.get(fresh_key(recording, name)),
        parts={mark: parts for mark, parts in unbroken.items() if parts},
        part_keys=keys,
    )


def _unbroken(parts: list[Part]) -> tuple[Part, ...]:
    row: list[Part] = []
    end = 0
    for part in parts:
        if part.offset > end:
            break
        if part.end > end:
            row.append(part)
            end = part.end
    return tuple(row)


def _checked(name: str) -> str:
    if not _ID.fullmatch(name):
        raise ValueError("a file is named by letters, digits, - and _")
    return name
