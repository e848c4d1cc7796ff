"""VP9 (RFC 9628), flexible mode or not: the payload descriptor is taken off, the rest put together.

Of several spatial layers only the lowest is kept, which can be shown without the others. Not here: temporal layers are
not told apart, a picture that is missing breaks the chain whatever layer it was of.
"""

from __future__ import annotations

from recording.frames.bits import BadBits, Bits
from recording.frames.frame import Frame, Opener
from recording.frames.pictures import Pictures

_PICTURE_ID, _PREDICTED, _LAYERS, _FLEXIBLE, _BEGINS, _ENDS, _STRUCTURE = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02
_REFERENCES = 3
_SYNC_CODE = 0x498342
_SRGB = 7
_HEADER = 24
"""Bytes that hold all of a header up to the size, and more."""


class VP9:
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
        try:
            at, spatial = _descriptor(payload)
        except IndexError:
            at, spatial = len(payload), 0
        if at >= len(payload):
            pictures.lose()
            return None
        if spatial:
            return None
        first = payload[0]
        if first & _BEGINS:
            pictures.begin(timestamp, not first & _PREDICTED, payload[at:])
        else:
            pictures.add(timestamp, payload[at:])
        # the marker ends a picture of all layers; this layer's part of it has an end of its own
        return self._whole() if first & _ENDS else None

    def _whole(self) -> Frame | None:
        pictures = self._pictures
        picture = pictures.end()
        if not picture:
            return None
        try:
            key, width, height = _header(picture)
        except BadBits:
            pictures.lose()
            return None
        if key:
            pictures.wants_key = False
        elif pictures.wants_key:
            pictures.lose()  # it said that it was a key frame
            return None
        return Frame(picture, pictures.timestamp, key, 0, width, height)


def _descriptor(payload: bytes) -> tuple[int, int]:
    """Bytes of the payload descriptor (section 4.2), and the spatial layer. Raises IndexError where it is cut off."""
    first = payload[0]
    at = 1
    spatial = 0
    if first & _PICTURE_ID:
        at += 2 if payload[at] & 0x80 else 1
    if first & _LAYERS:
        spatial = payload[at] >> 1 & 7
        at += 1 if first & _FLEXIBLE else 2
    if first & _FLEXIBLE and first & _PREDICTED:
        for _ in range(_REFERENCES):
            at += 1
            if not payload[at - 1] & 1:
                break
    if first & _STRUCTURE:
        at = _structure(payload, at)
    return at, spatial


def _structure(payload: bytes, at: int) -> int:
    """Past the scalability structure (section 4.2.1). Raises IndexError."""
    flags = payload[at]
    at += 1
    if flags & 0x10:
        at += 4 * ((flags >> 5) + 1)
    if flags & 0x08:
        pictures = payload[at]
        at += 1
        for _ in range(pictures):
            at += 1 + (payload[at] >> 2 & 3)
    return at


def _header(picture: bytes) -> tuple[bool, int, int]:
    """(key, width, height) from the uncompressed header (VP9 bitstream, section 6.2). Raises BadBits."""
    bits = Bits(picture[:_HEADER])
    if bits.take(2) != 2:
        raise BadBits("no frame marker")
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3 and bits.take(1):
        raise BadBits("a reserved profile")
    if bits.take(1):
        return False, 0, 0  # shows a picture that is there already
    if bits.take(1):
        return False, 0, 0
    bits.take(2)
    if bits.take(24) != _SYNC_CODE:
        raise BadBits("no sync code")
    if profile >= 2:
        bits.take(1)
    if bits.take(3) != _SRGB:
        bits.take(4 if profile & 1 else 1)
    elif profile & 1:
        bits.take(1)
    else:
        raise BadBits("a colour space that the profile does not have")
    return True, bits.take(16) + 1, bits.take(16) + 1
