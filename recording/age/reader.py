"""Reads age files anywhere at once, and tells what is wrong with one.

`Reader` asks for ranges of bytes, so the file may be on a disk or behind a network; `PlaintextFile` makes a file of it.
Not here: where it lies. A reader belongs to one thread at a time.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO, Protocol

from pydantic import SecretBytes

from recording.age.errors import Damaged, Truncated
from recording.age.header import MAX_HEADER, parse, unlock
from recording.age.stream import CHUNK, NONCE, SEALED_CHUNK, Payload
from recording.age.x25519 import Identity

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

ReadAt = Callable[[int, int], bytes]
"""(offset, size) -> the bytes there; fewer only where the file ends. Raises OSError."""

Keys = SecretBytes | Sequence[Identity]
"""The file's own key, or identities of which one must fit."""

CACHED = 4
"""Chunks kept in the clear, 256 KiB: what a demuxer jumps between."""


class Reader:
    """One age file. Nothing is given out that was not authenticated, in its place, chunk by chunk.

    The end is looked at first, so a file that was cut is refused when it is opened. With `unfinished` it may lack its
    end, as after a crash: then whatever whole chunks there are can be read, `finished` is False, and `ignored` says
    how many bytes behind them could not be used.
    """

    def __init__(
        self, read_at: ReadAt, length: int, keys: Keys, *, unfinished: bool = False, sound: int | None = None
    ) -> None:
        """`length`: of the age file, in bytes. `sound`, for an unfinished one: so many bytes of plaintext are known to
        have reached the disk. All chunks from there on are checked now; without it all of them, unless the end is
        there.

        Raises AgeError (NotAgeFile, NoKeyFits, Truncated, Damaged) and what `read_at` raises.
        """
        self._read_at = read_at
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        beginning = read_at(0, min(length, MAX_HEADER + NONCE))
        header = parse(beginning)
        self.payload_at = header.length
        """Where the header ends: what `rewrap` replaces is before it."""
        self.file_key = unlock(header, keys)
        """For another reader of this file, which then needs no identity."""
        nonce = beginning[header.length : header.length + NONCE]
        if len(nonce) < NONCE:
            raise Truncated("The file ends before its first chunk.")
        self._payload = Payload(self.file_key, nonce)
        self._first = header.length + NONCE
        self._sealed = length - self._first
        self.ignored = 0
        self.finished, self.size = self._survey(sound) if unfinished else (True, self._measure())
        """Whether the end is there; bytes of plaintext."""

    def read_at(self, offset: int, size: int) -> bytes:
        """The plaintext there; less only where it ends. Raises Damaged."""
        if offset < 0 or size < 0:
            raise ValueError("a place within the file")
        end = min(offset + size, self.size)
        parts = []
        while offset < end:
            number, skip = divmod(offset, CHUNK)
            parts.append(self._chunk(number)[skip : skip + end - offset])
            offset += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def derive(self, purpose: bytes) -> bytes:
        """32 bytes that only those know who can read this file."""
        return self._payload.derive(purpose)

    def _chunk(self, number: int) -> bytes:
        data = self._cache.get(number)
        if data is None:
            last = self.finished and (number + 1) * SEALED_CHUNK >= self._sealed
            data = self._payload.open(number, self._fetch(number), last=last)
            if data is None:
                raise Damaged(f"Chunk {number} of the file is not as it was written.", number)
            self._keep(number, data)
        else:
            self._cache.move_to_end(number)
        return data

    def _keep(self, number: int, data: bytes) -> None:
        self._cache[number] = data
        if len(self._cache) > CACHED:
            self._cache.popitem(last=False)

    def _fetch(self, number: int) -> bytes:
        start = number * SEALED_CHUNK
        return self._read_at(self._first + start, min(SEALED_CHUNK, self._sealed - start))

    def _measure(self) -> int:
        """The size of a file whose end must be there."""
        if not self._sealed:
            raise Truncated("The file ends before its first chunk.", 0)
        number = (self._sealed - 1) // SEALED_CHUNK
        sealed = self._fetch(number)
        data = self._payload.open(number, sealed, last=True)
        if data is None:
            if self._payload.open(number, sealed, last=False) is not None:
                raise Truncated(f"The file ends after chunk {number}, which is not its last.", number + 1)
            raise Damaged(f"Chunk {number}, where the file ends, was damaged or cut off.", number)
        if not data and number:
            raise Damaged(f"Chunk {number}, the last one, is empty, as no writer leaves it.", number)
        self._keep(number, data)
        return number * CHUNK + len(data)

    def _survey(self, sound: int | None) -> tuple[bool, int]:
        """Whether a file that may lack its end has it, and its size."""
        if sound is None:
            try:
                return True, self._measure()
            except Damaged:
                sound = 0
        return self._count(sound // CHUNK)

    def _count(self, number: int) -> tuple[bool, int]:
        """As `_survey`: up to the first chunk, from `number` on, that is missing, torn or not authentic."""
        left = self._sealed - number * SEALED_CHUNK
        if left < 0:
            raise Truncated("The file is shorter than it is known to have been.", self._sealed // SEALED_CHUNK)
        sealed = b""
        while left > 0:
            sealed = self._fetch(number)
            data = self._payload.open(number, sealed, last=False)
            if data is None or len(data) < CHUNK:
                break
            self._keep(number, data)
            number += 1
            left -= SEALED_CHUNK
        if 0 < left <= SEALED_CHUNK:
            data = self._payload.open(number, sealed, last=True)
            if data or (data is not None and not number):
                return True, number * CHUNK + len(data)
        self.ignored = max(0, left)
        return False, number * CHUNK


class Plaintext(Protocol):
    """What can be read anywhere: a `Reader`, a `SealedReader`."""

    @property
    def size(self) -> int: ...

    def read_at(self, offset: int, size: int) -> bytes: ...


class PlaintextFile(io.RawIOBase):
    """As a file, for PyAV and whoever else wants one. Reading raises AgeError where the file is damaged."""

    def __init__(self, plaintext: Plaintext) -> None:
        super().__init__()
        self._plaintext = plaintext
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._plaintext.size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        data = self._plaintext.read_at(self._position, len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


def ranges_of(file: BinaryIO) -> tuple[ReadAt, int]:
    """(`read_at`, length) of a file that can be sought in, for `Reader`."""
    length = file.seek(0, io.SEEK_END)

    def read_at(offset: int, size: int) -> bytes:
        file.seek(offset)
        parts = []
        while size > 0 and (part := file.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    return read_at, length


def open_bytes(data: bytes, keys: Keys) -> bytes:
    """The plaintext of a whole age file in memory. Raises AgeError."""
    reader = Reader(lambda offset, size: data[offset : offset + size], len(data), keys)
    return reader.read_at(0, reader.size)
