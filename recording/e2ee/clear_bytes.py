"""Which bytes of a frame stay in the clear: those that packetizers, the server and depacketizers read, as docs/e2ee.md
says.

A frame comes apart into its clear bytes and the rest, which is encrypted; what is sent are the clear bytes and the
ciphertext, behind each other. H264 is Annex B here, as `recording/frames` gives it, and needs more (`annex_b.py`).
Not here: keys, and what the frame is a frame of.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from recording.e2ee import annex_b
from recording.e2ee.errors import BadFrame
from recording.frames import Codec

Format = Codec | Literal["chat"]
"""What frames are encrypted: those of the codecs, and texts."""

_VP8_KEY, _VP8_OTHER = 10, 3
"""RFC 6386, section 9.1: the header up to the size, and the frame tag alone."""


class Parts(NamedTuple):
    clear: bytes
    rest: bytes
    """Of a frame as it is encoded: what is to be encrypted. Of one as it is sent: the SFrame ciphertext."""


def split(codec: Format, frame: bytes) -> Parts:
    """A frame as it came from an encoder. Raises BadFrame if it has no clear bytes where there should be some, or is
    empty. `clear + rest` is the frame; with H264 in the one form in which it can be sent."""
    if codec == "H264":
        at, clear = annex_b.clear_of(frame)
        return Parts(clear, frame[at:])
    return _cut(codec, frame)


def join(codec: Format, clear: bytes, ciphertext: bytes) -> bytes:
    """What is sent."""
    return clear + (annex_b.protect(clear, ciphertext) if codec == "H264" else ciphertext)


def split_sent(codec: Format, frame: bytes) -> Parts:
    """A frame as it was sent and put together again. Raises BadFrame."""
    if codec == "H264":
        at, clear = annex_b.clear_of(frame)
        return Parts(clear, annex_b.unprotect(clear, frame[at:]))
    return _cut(codec, frame)


def _cut(codec: Format, frame: bytes) -> Parts:
    if not frame:
        raise BadFrame("An empty frame.")
    at = _count(codec, frame)
    if len(frame) < at:
        raise BadFrame("A frame that is shorter than its header.")
    return Parts(frame[:at], frame[at:])


def _count(codec: Format, frame: bytes) -> int:
    if codec == "opus":
        return 1
    if codec == "VP8":
        return _VP8_OTHER if frame[0] & 1 else _VP8_KEY
    return 0
