"""Opus (RFC 7587): each packet is a frame, and says itself how long it lasts (RFC 6716, section 3.1).

Silence that is not sent (DTX) leaves a step in the timestamps, and so a gap in the file, as it should.
"""

from __future__ import annotations

from recording.frames.frame import Frame, Opener

_LONGEST = 5760
"""Ticks of a packet: 120 ms (RFC 6716, section 3.2.5)."""

_LARGEST = 1275
"""Bytes of one frame (section 3.2.1)."""

_TICKS = (
    *(480, 960, 1920, 2880) * 3,  # SILK: narrow, medium and wide band
    *(480, 960) * 2,  # hybrid: super-wide and full band
    *(120, 240, 480, 960) * 4,  # CELT: narrow, wide, super-wide and full band
)
"""Of one frame, by the configuration number in the first five bits."""


class Opus:
    """Sound needs no key frame: what is lost is lost, what comes after it can be heard."""

    wants_key = False

    def __init__(self, opener: Opener | None = None) -> None:
        self.broken = 0
        self._opener = opener

    def push(self, timestamp: int, marker: bool, payload: bytes) -> Frame | None:
        if not payload:
            return None
        packet = payload if self._opener is None else self._opener(payload)
        duration = _duration(packet) if packet else 0
        if not packet or duration == 0:
            self.broken += 1
            return None
        return Frame(packet, timestamp, True, duration)

    def gap(self) -> None:
        """Nothing depends on what is missing."""


def _duration(packet: bytes) -> int:
    """Ticks; 0 if the packet is malformed: a reader of the file would stumble over it."""
    ticks = _TICKS[packet[0] >> 3]
    code = packet[0] & 3
    if code == 0:
        return ticks if len(packet) - 1 <= _LARGEST else 0
    try:
        count = _COUNTS[code](packet)
    except IndexError:
        return 0
    return count * ticks if count * ticks <= _LONGEST else 0


def _equal_two(packet: bytes) -> int:
    """Section 3.2.3. Returns the number of frames, 0 if it is malformed."""
    size, odd = divmod(len(packet) - 1, 2)
    return 2 if not odd and size <= _LARGEST else 0


def _other_two(packet: bytes) -> int:
    """Section 3.2.4. Raises IndexError where it is cut off."""
    size, at = _length(packet, 1)
    return 2 if 0 <= len(packet) - at - size <= _LARGEST else 0


def _many(packet: bytes) -> int:
    """Section 3.2.5. Raises IndexError where it is cut off."""
    count = packet[1] & 0x3F
    at = 2
    left = len(packet)
    more = bool(packet[1] & 0x40)
    while more:
        more = packet[at] == 255
        left -= 254 if more else packet[at]
        at += 1
    if packet[1] & 0x80:
        for _ in range(count - 1):
            size, at = _length(packet, at)
            left -= size
        return count if 0 <= left - at <= _LARGEST else 0
    if count == 0 or left < at:
        return 0
    size, rest = divmod(left - at, count)
    return count if not rest and size <= _LARGEST else 0


def _length(packet: bytes, at: int) -> tuple[int, int]:
    """Of a frame, and where to read on (section 3.2.1). Raises IndexError."""
    first = packet[at]
    return (first, at + 1) if first < 252 else (4 * packet[at + 1] + first, at + 2)


_COUNTS = {1: _equal_two, 2: _other_two, 3: _many}
"""By the code in the last two bits of the first byte: how many frames there are."""
