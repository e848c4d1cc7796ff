"""An age file that is made while it is read."""

from __future__ import annotations

import os
from contextlib import nullcontext

import pytest

from recording.age import CHUNK, Identity, Reader, open_bytes, seal_bytes
from signaling.sealing import Sealing, sealing

IDENTITY = Identity.generate(os.urandom)


def plaintext(content: bytes) -> Reader:
    file = seal_bytes(content, [IDENTITY.recipient], os.urandom)
    return Reader(lambda offset, size: file[offset : offset + size], len(file), [IDENTITY])


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
@pytest.mark.parametrize("step", [1000, CHUNK, 4 * CHUNK])
def test_it_has_the_size_that_was_promised_and_opens(size: int, step: int) -> None:
    content, somebody = os.urandom(size), Identity.generate(os.urandom)
    with sealing(nullcontext(plaintext(content)), somebody.recipient, os.urandom) as file:
        read = bytearray()
        while len(read) < file.size:
            piece = file.read_at(len(read), step)
            assert 0 < len(piece) <= step
            read += piece
        assert file.read_at(len(read), step) == b""
    assert len(read) == file.size
    assert open_bytes(bytes(read), [somebody]) == content


def test_it_cannot_be_read_backwards() -> None:
    file = Sealing(plaintext(b"content"), IDENTITY.recipient, os.urandom)
    file.read_at(0, 10)
    with pytest.raises(ValueError, match="forwards"):
        file.read_at(0, 10)
