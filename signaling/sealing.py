"""Sealing: an age file for somebody, made while it is read, of a track that is no finished age file itself.

What a crash has left is two files (`recording/sealed`), so a new header before the old payload would not do. Not here:
finished files (`Vault.resealed`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from recording.age import CHUNK, Encryptor, Entropy, Plaintext, Recipient
from recording.age.stream import SEALED_CHUNK


class Sealing:
    """Is read from its beginning to its end, once."""

    def __init__(self, plaintext: Plaintext, recipient: Recipient, entropy: Entropy) -> None:
        self._plaintext = plaintext
        self._encryptor = Encryptor([recipient], entropy)
        self._ready = bytearray(self._encryptor.start)
        self._taken = 0
        chunks = max(1, -(-plaintext.size // CHUNK))
        self.size = len(self._ready) + plaintext.size + chunks * (SEALED_CHUNK - CHUNK)
        """Bytes of the age file."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Raises AgeError, OSError; ValueError for another place than where the last reading ended."""
        if offset != self._taken:
            raise ValueError("a file that is made while it is read can be read forwards only")
        while len(self._ready) < size and not self._encryptor.finished:
            data = self._plaintext.read_at(self._encryptor.position, CHUNK)
            self._ready += self._encryptor.push(data) if data else self._encryptor.finish()
        piece = bytes(self._ready[:size])
        del self._ready[:size]
        self._taken += len(piece)
        return piece


@contextmanager
def sealing(opening: AbstractContextManager[Plaintext], recipient: Recipient, entropy: Entropy) -> Iterator[Plaintext]:
    with opening as plaintext:
        yield Sealing(plaintext, recipient, entropy)
