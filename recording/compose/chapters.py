"""Chapters of an MP4, as a `chpl` box in its index.

FFmpeg's muxer would add a track of text besides, of which every reader that is made of FFmpeg complains. The index
stands at the file's end, so that it can grow without anything moving. Not here: what is a chapter (`plan.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from recording.compose.output import SealedOutput

MOST = 255
"""Their number is written as one byte."""

LONGEST_TITLE = 240
"""Bytes. So is a title's length."""

TICKS = 10_000
"""In a millisecond: times are told in units of 100 ns."""


def write_chapters(output: SealedOutput, chapters: Sequence[tuple[int, str]]) -> None:
    """(milliseconds, title) of each. `output` holds a whole MP4 whose index came after `hold`. Raises ValueError if
    it has no index at its end."""
    at, size = _index(output)
    added = _box(b"udta", _box(b"chpl", _content(chapters[:MOST])))
    output.seek(at)
    output.write(struct.pack("!I", size + len(added)))
    output.seek(at + size)
    output.write(added)


def _content(chapters: Sequence[tuple[int, str]]) -> bytes:
    parts = [struct.pack("!IIB", 1 << 24, 0, len(chapters))]  # version 1
    for at_ms, title in chapters:
        text = title.encode()[:LONGEST_TITLE].decode(errors="ignore").encode()
        parts.append(struct.pack("!QB", at_ms * TICKS, len(text)) + text)
    return b"".join(parts)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack("!I4s", 8 + len(content), kind) + content


def _index(output: SealedOutput) -> tuple[int, int]:
    """Where it begins, and its size."""
    at = 0
    while at < output.size:
        size, kind = struct.unpack("!I4s", output.peek(at, 8))
        if size == 1:
            (size,) = struct.unpack("!Q", output.peek(at + 8, 8))
        elif kind == b"moov" and at + size == output.size:
            return at, size
        if size < 8:
            break
        at += size
    raise ValueError("a film has its index at its end")
