"""Bit by bit, for the headers of VP9 and H264 that say how large a picture is."""

from __future__ import annotations


class BadBits(ValueError):
    """The bits end before the header does, or hold a number that no header has."""


class Bits:
    """The first bit of a byte is its highest."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Raises BadBits."""
        if count > self._left:
            raise BadBits("bits are missing")
        self._left -= count
        return (self._value >> self._left) & ((1 << count) - 1)

    def golomb(self) -> int:
        """An unsigned Exp-Golomb number (H.264, section 9.1), at most 32 bits long. Raises BadBits."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise BadBits("a number without an end")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        """Section 9.1.1. Raises BadBits."""
        number = self.golomb()
        return (number + 1) // 2 if number & 1 else -(number // 2)
