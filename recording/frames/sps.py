"""How large pictures are, from a sequence parameter set (H.264, section 7.3.2.1.1). Nothing else of it is read."""

from __future__ import annotations

from recording.frames.bits import BadBits, Bits

_HIGH_PROFILES = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}
"""Those that say more of colours before the rest."""

_LARGEST = 16384
"""Pixels of a side. Levels end before it."""


def picture_size(sps: bytes) -> tuple[int, int]:
    """(width, height) of the NAL unit `sps`; zeros if it is malformed."""
    try:
        return _read(Bits(_unescaped(sps[1:])))
    except BadBits:
        return 0, 0


def _unescaped(unit: bytes) -> bytes:
    """Without the bytes that keep start codes from appearing (section 7.4.1.1)."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def _read(bits: Bits) -> tuple[int, int]:
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = _skip_colours(bits)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        _skip_order(bits)
    elif order > 2:
        raise BadBits("an unknown order of pictures")
    bits.golomb()
    bits.take(1)
    columns, rows = bits.golomb() + 1, bits.golomb() + 1
    fields = 1 - bits.take(1)
    if fields:
        bits.take(1)
    bits.take(1)
    left = right = top = bottom = 0
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
    across = 2 if chroma in (1, 2) else 1
    down = (2 if chroma == 1 else 1) * (1 + fields)
    width = 16 * columns - across * (left + right)
    height = 16 * rows * (1 + fields) - down * (top + bottom)
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise BadBits("no picture has such a size")
    return width, height


def _skip_colours(bits: Bits) -> int:
    """Returns the chroma format."""
    chroma = bits.golomb()
    if chroma > 3:
        raise BadBits("an unknown chroma format")
    separate = bits.take(1) if chroma == 3 else 0
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        for index in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling(bits, 16 if index < 6 else 64)
    return 0 if separate else chroma


def _skip_scaling(bits: Bits, size: int) -> None:
    """Section 7.3.2.1.1.1."""
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _skip_order(bits: Bits) -> None:
    bits.take(1)
    bits.signed_golomb()
    bits.signed_golomb()
    count = bits.golomb()
    if count > 255:
        raise BadBits("too long a cycle of pictures")
    for _ in range(count):
        bits.signed_golomb()
