"""VP8 (RFC 7741): the payload descriptor is taken off, the rest put together.

Not here: temporal layers are not told apart, a picture that is missing breaks the chain whatever layer it was of.
"""

from __future__ import annotations

from recording.frames.frame import Frame, Opener
from recording.frames.pictures import Pictures

_STARTS = 0x10
_PARTITION = 0x07
_START_CODE = b"\x9d\x01\x2a"
_KEY_HEADER = 10
"""Bytes of a key frame before its first partition (RFC 6386, section 9.1)."""


class VP8:
    def __init__(self, opener: Opener | None = None) -> None:
        self._pictures = Pictures(opener)

    @property
    def wants_key(self) -> bool:
        return self._pictures.wants_key

    @property
    def broken(self) -> int:
        return self._pictures.broken

    def gap(self) -> None:
        self._pictures.gap()

    def push(self, timestamp: int, marker: bool, payload: bytes) -> Frame | None:
        if not payload:
            return None
        pictures = self._pictures
        at = _descriptor(payload)
        if at >= len(payload):
            pictures.lose()
            return None
        if payload[0] & (_STARTS | _PARTITION) == _STARTS:
            pictures.begin(timestamp, payload[at] & 1 == 0, payload[at:])
        else:
            pictures.add(timestamp, payload[at:])
        return self._whole() if marker else None

    def _whole(self) -> Frame | None:
        pictures = self._pictures
        picture = pictures.end()
        if not picture:
            return None
        if picture[0] & 1:
            return Frame(picture, pictures.timestamp, False)
        width, height = _size(picture)
        if not width or not height:
            pictures.lose()
            return None
        pictures.wants_key = False
        return Frame(picture, pictures.timestamp, True, 0, width, height)


def _descriptor(payload: bytes) -> int:
    """Bytes of the payload descriptor (section 4.2); as many as there are, or more, if it is cut off."""
    if not payload[0] & 0x80:
        return 1
    if len(payload) < 3:
        return 3
    flags = payload[1]
    at = 2
    if flags & 0x80:
        at += 2 if payload[2] & 0x80 else 1
    if flags & 0x40:
        at += 1
    if flags & 0x30:
        at += 1
    return at


def _size(picture: bytes) -> tuple[int, int]:
    """Width and height of a key frame (RFC 6386, section 9.1); zeros if it is none."""
    if len(picture) < _KEY_HEADER or picture[3:6] != _START_CODE:
        return 0, 0
    # the upper two bits are a wish about scaling, which nobody follows
    return int.from_bytes(picture[6:8], "little") & 0x3FFF, int.from_bytes(picture[8:10], "little") & 0x3FFF
