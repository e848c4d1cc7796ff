"""From payloads to frames: one small state machine for each codec, `depacketizer` to choose it.

Packets go in in order, with `gap` where some are missing; frames come out whole or not at all. Of a picture nothing is
given out between a gap and the next key frame: it would look like what was sent, and not be it. Payloads are hostile:
whatever they hold is dropped and counted, never raised, and kept in bounded memory. Frames that are encrypted are
opened once they are whole, by what `depacketizer` is given.
"""

from __future__ import annotations

from recording.frames.frame import CODECS, KINDS, RATES, Codec, Depacketizer, Frame, Kind, Opener
from recording.frames.h264 import H264
from recording.frames.opus import Opus
from recording.frames.vp8 import VP8
from recording.frames.vp9 import VP9

__all__ = [
    "CODECS",
    "H264",
    "KINDS",
    "RATES",
    "VP8",
    "VP9",
    "Codec",
    "Depacketizer",
    "Frame",
    "Kind",
    "Opener",
    "Opus",
    "depacketizer",
]

_DEPACKETIZERS: dict[Codec, type[Opus] | type[VP8] | type[VP9] | type[H264]] = {
    "opus": Opus,
    "VP8": VP8,
    "VP9": VP9,
    "H264": H264,
}


def depacketizer(codec: Codec, opener: Opener | None = None) -> Depacketizer:
    return _DEPACKETIZERS[codec](opener)
