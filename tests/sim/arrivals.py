"""Transport-wide feedback as a browser gives it on what it receives
(draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).

Not here: when (`flow.py`, `call.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

TICK_US = 250
REFERENCE_US = 64_000
MOST = 400
"""Packets of one message."""

REMEMBERED = 500
"""Packets back, of which one that comes so late is still told."""


def feedback(first: int, arrivals: Sequence[int | None], number: int, media_ssrc: int = 0) -> bytes:
    """One message. `arrivals`: of `first` and those that follow, when each came (microseconds), None = not. One at
    least has come."""
    reference = next(at for at in arrivals if at is not None) // REFERENCE_US
    last = reference * (REFERENCE_US // TICK_US)
    symbols, deltas = [], b""
    for at in arrivals:
        if at is None:
            symbols.append(0)
            continue
        delta, last = at // TICK_US - last, at // TICK_US
        symbols.append(1 if 0 <= delta <= 255 else 2)
        deltas += struct.pack("!B" if symbols[-1] == 1 else "!h", delta)
    head = (reference & 0xFFFFFF) << 8 | number & 255
    body = struct.pack("!IIHHI", 1, media_ssrc, first & 0xFFFF, len(symbols), head)
    body += chunks(symbols) + deltas
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return struct.pack("!BBH", 0xAF if padding else 0x8F, 205, len(body) // 4) + body


def chunks(symbols: Sequence[int]) -> bytes:
    """Runs where they are long, else seven symbols of two bits, or fourteen of one."""
    written, at = b"", 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and symbols[at + run] == symbols[at] and run < 8191:
            run += 1
        if run >= 14 or at + run == len(symbols):
            written += struct.pack("!H", symbols[at] << 13 | run)
            at += run
        elif max(symbols[at : at + 14]) < 2:
            bits = sum(symbol << (13 - place) for place, symbol in enumerate(symbols[at : at + 14]))
            written += struct.pack("!H", 0x8000 | bits)
            at += 14
        else:
            bits = sum(symbol << (12 - 2 * place) for place, symbol in enumerate(symbols[at : at + 7]))
            written += struct.pack("!H", 0xC000 | bits)
            at += 7
    return written


class Arrivals:
    """What came, by transport-wide number. `clock_us`: by how much this end's clock is ahead."""

    def __init__(self, clock_us: int = 1_000_000_000) -> None:
        self.clock_us = clock_us
        self._came: dict[int, int] = {}
        self._next: int | None = None
        """The first to be told of."""
        self._highest = 0
        self._number = 0

    def note(self, seq: int, now: int) -> None:
        if self._next is None:
            self._next = self._highest = seq + 65536
        ext = self._highest + ((seq - self._highest + 0x8000) & 0xFFFF) - 0x8000
        self._highest = max(self._highest, ext)
        if ext not in self._came:
            self._came[ext] = now + self.clock_us
            # of one that comes late, and so of those after it, it is told once more
            self._next = max(min(self._next, ext), self._highest - REMEMBERED)

    def tell(self) -> list[bytes]:
        """Messages on everything that came since the last call, and on what is missing between."""
        messages = []
        while self._next is not None and self._next <= self._highest:
            first, end = self._next, min(self._highest + 1, self._next + MOST)
            told = [self._came.get(ext) for ext in range(first, end)]
            if any(at is not None for at in told):
                messages.append(feedback(first, told, self._number))
                self._number += 1
            self._next = end
        for ext in [ext for ext in self._came if ext < self._highest - 2 * REMEMBERED]:
            del self._came[ext]
        return messages
