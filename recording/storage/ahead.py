"""Reads far away files in larger pieces than it is asked for: each request costs a round trip.

Not here: where they are (`bucket.py`), and what is in them.
"""

from __future__ import annotations

from collections import OrderedDict

from recording.age import ReadAt
from recording.storage.errors import Unreachable

BLOCK = 128 * 1024
"""Bytes that are fetched at least. Smaller, and a jump costs less; larger, and reading on costs fewer requests."""

MOST_BLOCKS = 8
"""Fetched at once when somebody reads on and on: 1 MiB, four seconds of film."""

CACHED = 16
"""Blocks kept, 2 MiB for each reader: what a demuxer jumps between."""


class Ahead:
    """Belongs to one thread at a time."""

    def __init__(self, fetch: ReadAt, length: int) -> None:
        """`length`: of the file, in bytes."""
        self.length = length
        self._fetch = fetch
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next = -1
        """The block behind those that were fetched last."""
        self._many = 1

    def read_at(self, offset: int, size: int, /) -> bytes:
        """The bytes there; fewer only where the file ends. Raises what `fetch` raises."""
        end = min(offset + size, self.length)
        parts = []
        while offset < end:
            number, skip = divmod(offset, BLOCK)
            parts.append(self._block(number, (end - 1) // BLOCK)[skip : skip + end - offset])
            offset += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _block(self, number: int, last: int) -> bytes:
        """`last`: the last one that is wanted now."""
        found = self._blocks.get(number)
        if found is not None:
            self._blocks.move_to_end(number)
            return found
        self._many = min(2 * self._many, MOST_BLOCKS) if number == self._next else 1
        many = max(self._many, min(last - number + 1, MOST_BLOCKS))
        start = number * BLOCK
        size = min(many * BLOCK, self.length - start)
        data = self._fetch(start, size)
        if len(data) != size:
            raise Unreachable("The bucket gave less than it was asked for.")
        for at in range(0, size, BLOCK):
            self._keep(number + at // BLOCK, data[at : at + BLOCK])
        self._next = number + many
        return self._blocks[number]

    def _keep(self, number: int, block: bytes) -> None:
        self._blocks[number] = block
        self._blocks.move_to_end(number)
        if len(self._blocks) > CACHED:
            self._blocks.popitem(last=False)
