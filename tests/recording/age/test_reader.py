"""Reading anywhere at once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretBytes

from recording.age import CHUNK, Damaged, NoKeyFits, PlaintextFile, Reader, Truncated, ranges_of, seal_bytes
from recording.age.stream import SEALED_CHUNK
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance, text

SIZE = 3 * CHUNK + 777
WHOLE = text(SIZE)
SEALED = seal_bytes(WHOLE, [RECIPIENT], chance(4))
PAYLOAD = len(SEALED) - (SIZE + 4 * 16)
"""Where the first chunk begins."""


class Ranges:
    """A file that counts how it is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def __call__(self, offset: int, size: int) -> bytes:
        self.asked.append((offset, size))
        return self.data[offset : offset + size]

    def reader(self, *, unfinished: bool = False, sound: int | None = None) -> Reader:
        return Reader(self, len(self.data), [IDENTITY], unfinished=unfinished, sound=sound)


READER = Ranges(SEALED).reader()
PLACES = st.one_of(st.integers(0, SIZE + 10), st.integers(0, 4).flatmap(lambda n: st.just(n * CHUNK)))


@given(PLACES, st.one_of(st.integers(0, 300), st.integers(0, SIZE)))
def test_any_part_is_what_was_written_there(offset: int, size: int) -> None:
    assert READER.read_at(offset, size) == WHOLE[offset : offset + size]


def test_no_place_is_before_the_beginning() -> None:
    for offset, size in ((-1, 1), (0, -1)):
        with pytest.raises(ValueError, match="place"):
            READER.read_at(offset, size)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_the_size_is_known_at_once(size: int) -> None:
    reader = Ranges(seal_bytes(text(size), [RECIPIENT], chance(4))).reader()
    assert (reader.size, reader.finished, reader.ignored) == (size, True, 0)
    assert reader.read_at(0, size + 1) == text(size)


def test_reading_on_fetches_each_chunk_once() -> None:
    ranges = Ranges(SEALED)
    reader = ranges.reader()
    ranges.asked.clear()
    for offset in range(0, SIZE, 1000):
        reader.read_at(offset, 1000)
    # the last chunk was read when the file was opened
    assert ranges.asked == [(PAYLOAD + number * SEALED_CHUNK, SEALED_CHUNK) for number in range(3)]


def test_what_is_kept_in_the_clear_is_bounded() -> None:
    size = 20 * CHUNK
    ranges = Ranges(seal_bytes(bytes(size), [RECIPIENT], chance(4)))
    reader = ranges.reader()
    reader.read_at(0, size)
    ranges.asked.clear()
    for number in range(20):
        reader.read_at(number * CHUNK, 1)
    assert len(ranges.asked) >= 16


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(["read", "set", "cur", "end"]), st.integers(-SIZE, SIZE + 5)), max_size=12))
def test_as_a_file_it_behaves_like_any_other(steps: list[tuple[str, int]]) -> None:
    ours, model = PlaintextFile(READER), io.BytesIO(WHOLE)
    assert (ours.readable(), ours.seekable(), ours.writable()) == (True, True, False)
    for what, number in steps:
        if what == "read":
            assert ours.read(abs(number)) == model.read(abs(number))
            continue
        whence = {"set": io.SEEK_SET, "cur": io.SEEK_CUR, "end": io.SEEK_END}[what]
        start = {"set": 0, "cur": model.tell(), "end": SIZE}[what]
        if start + number < 0:
            with pytest.raises(ValueError, match="before"):
                ours.seek(number, whence)
        else:
            assert ours.seek(number, whence) == model.seek(number, whence)
        assert ours.tell() == model.tell()
    assert io.BufferedReader(PlaintextFile(READER)).read() == WHOLE


def test_a_file_on_the_disk_is_read_by_ranges(tmp_path: Path) -> None:
    (tmp_path / "sealed.age").write_bytes(SEALED)
    with (tmp_path / "sealed.age").open("rb") as file:
        reader = Reader(*ranges_of(file), [IDENTITY])
        assert reader.read_at(CHUNK - 5, 10) == WHOLE[CHUNK - 5 : CHUNK + 5]


def test_the_files_own_key_is_enough() -> None:
    again = Reader(Ranges(SEALED), len(SEALED), READER.file_key)
    assert again.read_at(0, SIZE) == WHOLE
    with pytest.raises(NoKeyFits):
        Reader(Ranges(SEALED), len(SEALED), SecretBytes(bytes(16)))
    assert READER.file_key.get_secret_value().hex() not in repr(vars(again))


def test_the_payload_begins_where_the_reader_says() -> None:
    assert SEALED[READER.payload_at - 1 : READER.payload_at] == b"\n"
    assert READER.payload_at + 16 == PAYLOAD


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
@pytest.mark.parametrize("torn", [0, 1, 15, 16, 17, 700, 792])
def test_without_its_end_its_whole_chunks_can_be_read(chunks: int, torn: int) -> None:
    cut = Ranges(SEALED[: PAYLOAD + chunks * SEALED_CHUNK + torn])
    reader = cut.reader(unfinished=True)
    assert (reader.finished, reader.size) == (False, chunks * CHUNK)
    assert reader.ignored == len(cut.data) - PAYLOAD - chunks * SEALED_CHUNK
    assert reader.read_at(0, SIZE) == WHOLE[: chunks * CHUNK]
    with pytest.raises(Truncated if not torn else Damaged):
        cut.reader()


@pytest.mark.parametrize("sound", [None, 0, CHUNK, 3 * CHUNK])
def test_a_file_that_might_have_been_unfinished_may_have_its_end(sound: int | None) -> None:
    reader = Ranges(SEALED).reader(unfinished=True, sound=sound)
    assert (reader.finished, reader.size, reader.ignored) == (True, SIZE, 0)
    assert reader.read_at(0, SIZE) == WHOLE
    empty = Ranges(seal_bytes(b"", [RECIPIENT], chance(4))).reader(unfinished=True, sound=None if sound is None else 0)
    assert (empty.finished, empty.size) == (True, 0)


def test_chunks_behind_a_hole_do_not_count() -> None:
    """A power failure may leave later bytes and not earlier ones."""
    hole = bytearray(SEALED)
    hole[PAYLOAD + SEALED_CHUNK : PAYLOAD + 2 * SEALED_CHUNK] = bytes(SEALED_CHUNK)
    reader = Ranges(bytes(hole)).reader(unfinished=True, sound=0)
    assert (reader.finished, reader.size) == (False, CHUNK)
    assert reader.ignored == len(SEALED) - PAYLOAD - SEALED_CHUNK


def test_only_what_is_not_known_to_be_sound_is_read_when_opening() -> None:
    cut = Ranges(SEALED[: PAYLOAD + 3 * SEALED_CHUNK])
    assert cut.reader(unfinished=True, sound=2 * CHUNK).size == 3 * CHUNK
    assert [offset for offset, _ in cut.asked] == [0, PAYLOAD + 2 * SEALED_CHUNK]
    with pytest.raises(Truncated, match="shorter"):
        cut.reader(unfinished=True, sound=4 * CHUNK)


def test_what_was_believed_to_be_sound_is_still_not_given_out_unread() -> None:
    changed = bytearray(SEALED[: PAYLOAD + 3 * SEALED_CHUNK])
    changed[PAYLOAD + 5] ^= 1
    reader = Ranges(bytes(changed)).reader(unfinished=True, sound=2 * CHUNK)
    assert reader.read_at(CHUNK, CHUNK) == WHOLE[CHUNK : 2 * CHUNK]
    with pytest.raises(Damaged, match="Chunk 0") as damaged:
        reader.read_at(CHUNK - 1, 2)
    assert damaged.value.chunk == 0
