from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sfu import records
from tests.sfu.handshake import message, record


def plausible(kind: int, body: bytes) -> bool:
    (only,) = records.split(record(kind, body))
    return records.is_plausible(only)


def test_records_come_apart_as_they_were_put_together() -> None:
    parts = [record(22, b"one"), record(20, b"\x01"), record(22, b"two", epoch=1)]
    found = list(records.split(b"".join(parts)))
    assert [each.data for each in found] == parts
    assert [each.epoch for each in found] == [0, 0, 1]
    assert [each.body for each in found] == [b"one", b"\x01", b"two"]


def test_what_follows_a_malformed_record_is_dropped() -> None:
    good = record()
    for bad in (b"\x16\x03\x03" + good[3:], b"\x19" + good[1:], good[:-1], good[:11] + b"\0\0", b"\x16"):
        assert [each.data for each in records.split(good + bad)][:1] == [good]
        assert len(list(records.split(good + bad))) == 1


def test_a_datagram_that_no_network_delivers_is_dropped() -> None:
    assert not list(records.split(record(body=bytes(records.MAX_DATAGRAM))))


def test_only_what_a_client_says_in_a_handshake_is_plausible() -> None:
    assert plausible(20, b"\x01")
    assert not plausible(20, b"\x02")
    assert not plausible(21, b"\x02\x28")
    assert not plausible(23, b"data")
    for kind, sequence in ((1, 0), (11, 1), (16, 2), (15, 3)):
        assert plausible(22, message(kind, sequence, bytes(40)))
        assert not plausible(22, message(kind, sequence + 1, bytes(40)))
    assert plausible(22, message(11, 1, bytes(40)) + message(16, 2, bytes(10)))
    assert not plausible(22, message(11, 1, bytes(40)) + b"rest")


def test_fragments_must_lie_within_their_message() -> None:
    assert plausible(22, message(11, 1, bytes(40), length=100, offset=60))
    assert not plausible(22, message(11, 1, bytes(40), length=100, offset=61))
    assert not plausible(22, message(11, 1, bytes(40), length=1_000_000, offset=0))


def test_the_random_of_a_hello_is_in_its_first_fragment_only() -> None:
    random = bytes(range(32))
    hello = b"\xfe\xfd" + random + bytes(20)
    (first,) = records.split(record(22, message(1, 0, hello, length=200)))
    (later,) = records.split(record(22, message(1, 0, hello, length=200, offset=60)))
    (other,) = records.split(record(22, message(11, 1, hello)))
    assert records.hello_random(first) == random
    assert records.hello_random(later) is None
    assert records.hello_random(other) is None
    assert (records.is_hello(first), records.is_hello(later), records.is_hello(other)) == (True, True, False)


@given(st.lists(st.integers(1, 1100), max_size=20))
def test_packing_keeps_every_record_whole_and_in_order(sizes: list[int]) -> None:
    parts = [record(body=bytes(size)) for size in sizes]
    packed = records.pack(b"".join(parts))
    assert b"".join(packed) == b"".join(parts)
    assert all(len(each) <= records.MTU for each in packed)
    assert [found.data for each in packed for found in records.split(each)] == parts


@given(st.binary(max_size=3000))
def test_junk_never_raises(data: bytes) -> None:
    for each in records.split(data):
        if records.is_plausible(each):
            records.hello_random(each)
    records.pack(data)
