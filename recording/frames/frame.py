"""What all codecs have in common: what a frame is, and what gives frames.

Not here: any payload format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

Codec = Literal["opus", "VP8", "VP9", "H264"]

CODECS: dict[int, Codec] = {111: "opus", 96: "VP8", 98: "VP9", 102: "H264"}
"""By the payload types that the tap uses."""

Kind = Literal["audio", "video"]

KINDS: dict[Codec, Kind] = {"opus": "audio", "VP8": "video", "VP9": "video", "H264": "video"}

RATES: dict[Kind, int] = {"audio": 48_000, "video": 90_000}
"""Ticks of RTP time in a second."""

LARGEST_FRAME = 4 * 1024 * 1024
"""Bytes. A key frame of a shared 4K screen has less than half; a frame without an end is given up here."""

PART_COST = 64
"""Bytes that a part of a frame takes besides its own: without them a frame of a million empty parts would be small."""


Opener = Callable[[bytes], bytes | None]
"""What was put together, into what a codec made of a picture or sound, before anything of it is read: for frames that
are encrypted (`recording/e2ee`). None if it can't be opened: then it counts as broken. H264 is Annex B, before and
after."""


class Frame(NamedTuple):
    """One picture, or one packet of sound, as a decoder takes it."""

    data: bytes
    """H264: NAL units behind start codes (Annex B)."""
    timestamp: int
    """RTP time, as it was given to `push`."""
    key: bool
    duration: int = 0
    """Ticks of RTP time; 0: until the next one."""
    width: int = 0
    height: int = 0
    """Of key frames of a picture."""
    parameters: bytes = b""
    """H264, of key frames: the parameter sets that they need, with which `data` begins. Others in between need another
    file."""


class Depacketizer(Protocol):
    @property
    def wants_key(self) -> bool:
        """Nothing comes before the next key frame."""

    @property
    def broken(self) -> int:
        """Pictures that were begun and could not be given out, malformed packets included."""

    def push(self, timestamp: int, marker: bool, payload: bytes) -> Frame | None:
        """The next packet. The frame that ends with it, if one does."""

    def gap(self) -> None:
        """Packets are missing before the next one."""
