"""Writing as a stream."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.age import CHUNK, Encryptor, NoKeyFits, Reader, Truncated, Writer, open_bytes, seal_bytes
from tests.recording.age.made_up import IDENTITY, OTHER, RECIPIENT, chance, text

SIZES = st.one_of(st.integers(0, 50), st.integers(CHUNK - 2, CHUNK + 2), st.integers(0, 3 * CHUNK))


@settings(max_examples=40)
@given(st.lists(SIZES, max_size=6))
def test_however_it_comes_the_file_is_the_same(sizes: list[int]) -> None:
    whole = text(sum(sizes))
    file = io.BytesIO()
    writer = Writer(file.write, [RECIPIENT], chance(3))
    at = 0
    for size in sizes:
        assert writer.write(memoryview(whole)[at : at + size]) == size
        at += size
        assert writer.position == at
    writer.close()
    assert file.getvalue() == seal_bytes(whole, [RECIPIENT], chance(3))
    assert open_bytes(file.getvalue(), [IDENTITY]) == whole


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_a_chunk_leaves_only_when_it_cannot_be_the_last(size: int) -> None:
    encryptor = Encryptor([RECIPIENT], chance(3))
    sealed = encryptor.push(text(size))
    full = max(0, size - 1) // CHUNK
    assert len(sealed) == full * (CHUNK + 16)
    assert encryptor.emitted == full * CHUNK
    assert encryptor.pending == text(size)[full * CHUNK :]
    assert encryptor.position == size
    assert len(encryptor.finish()) == size - full * CHUNK + 16


def test_nothing_is_sealed_after_the_end() -> None:
    encryptor = Encryptor([RECIPIENT], chance(3))
    encryptor.finish()
    with pytest.raises(ValueError, match="finished"):
        encryptor.push(b"more")
    with pytest.raises(ValueError, match="finished"):
        encryptor.finish()


def test_a_file_that_was_not_closed_is_known_to_be_unfinished() -> None:
    file = io.BytesIO()
    writer = Writer(file.write, [RECIPIENT], chance(3))
    writer.write(text(2 * CHUNK + 5))
    with pytest.raises(Truncated):
        open_bytes(file.getvalue(), [IDENTITY])
    writer.close()
    writer.close()
    assert open_bytes(file.getvalue(), [IDENTITY]) == text(2 * CHUNK + 5)


def test_every_recipient_opens_it_and_nobody_else() -> None:
    sealed = seal_bytes(b"for two", [RECIPIENT, OTHER.recipient], chance(3))
    assert open_bytes(sealed, [IDENTITY]) == open_bytes(sealed, [OTHER]) == b"for two"
    with pytest.raises(NoKeyFits):
        open_bytes(seal_bytes(b"for one", [RECIPIENT], chance(3)), [OTHER])
    with pytest.raises(NoKeyFits):
        open_bytes(sealed, [])


def test_each_file_has_a_key_of_its_own() -> None:
    entropy = chance(3)
    first, second = (seal_bytes(bytes(1000), [RECIPIENT], entropy) for _ in range(2))
    assert first[-1016:] != second[-1016:]
    assert not set(first.split(b"\n")[1:4]) & set(second.split(b"\n")[1:4])


def test_what_was_written_cannot_be_seen() -> None:
    pattern = b"a planted pattern, long enough to be found"
    sealed = seal_bytes(pattern * 3000, [RECIPIENT], chance(3))
    assert pattern[:8] not in sealed


def test_what_a_reader_can_derive_its_writer_could() -> None:
    encryptor = Encryptor([RECIPIENT], chance(3))
    proof = encryptor.derive(b"a purpose")
    sealed = encryptor.start + encryptor.push(b"text") + encryptor.finish()
    reader = Reader(lambda offset, size: sealed[offset : offset + size], len(sealed), [IDENTITY])
    assert reader.derive(b"a purpose") == proof
    assert reader.derive(b"another") != proof
    assert Encryptor([RECIPIENT], chance(4)).derive(b"a purpose") != proof
