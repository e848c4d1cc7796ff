"""Whatever was done to a file is noticed, and nothing of it is taken for what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from recording.age import CHUNK, AgeError, Damaged, Reader, Truncated, open_bytes, seal_bytes
from recording.age.header import make
from recording.age.stream import SEALED_CHUNK, Payload
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance, text

SMALL = seal_bytes(b"a short text", [RECIPIENT], chance(10))
SIZE = 3 * CHUNK + 100
LARGE = seal_bytes(text(SIZE), [RECIPIENT], chance(11))
OTHER = seal_bytes(text(SIZE, seed=1), [RECIPIENT], chance(12))
PAYLOAD = len(LARGE) - SIZE - 4 * 16


def chunks_of(sealed: bytes) -> list[bytes]:
    return [sealed[at : at + SEALED_CHUNK] for at in range(PAYLOAD, len(sealed), SEALED_CHUNK)]


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_each_flipped_bit_of_a_small_file_is_noticed() -> None:
    assert open_bytes(SMALL, [IDENTITY]) == b"a short text"
    for bit in range(8 * len(SMALL)):
        with pytest.raises(AgeError):
            open_bytes(flipped(SMALL, bit), [IDENTITY])


@given(st.integers(0, 8 * len(LARGE) - 1))
def test_any_flipped_bit_of_a_large_file_is_noticed(bit: int) -> None:
    with pytest.raises(AgeError):
        open_bytes(flipped(LARGE, bit), [IDENTITY])


@given(st.integers(8 * PAYLOAD, 8 * len(LARGE) - 1))
def test_the_damaged_chunk_is_named_and_the_others_can_still_be_read(bit: int) -> None:
    number = (bit // 8 - PAYLOAD) // SEALED_CHUNK
    data = flipped(LARGE, bit)
    with pytest.raises(Damaged) as damaged:
        open_bytes(data, [IDENTITY])
    assert damaged.value.chunk == number
    if number < 3:
        reader = Reader(lambda offset, size: data[offset : offset + size], len(data), [IDENTITY])
        for other in {0, 1, 2} - {number}:
            assert reader.read_at(other * CHUNK, CHUNK) == text(SIZE)[other * CHUNK : (other + 1) * CHUNK]


def test_a_small_file_cut_at_any_byte_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(Damaged):
            open_bytes(SMALL[:length], [IDENTITY])


@given(st.one_of(st.integers(PAYLOAD, len(LARGE) - 1), st.integers(0, 3).map(lambda n: PAYLOAD + n * SEALED_CHUNK)))
def test_a_large_file_cut_anywhere_is_refused(length: int) -> None:
    whole = (length - PAYLOAD) % SEALED_CHUNK == 0
    with pytest.raises(Truncated if whole else Damaged):
        open_bytes(LARGE[:length], [IDENTITY])


@given(st.binary(min_size=1, max_size=40))
def test_what_is_put_behind_the_end_is_refused(more: bytes) -> None:
    for sealed in (SMALL, LARGE):
        with pytest.raises(Damaged):
            open_bytes(sealed + more, [IDENTITY])


@pytest.mark.parametrize(
    "order",
    [[1, 0, 2, 3], [0, 2, 1, 3], [0, 0, 1, 2, 3], [0, 1, 3], [1, 2, 3], [0, 1, 2, 2, 3], [0, 1, 2, 3, 3], [3], [0, 1]],
    ids=str,
)
def test_chunks_swapped_doubled_or_left_out_are_refused(order: list[int]) -> None:
    chunks = chunks_of(LARGE)
    with pytest.raises(Damaged):
        open_bytes(LARGE[:PAYLOAD] + b"".join(chunks[number] for number in order), [IDENTITY])


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_chunk_of_another_file_is_refused(number: int) -> None:
    chunks = chunks_of(LARGE)
    chunks[number] = chunks_of(OTHER)[number]
    with pytest.raises(Damaged) as damaged:
        open_bytes(LARGE[:PAYLOAD] + b"".join(chunks), [IDENTITY])
    assert damaged.value.chunk == number


def test_a_header_before_another_files_payload_is_refused() -> None:
    with pytest.raises(Damaged):
        open_bytes(LARGE[: PAYLOAD - 16] + OTHER[PAYLOAD - 16 :], [IDENTITY])
    with pytest.raises(Damaged):
        open_bytes(LARGE[:PAYLOAD] + OTHER[PAYLOAD:], [IDENTITY])


@pytest.mark.parametrize("full", [0, 1, 2])
def test_an_empty_last_chunk_is_refused_unless_all_is_empty(full: int) -> None:
    """The format forbids it, or the same text could be written in two ways. No writer of ours makes one: built here."""
    file_key, nonce = SecretBytes(bytes(16)), bytes(16)
    payload = Payload(file_key, nonce)
    chunks = [payload.seal(number, bytes(CHUNK), last=False) for number in range(full)]
    chunks.append(payload.seal(full, b"", last=True))
    sealed = make(file_key, [RECIPIENT], chance(13)) + nonce + b"".join(chunks)
    if not full:
        assert open_bytes(sealed, [IDENTITY]) == b""
        return
    with pytest.raises(Damaged, match="empty"):
        open_bytes(sealed, [IDENTITY])
    reader = Reader(
        lambda offset, size: sealed[offset : offset + size], len(sealed), [IDENTITY], unfinished=True, sound=0
    )
    assert (reader.finished, reader.size, reader.ignored) == (False, full * CHUNK, 16)


def test_a_chunk_marked_as_the_last_amid_the_file_is_refused() -> None:
    file_key, nonce = SecretBytes(bytes(16)), bytes(16)
    payload = Payload(file_key, nonce)
    chunks = [payload.seal(number, bytes(CHUNK), last=True) for number in range(2)]
    with pytest.raises(Damaged, match="Chunk 0"):
        open_bytes(make(file_key, [RECIPIENT], chance(13)) + nonce + b"".join(chunks), [IDENTITY])


def test_errors_quote_nothing() -> None:
    secret = IDENTITY.text().get_secret_value()
    for data in (SMALL[:-1], flipped(SMALL, 8 * (len(SMALL) - 1)), b"a short text", flipped(SMALL, 8 * 30)):
        with pytest.raises(AgeError) as error:
            open_bytes(data, [IDENTITY])
        assert "short text" not in str(error.value)
        assert secret not in str(error.value)
