"""Writes age files as plaintext comes, without knowing how long they will be.

`Encryptor` has no file: plaintext in, bytes of an age file out. `Writer` puts those into one.
Not here: what survives a crash (`recording/sealed`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pydantic import SecretBytes

from recording.age.header import make
from recording.age.kdf import Entropy
from recording.age.stream import CHUNK, NONCE, Payload
from recording.age.x25519 import FILE_KEY_BYTES, Recipient

Data = bytes | bytearray | memoryview


class Encryptor:
    """One age file, from its beginning (`start`) through what `push` returns to what `finish` returns.

    The last chunk is marked as such, so the newest plaintext is held back (`pending`, up to 64 KiB of it) until more
    comes or `finish` says that none will.
    """

    def __init__(self, recipients: Sequence[Recipient], entropy: Entropy) -> None:
        """Raises BadKeyText, ValueError if there are no recipients."""
        file_key, nonce = SecretBytes(entropy(FILE_KEY_BYTES)), entropy(NONCE)
        self.start = make(file_key, recipients, entropy) + nonce
        self.finished = False
        self._payload = Payload(file_key, nonce)
        self._pending = bytearray()
        self._chunks = 0

    @property
    def pending(self) -> bytes:
        """The plaintext that nothing returned so far holds."""
        return bytes(self._pending)

    @property
    def emitted(self) -> int:
        """Bytes of plaintext in what was returned so far: where `pending` begins."""
        return self._chunks * CHUNK

    @property
    def position(self) -> int:
        """Bytes of plaintext pushed."""
        return self.emitted + len(self._pending)

    def push(self, data: Data) -> bytes:
        """The chunks that are certain now: they are full, and not the last."""
        if self.finished:
            raise ValueError("the file was finished")
        self._pending += data
        chunks = []
        while len(self._pending) > CHUNK:
            chunks.append(self._payload.seal(self._chunks, self._pending[:CHUNK], last=False))
            self._chunks += 1
            del self._pending[:CHUNK]
        return b"".join(chunks)

    def finish(self) -> bytes:
        """The last chunk. Only once: the same chunk must not be sealed with two contents."""
        if self.finished:
            raise ValueError("the file was finished")
        self.finished = True
        return self._payload.seal(self._chunks, self._pending, last=True)

    def derive(self, purpose: bytes) -> bytes:
        """As `Reader.derive` will for whoever can open this file."""
        return self._payload.derive(purpose)


class Writer:
    """An age file being written into something. Can be handed to PyAV as a file.

    Leaving it unclosed leaves a file that every reader knows to be unfinished; there is deliberately no `with`, which
    would finish it after an error.
    """

    def __init__(self, write: Callable[[bytes], object], recipients: Sequence[Recipient], entropy: Entropy) -> None:
        """`write` takes all that it is given or raises, as the `write` of a buffered file does."""
        self._write = write
        self._encryptor = Encryptor(recipients, entropy)
        self._write(self._encryptor.start)

    @property
    def position(self) -> int:
        return self._encryptor.position

    @property
    def pending(self) -> bytes:
        return self._encryptor.pending

    def write(self, data: Data) -> int:
        sealed = self._encryptor.push(data)
        if sealed:
            self._write(sealed)
        return len(data)

    def close(self) -> None:
        """Writes the end. Does not close what it writes into. May be called again."""
        if not self._encryptor.finished:
            self._write(self._encryptor.finish())


class Sealer:
    """Makes many small age files for the same recipients: one header, and so one file key, for all of them. Their
    payloads' keys differ, as each has a nonce of its own from which its key is derived."""

    def __init__(self, recipients: Sequence[Recipient], entropy: Entropy) -> None:
        """Raises BadKeyText, ValueError if there are no recipients."""
        self._entropy = entropy
        self._file_key = SecretBytes(entropy(FILE_KEY_BYTES))
        self._header = make(self._file_key, recipients, entropy)

    def seal(self, data: Data) -> bytes:
        """A whole age file, in memory."""
        nonce = self._entropy(NONCE)
        payload = Payload(self._file_key, nonce)
        last = max(len(data) - 1, 0) // CHUNK
        view = memoryview(data)
        chunks = (payload.seal(at, view[at * CHUNK : (at + 1) * CHUNK], last=at == last) for at in range(last + 1))
        return b"".join([self._header, nonce, *chunks])


def seal_bytes(data: Data, recipients: Sequence[Recipient], entropy: Entropy) -> bytes:
    """A whole age file, in memory."""
    encryptor = Encryptor(recipients, entropy)
    return b"".join([encryptor.start, encryptor.push(data), encryptor.finish()])
