"""H264 frames that are encrypted: where the first slice begins, and how a ciphertext can be part of it.

Packetizers cut at start codes and take zero bytes from ends, depacketizers write all start codes with four bytes
(RFC 6184). So what is authenticated has one form, and the ciphertext holds no start code and ends with `80`.
ITU-T H.264, 7.4.1 and Annex B; docs/e2ee.md. Not here: what stands in any NAL unit.
"""

from __future__ import annotations

import re

from recording.e2ee.errors import BadFrame

_START = b"\x00\x00\x01"
_LONG_START = b"\x00\x00\x00\x01"
_SLICES = frozenset({1, 5})
_CLEAR = frozenset({6, 7, 8, 14})
"""Supplemental information, parameter sets, prefixes: before the first slice they stay as they are."""
_LEFT_OUT = frozenset({9, 12})
"""Delimiters and filler."""
_OF_SLICE = 2
"""Bytes of the first slice that are clear. The first, with the unit's type, is never zero; the second may be, and then
counts for the emulation prevention of what follows."""
_TO_ESCAPE = re.compile(rb"\x00\x00(?=[\x00-\x03])")
_ESCAPED = b"\x00\x00\x03"
_END = b"\x80"


def clear_of(frame: bytes) -> tuple[int, bytes]:
    """Where in the frame the rest begins, and the clear bytes in the one form. Raises BadFrame."""
    start = frame.find(_START)
    if start < 0 or frame[:start].strip(b"\x00"):
        raise BadFrame("It does not begin with a start code.")
    kept: list[bytes] = []
    while start >= 0:
        at = start + len(_START)
        kind = frame[at] & 0x1F if at < len(frame) else 0
        if kind in _SLICES:
            end = at + _OF_SLICE
            if end > len(frame):
                raise BadFrame("It ends within the first slice's header.")
            return end, b"".join(kept) + _LONG_START + frame[at:end]
        start = frame.find(_START, at)
        unit = frame[at : start if start >= 0 else len(frame)].rstrip(b"\x00")
        if unit and kind in _CLEAR:
            kept.append(_LONG_START + unit)
        elif unit and kind not in _LEFT_OUT:
            raise BadFrame("Something before the first slice is none of what may be clear.")
    raise BadFrame("It holds no slice.")


def protect(clear: bytes, ciphertext: bytes) -> bytes:
    """What follows the clear bytes: the ciphertext with emulation prevention, and an end that is not zero."""
    return _TO_ESCAPE.sub(_ESCAPED, clear[-1:] + ciphertext)[1:] + _END


def unprotect(clear: bytes, sent: bytes) -> bytes:
    """The ciphertext again. Raises BadFrame if there is a start code in it, or its end is missing."""
    whole = clear[-1:] + sent
    if _START in whole:
        raise BadFrame("Another start code behind the first slice's.")
    whole = whole.rstrip(b"\x00")
    if len(whole) < 2 or not whole.endswith(_END):
        raise BadFrame("Its end is missing.")
    return whole[:-1].replace(_ESCAPED, _ESCAPED[:2])[1:]
