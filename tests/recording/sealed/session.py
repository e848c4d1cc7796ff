"""A track being written, and what was promised of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from recording.sealed import Disk, SealedReader, SealedWriter
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance, text

NAME = "track-1"
SMALL = (60, 1, 30)
LARGE = (10, 70_000, 1, 60_000, 1_061, 40, 140_000)
"""Bytes between checkpoints; the last ones are followed by the end only. In sum: within a chunk; the second checkpoint
fills one, the fifth ends exactly with the second, and two more fill before the end."""


@dataclass
class Told:
    """What the writer said before it was gone."""

    written: bytearray = field(default_factory=bytearray)
    kept: int = 0
    """Survives whatever becomes of the process."""
    secured: int = 0
    """And of the machine."""
    closed: bool = False


def write(folder: Path, disk: Disk, pieces: Sequence[int], told: Told, secure_every: int = 1) -> None:
    writer = SealedWriter(folder, NAME, RECIPIENT, chance(1), disk=disk)
    for number, size in enumerate(pieces):
        piece = text(size, seed=number)
        told.written += piece
        writer.write(piece)
        if number + 1 < len(pieces):
            secure = number % secure_every == 0
            writer.checkpoint(secure=secure)
            told.kept = writer.kept
            assert told.kept == len(told.written)
            told.secured = told.kept if secure else told.secured
    writer.close()
    told.secured = len(told.written)
    told.closed = True


def read(folder: Path) -> bytes:
    with SealedReader(folder, NAME, IDENTITY) as track:
        data = track.read_at(0, track.size + 1)
        assert len(data) == track.size
        # in pieces across every border, the same
        assert b"".join(track.read_at(at, 10_007) for at in range(0, track.size, 10_007)) == data
        return data


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
