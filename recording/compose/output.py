"""An age file that a muxer writes into, and goes back in: to its beginning, and in what it writes last.

MP4 is written in one go, but for two places. The length of the media stands in front of it and is known at the end, so
the first chunk is kept in memory until then; so is everything after `hold`, for an index is patched while it is
written. Each chunk is sealed once, with its final content. Nowhere else can be sought.
Not here: files and their names (`compose.py`), MP4.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from pydantic import SecretBytes

from recording.age import CHUNK, Entropy, Recipient
from recording.age.header import make
from recording.age.stream import NONCE, SEALED_CHUNK, Payload
from recording.age.x25519 import FILE_KEY_BYTES

MOST_HELD = 256 * 1024 * 1024
"""Bytes after `hold`. The index of an hour has 2 MB."""


class SealedOutput:
    """A file for PyAV. Until `finish` has returned, what was written is no age file that anybody can open."""

    def __init__(self, write_at: Callable[[int, bytes], None], recipient: Recipient, entropy: Entropy) -> None:
        """`write_at(offset, data)` writes all of it or raises OSError."""
        file_key, nonce = SecretBytes(entropy(FILE_KEY_BYTES)), entropy(NONCE)
        start = make(file_key, [recipient], entropy) + nonce
        self._write_at = write_at
        self._payload = Payload(file_key, nonce)
        self._payload_at = len(start)
        self._first = bytearray()
        self._rest = bytearray()
        self._sealed = 1
        """Chunks that are done with, the first counted in: where `_rest` begins."""
        self._position = 0
        self._held = False
        self._finished = False
        self.closed = False
        """PyAV asks for it before it writes an end to what was forgotten about."""
        write_at(0, start)

    @property
    def size(self) -> int:
        """Bytes of plaintext."""
        return len(self._first) if len(self._first) < CHUNK else self._sealed * CHUNK + len(self._rest)

    def hold(self) -> None:
        """From here on the writer may go back as it likes."""
        self._held = True

    def write(self, data: bytes, /) -> int:
        """Raises io.UnsupportedOperation where it cannot be written any more, and OSError."""
        if self.closed:
            return len(data)
        view = memoryview(data)
        if self._position < CHUNK:
            part = view[: CHUNK - self._position]
            self._first[self._position : self._position + len(part)] = part
            self._position += len(part)
            view = view[len(part) :]
        if view:
            at = self._position - self._sealed * CHUNK
            if at < 0:
                raise io.UnsupportedOperation("what is there was sealed already")
            self._rest[at : at + len(view)] = view
            self._position += len(view)
            self._seal()
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Within the first chunk, or within what was not sealed yet. Raises io.UnsupportedOperation."""
        offset += {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if not 0 <= offset <= self.size or CHUNK <= offset < self._sealed * CHUNK:
            raise io.UnsupportedOperation("nothing can be written there")
        self._position = offset
        return offset

    def peek(self, offset: int, size: int) -> bytes:
        """What was written there, of what was not sealed yet; less where that ends."""
        if offset + size <= CHUNK:
            return bytes(self._first[offset : offset + size])
        at = offset - self._sealed * CHUNK
        if at < 0:
            raise io.UnsupportedOperation("what is there was sealed already")
        return bytes(self._rest[at : at + size])

    def tell(self) -> int:
        return self._position

    def finish(self) -> None:
        """Seals what is left, the beginning last. Once."""
        if self._finished:
            raise io.UnsupportedOperation("the film was finished")
        self._finished = True
        number = self._sealed
        for start in range(0, len(self._rest), CHUNK):
            last = start + CHUNK >= len(self._rest)
            self._put(number, self._rest[start : start + CHUNK], last=last)
            number += 1
        # a chunk of the middle is sealed only when there is more behind it, so without a rest the first is the last
        self._put(0, self._first, last=number == 1)

    def abandon(self) -> None:
        """From here on nothing is written any more, whatever a muxer still wants to."""
        self.closed = True

    def _seal(self) -> None:
        if self._held:
            if len(self._rest) > MOST_HELD:
                raise OSError("The film's index is larger than any that can be kept.")
            return
        # one byte more than a chunk shows that it is not the last
        while len(self._rest) > CHUNK:
            self._put(self._sealed, self._rest[:CHUNK], last=False)
            self._sealed += 1
            del self._rest[:CHUNK]

    def _put(self, number: int, data: bytearray, *, last: bool) -> None:
        self._write_at(self._payload_at + number * SEALED_CHUNK, self._payload.seal(number, data, last=last))
