"""How a track lies in its folder.

`NAME.age`: an age file. While the track is written it has no end yet: header and full chunks only.

`NAME.tail.age`: what comes after those. A small age file of its own, whole at every moment, to the same recipient:

    8 bytes   offset in the track at which its content begins, big-endian
    32 bytes  proof that it belongs to this `NAME.age`: derived from that file's key
    rest      the content

It is replaced when the track is secured, by a draft `.NAME.draft` that takes its name. If `NAME.age` has grown past the
offset meanwhile, what both hold is the same.

`NAME.fresh.age`: the same, of a later moment, replaced at each checkpoint and never synced. It holds after whatever
becomes of the processes; after a power failure it may be torn, or begin where `NAME.age` does not reach, and then it
does not count. Its next version is written over the one before the last, `.NAME.spare`, and the two trade names.
A track with neither is finished or was never checkpointed.

Not here: writing and reading them.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

from recording.age import CHUNK, MAX_HEADER, Damaged

PROOF = b"therabook tail"
"""What the proof is derived for (`Encryptor.derive`)."""
PROOF_BYTES = 32

MAX_TAIL = MAX_HEADER + 2 * CHUNK
"""Bytes of the file. Ours are below 66 KiB; a larger one is not read into memory."""

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_START = struct.Struct(f"!Q{PROOF_BYTES}s")


@dataclass(frozen=True)
class TrackFiles:
    folder: Path
    main: Path
    tail: Path
    fresh: Path
    draft: Path
    spare: Path


def files_of(folder: Path, name: str) -> TrackFiles:
    """Raises ValueError for a name that is not an id: it becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise ValueError("a track is named by letters, digits, - and _")
    return TrackFiles(
        folder,
        folder / f"{name}.age",
        folder / f"{name}.tail.age",
        folder / f"{name}.fresh.age",
        folder / f".{name}.draft",
        folder / f".{name}.spare",
    )


@dataclass(frozen=True)
class Tail:
    offset: int
    proof: bytes
    content: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.content)

    def encode(self) -> bytes:
        return _START.pack(self.offset, self.proof) + self.content

    @classmethod
    def decode(cls, data: bytes) -> Tail:
        if len(data) < _START.size:
            raise Damaged("The track's tail is too short to be one.")
        offset, proof = _START.unpack_from(data)
        return cls(offset, proof, data[_START.size :])
