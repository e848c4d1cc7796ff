"""An age file that is written in one go, but for its beginning and its end."""

from __future__ import annotations

import io

import pytest

from recording.age import CHUNK, AgeError, open_bytes
from recording.compose.output import SealedOutput
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance, text

SIZES = [0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK + 77]
sizes = pytest.mark.parametrize("size", SIZES)


class File:
    """In memory, and strict: no place is written twice."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._written: set[int] = set()

    def write_at(self, offset: int, data: bytes) -> None:
        assert offset not in self._written, "a chunk was sealed twice"
        self._written.add(offset)
        self.data += bytes(max(0, offset + len(data) - len(self.data)))
        self.data[offset : offset + len(data)] = data


def begun() -> tuple[SealedOutput, File]:
    file = File()
    return SealedOutput(file.write_at, RECIPIENT, chance(1)), file


@sizes
@pytest.mark.parametrize("piece", [1000, CHUNK, 200_000])
def test_what_was_written_is_read(size: int, piece: int) -> None:
    output, file = begun()
    data = text(size)
    for at in range(0, size, piece):
        output.write(data[at : at + piece])
    output.finish()
    assert output.size == output.tell() == size
    assert open_bytes(bytes(file.data), [IDENTITY]) == data


@sizes
def test_the_beginning_can_be_changed_until_the_end(size: int) -> None:
    output, file = begun()
    data = bytearray(text(size))
    output.write(bytes(data))
    if size >= 100:
        output.seek(40)
        output.write(b"patched")
        data[40:47] = b"patched"
        output.seek(size)
    output.write(b"end")
    output.finish()
    assert open_bytes(bytes(file.data), [IDENTITY]) == data + b"end"


@sizes
def test_after_a_hold_everything_can_be_changed(size: int) -> None:
    output, file = begun()
    data = bytearray(text(size))
    output.write(bytes(data))
    output.hold()
    index = bytearray(text(300_000, seed=2))
    output.write(bytes(index))
    for at in (0, 1, 70_000, 299_990):
        output.seek(size + at)
        output.write(b"X")
        index[at] = ord("X")
    output.seek(0, io.SEEK_END)
    output.finish()
    assert open_bytes(bytes(file.data), [IDENTITY]) == data + index


def test_what_was_sealed_cannot_be_changed() -> None:
    output, _ = begun()
    output.write(text(5 * CHUNK))
    for place in (-1, CHUNK, 3 * CHUNK, 5 * CHUNK + 1):
        with pytest.raises(io.UnsupportedOperation):
            output.seek(place)
    output.seek(CHUNK - 2)
    with pytest.raises(io.UnsupportedOperation):
        output.write(b"over the border")


def test_what_was_not_finished_cannot_be_opened() -> None:
    output, file = begun()
    output.write(text(5 * CHUNK))
    with pytest.raises(AgeError):
        open_bytes(bytes(file.data), [IDENTITY])
    before = bytes(file.data)
    output.abandon()
    output.write(text(5 * CHUNK))
    assert file.data == before


def test_memory_does_not_grow_with_what_is_written() -> None:
    output, _ = begun()
    for number in range(40):
        output.write(text(CHUNK, seed=number))
        assert len(output._rest) <= CHUNK


def test_it_is_finished_once() -> None:
    output, _ = begun()
    output.finish()
    with pytest.raises(io.UnsupportedOperation):
        output.finish()
