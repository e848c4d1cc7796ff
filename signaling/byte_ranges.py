"""Which part of a file is asked for: `Range` and `If-Range` (RFC 9110, sections 13.1.5 and 14).

Byte ranges, one at a time. What is malformed, of another unit, or several ranges at once is passed over, as the RFC
allows: the whole file is answered then. Not here: sending it (`streams.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)
"""18 digits: an exabyte."""


class NotSatisfiable(Exception):
    """None of the file lies in the range."""


@dataclass(frozen=True)
class ByteRange:
    """[start, end) of `size` bytes; never empty."""

    start: int
    end: int
    size: int

    def header(self) -> str:
        """As `Content-Range`."""
        return f"bytes {self.start}-{self.end - 1}/{self.size}"


def wanted(asked: str | None, if_range: str | None, tag: str, size: int) -> ByteRange | None:
    """None: the whole file. `asked` and `if_range` are the headers, `tag` is the file's strong entity tag.

    A range that was made for another file, or for one of a certain date (none of ours has one), does not count.
    Raises NotSatisfiable.
    """
    if asked is None or (if_range is not None and if_range.strip() != tag):
        return None
    found = _RANGE.fullmatch(asked)
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        return _last(int(suffix), size)
    start = int(first)
    end = int(last) + 1 if last else size
    if end <= start and last:
        return None
    if start >= size:
        raise NotSatisfiable
    return ByteRange(start, min(end, size), size)


def _last(count: int, size: int) -> ByteRange | None:
    if count == 0:
        raise NotSatisfiable
    return ByteRange(max(0, size - count), size, size) if size else None
