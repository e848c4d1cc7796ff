"""A track on the disk: sealed while it is written, readable up to the last second after a crash.

Up to three files while it grows, one when it is done: `layout.py` says how, `docs/decisions/0007` why. Not here: what
is in a track, who holds its key, and where finished files go.
"""

from __future__ import annotations

from recording.sealed.disk import Disk
from recording.sealed.finish import Finished, finish
from recording.sealed.layout import files_of
from recording.sealed.reader import SealedReader
from recording.sealed.source import LocalSource, Source, tail_of
from recording.sealed.writer import MOST_HELD, DiskBehind, SealedWriter

__all__ = [
    "MOST_HELD",
    "Disk",
    "DiskBehind",
    "Finished",
    "LocalSource",
    "SealedReader",
    "SealedWriter",
    "Source",
    "files_of",
    "finish",
    "tail_of",
]
