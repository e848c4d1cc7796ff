"""The parts of one picture after another, given out whole or not at all: what VP8 and VP9 have in common.

Not here: where a picture begins and ends, which each codec says in its own way.
"""

from __future__ import annotations

from recording.frames.frame import LARGEST_FRAME, PART_COST, Opener


class Pictures:
    """Passes over pictures that need one that is missing."""

    def __init__(self, opener: Opener | None = None) -> None:
        self._opener = opener
        self.wants_key = True
        self.broken = 0
        self.timestamp = 0
        self._parts: list[bytes] = []
        self._size = 0

    def begin(self, timestamp: int, key: bool, part: bytes) -> None:
        if self._parts:
            self.lose()  # its end never came
        if key or not self.wants_key:
            self.timestamp = timestamp
            self._parts = [part]
            self._size = len(part) + PART_COST

    def add(self, timestamp: int, part: bytes) -> None:
        if not self._parts:
            return
        self._size += len(part) + PART_COST
        if timestamp != self.timestamp or self._size > LARGEST_FRAME:
            self.lose()
        else:
            self._parts.append(part)

    def end(self) -> bytes:
        """The picture; empty if there is none to give out."""
        picture = b"".join(self._parts)
        self._parts = []
        if picture and self._opener is not None:
            opened = self._opener(picture)
            if not opened:
                self.lose()
            return opened or b""
        return picture

    def lose(self) -> None:
        """A picture can't be made whole, so the ones after it can't be shown either."""
        self.broken += 1
        self.gap()

    def gap(self) -> None:
        self._parts = []
        self.wants_key = True
