"""Which part of a film a browser asks for (`signaling/byte_ranges.py`).

Input: the file's size, `Range` and `If-Range`, a line each.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from signaling.byte_ranges import NotSatisfiable, wanted
from tests.fuzz.target import LINES, Target

TAG = '"film-1000"'


def run(data: bytes) -> Hashable:
    # as the server gives them: what is no text was refused, or came as surrogates
    size_text, asked, if_range = [*data.decode("utf-8", "surrogateescape").split("\n", 2), "", ""][:3]
    digits = "".join(each for each in size_text[:18] if each in "0123456789")
    size = int(digits or 0)
    try:
        found = wanted(asked, if_range or None, TAG, size)
    except NotSatisfiable:
        return "not satisfiable", size == 0
    if found is None:
        return "whole", size == 0
    assert 0 <= found.start < found.end <= found.size == size
    assert not if_range or if_range.strip() == TAG
    assert wanted(found.header().replace(" ", "=").partition("/")[0], None, TAG, size) == found
    return "part", found.start == 0, found.end == size


def seeds() -> Iterator[bytes]:
    for asked in (
        "bytes=0-",
        "bytes=0-99",
        "bytes=500-2000",
        "bytes=500-100",
        "bytes=-100",
        "bytes=0-1,5-9",
        "bytes=2000-",
        "bytes=-0",
    ):
        yield f"1000\n{asked}\n".encode()
        yield f"1000\n{asked}\n{TAG}".encode()


TARGET = Target(
    "ranges",
    run,
    seeds,
    words=(b"bytes=", b"-", b",", TAG.encode(), b"W/", b"999999999999999999", b"0"),
    shape=LINES,
    watched=("signaling/byte_ranges.py",),
)
