"""One frame, opened: what a sender's encoder made, or an error. There is no third way out.

Not here: frames that wait for a key that is on its way, and what is done when one can't be opened.
"""

from __future__ import annotations

from enum import IntEnum

from recording.e2ee.clear_bytes import Format, join, split, split_sent
from recording.e2ee.errors import BadFrame, CannotOpen, Reason
from recording.e2ee.keyring import KeyRing
from recording.e2ee.sframe import Sender


class Source(IntEnum):
    """What the frame is a frame of: the first byte of the metadata."""

    MICROPHONE = 1
    CAMERA = 2
    SCREEN = 3
    CHAT = 4


def open_frame(ring: KeyRing, sender: int, codec: Format, source: Source, data: bytes, now: float) -> bytes:
    """The frame that `sender` (a number) encrypted as one of `source`, as an encoder made it. H264 comes in the one
    form in which it can be sent: start codes of four bytes up to the first slice, no delimiters before it.

    `data`: the frame as it was put together from packets, H264 in Annex B, with its NAL units as they came: none added,
    left out or moved but for delimiters and filler. `now`: seconds of any clock that does not go back.

    Raises CannotOpen: no key, forged, replayed, malformed.
    """
    try:
        clear, ciphertext = split_sent(codec, data)
    except BadFrame:
        raise CannotOpen(Reason.MALFORMED) from None
    return clear + ring.open(sender, ciphertext, _metadata(source, clear), now)


def seal_frame(sender: Sender, codec: Format, source: Source, frame: bytes) -> bytes:
    """What is sent of an encoder's frame, as browsers do it. Raises BadFrame, UsedUp."""
    clear, rest = split(codec, frame)
    return join(codec, clear, sender.seal(rest, _metadata(source, clear)))


def _metadata(source: Source, clear: bytes) -> bytes:
    return bytes([source]) + clear
