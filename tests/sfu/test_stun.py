"""Messages: which are read as checks, which are verified, what is answered. aioice and the standard library are the
other implementation."""

from __future__ import annotations

import hmac
import random
import struct
import zlib

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.core import Engine
from tests.sfu.client import check
from tests.sfu.lite import HERE, PASSWORD, Lite

NAME = "ours:theirs"
COOKIE = b"\x21\x12\xa4\x42"


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


USERNAME = attribute(0x0006, NAME.encode())
USE_CANDIDATE = attribute(0x0025, b"")


def header(length: int, kind: int = 1) -> bytes:
    return struct.pack("!HH", kind, length) + COOKIE + b"transaction!"


def sealed(*before: bytes, after: bytes = b"", password: str = PASSWORD) -> bytes:
    """A binding request with these attributes, digest and fingerprint, written by hand: also what aioice won't."""
    body = b"".join(before)
    digest = hmac.digest(password.encode(), header(len(body) + 24) + body, "sha1")
    body += attribute(0x0008, digest) + after
    return fingerprinted(body)


def fingerprinted(body: bytes) -> bytes:
    data = header(len(body) + 8) + body
    return data + attribute(0x8028, struct.pack("!I", zlib.crc32(data) ^ 0x5354554E))


def a_lite() -> Lite:
    lite = Lite()
    lite.open()
    return lite


def only_counts(lite: Lite, data: bytes, counter: str) -> None:
    before = lite.count(counter)
    assert not lite.answers(data)
    assert lite.count(counter) == before + 1
    assert lite.count("stun_checks") == 0


def test_a_check_is_answered_with_the_address_that_it_came_from() -> None:
    for ip in ("192.0.2.1", "2001:db8::7"):
        answer = a_lite().ask(check(NAME, PASSWORD, transaction=b"transaction!"), Engine.udp_address(ip, 4000))
        assert answer is not None
        message = stun.parse_message(answer)
        assert message.message_class == stun.Class.RESPONSE
        assert message.message_method == stun.Method.BINDING
        assert message.transaction_id == b"transaction!"
        assert message.attributes["XOR-MAPPED-ADDRESS"] == (ip, 4000)
        assert message.check_message_integrity(PASSWORD.encode())
        assert list(message.attributes) == ["XOR-MAPPED-ADDRESS", "MESSAGE-INTEGRITY", "FINGERPRINT"]


def test_what_is_written_by_hand_is_what_aioice_writes() -> None:
    assert a_lite().answers(sealed(USERNAME))
    parsed = stun.parse_message(sealed(USERNAME))
    assert parsed.check_message_integrity(PASSWORD.encode())


def test_digests_are_right_at_every_length_of_message_and_password() -> None:
    """Names are covered by the digest twice: SHA-1's blocks of 64 bytes begin everywhere in them."""
    chance = random.Random(1)
    for length in range(22, 257):
        lite = Lite()
        password = "".join(chance.choices("abcXYZ019+/", k=length))
        names = lite.open(theirs="t" * length, password=password)
        answer = lite.ask(names.check())
        assert answer is not None, length
        assert stun.parse_message(answer).check_message_integrity(password.encode())
        filler = attribute(0x8022, chance.randbytes(length))
        username = attribute(0x0006, f"{names.ours}:{names.theirs}".encode())
        assert lite.answers(sealed(username, filler, password=password))


def test_every_damaged_byte_is_noticed() -> None:
    lite, data = a_lite(), check(NAME, PASSWORD)
    for position in range(len(data)):
        for mask in (0x01, 0x55, 0x80):
            damaged = bytearray(data)
            damaged[position] ^= mask
            assert not lite.answers(bytes(damaged))
        assert not lite.answers(data[:position])
    assert lite.count("stun_checks") == 0
    assert lite.answers(data)


def test_a_wrong_password_is_refused() -> None:
    only_counts(a_lite(), check(NAME, PASSWORD + "x"), "dropped_stun_unverified")


def test_a_check_needs_its_fingerprint() -> None:
    data = check(NAME, PASSWORD, with_fingerprint=False)
    assert stun.parse_message(data).check_message_integrity(PASSWORD.encode())
    only_counts(a_lite(), data, "dropped_stun_unverified")


def test_a_check_needs_its_digest() -> None:
    only_counts(a_lite(), fingerprinted(USERNAME), "dropped_stun_unverified")


def test_nothing_may_follow_the_fingerprint() -> None:
    good = sealed(USERNAME)
    longer = good[:2] + struct.pack("!H", len(good) - 20 + 4) + good[4:] + USE_CANDIDATE
    only_counts(a_lite(), longer, "dropped_stun_unverified")


def test_a_digest_of_another_size_is_no_digest() -> None:
    only_counts(a_lite(), fingerprinted(USERNAME + attribute(0x0008, bytes(32))), "dropped_stun_malformed")
    only_counts(a_lite(), fingerprinted(USERNAME + attribute(0x0008, b"")), "dropped_stun_malformed")


@pytest.mark.parametrize(
    ("method", "message_class"),
    [
        (stun.Method.BINDING, stun.Class.INDICATION),
        (stun.Method.BINDING, stun.Class.RESPONSE),
        (stun.Method.BINDING, stun.Class.ERROR),
        (stun.Method.ALLOCATE, stun.Class.REQUEST),
    ],
)
def test_nothing_but_binding_requests_is_looked_at(method: stun.Method, message_class: stun.Class) -> None:
    only_counts(a_lite(), check(NAME, PASSWORD, method=method, message_class=message_class), "dropped_kind")


@pytest.mark.parametrize("data", [header(0)[:19], header(4), header(0)[:4] + bytes(16), header(0) + b"more"])
def test_what_only_looks_like_stun_is_not_looked_at(data: bytes) -> None:
    only_counts(a_lite(), data, "dropped_kind")


@pytest.mark.parametrize(
    "data",
    [
        header(0),
        header(2) + bytes(2),
        sealed(attribute(0x0006, b"nocolon")),
        sealed(attribute(0x0006, b"")),
        header(4) + struct.pack("!HH", 0x0006, 400),
        header(len(USERNAME) + 4) + USERNAME + struct.pack("!HH", 0x0025, 1),
        sealed(USERNAME, attribute(0x8022, bytes(1240))),
    ],
)
def test_malformed_requests_are_told_apart(data: bytes) -> None:
    only_counts(a_lite(), data, "dropped_stun_malformed")


def test_a_check_may_be_1280_bytes_long() -> None:
    data = sealed(USERNAME, attribute(0x8022, bytes(1280 - 20 - 16 - 4 - 24 - 8)))
    assert len(data) == 1280
    assert a_lite().answers(data)


@pytest.mark.parametrize("name", ["other:theirs", ":theirs", "our:theirs", "ours2:theirs", "ö:ü", "o" * 33 + ":theirs"])
def test_a_strangers_name_is_told_apart(name: str) -> None:
    only_counts(a_lite(), check(name, PASSWORD), "dropped_stun_unknown")


@pytest.mark.parametrize("name", ["ours:", "ours:their", "ours:theirs2", "ours:theirs:", "ours:" + "t" * 600])
def test_the_other_sides_name_must_be_right_too(name: str) -> None:
    only_counts(a_lite(), check(name, PASSWORD), "dropped_stun_unverified")


def test_the_first_name_counts() -> None:
    other = attribute(0x0006, b"ours:somebody")
    assert a_lite().answers(sealed(USERNAME, other))
    only_counts(a_lite(), sealed(other, USERNAME), "dropped_stun_unverified")


def test_a_name_after_the_digest_does_not_count() -> None:
    only_counts(a_lite(), sealed(after=USERNAME), "dropped_stun_malformed")


def test_what_follows_the_digest_is_ignored() -> None:
    lite = a_lite()
    assert lite.answers(sealed(USERNAME, after=attribute(0x001C, bytes(32)) + attribute(0x0008, bytes(20))))


@pytest.mark.parametrize(
    ("data", "is_nominated"),
    [
        (sealed(USE_CANDIDATE, USERNAME), True),
        (sealed(USERNAME, USE_CANDIDATE), True),
        (sealed(USERNAME), False),
        (sealed(USERNAME, after=USE_CANDIDATE), False),
    ],
)
def test_an_address_is_nominated_under_the_digest(data: bytes, is_nominated: bool) -> None:
    lite, elsewhere = Lite(), Engine.udp_address("198.51.100.9", 41_000)
    names = lite.open()
    assert lite.answers(names.check(), HERE)
    assert lite.answers(data, elsewhere)
    assert lite.sends_to(names) == (elsewhere if is_nominated else HERE)


@settings(max_examples=300)
@given(st.binary(max_size=1500), st.booleans())
def test_junk_is_never_answered(data: bytes, with_header: bool) -> None:
    lite = a_lite()
    if with_header:
        data = b"\x00\x01" + struct.pack("!H", len(data) & 0xFFFF) + COOKIE + bytes(12) + data
    assert not lite.answers(data)


KINDS = [each[0] for each in stun.ATTRIBUTES] + [0x001C, 0x8001, 0xFFFF]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=40), st.integers(-4, 8)), max_size=8))
def test_any_attributes_in_any_order_do_no_harm(attributes: list[tuple[int, bytes, int]]) -> None:
    """Also with lengths that lie."""
    body = b"".join(
        struct.pack("!HH", kind, max(0, len(value) + lie)) + value + bytes(-len(value) % 4)
        for kind, value, lie in attributes
    )
    lite = a_lite()
    assert not lite.answers(header(len(body)) + body)
    assert not lite.answers(fingerprinted(body))
    assert not lite.answers(fingerprinted(USERNAME + body))


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(KINDS), st.binary(max_size=40)), max_size=8), st.integers(0, 8))
def test_any_attributes_around_the_name_leave_a_check_a_check(attributes: list[tuple[int, bytes]], at: int) -> None:
    """As long as they are well-formed, and the name is the first and only one."""
    others = [attribute(kind, value) for kind, value in attributes if kind not in (0x0006, 0x0008, 0x8028)]
    assert a_lite().answers(sealed(*others[:at], USERNAME, *others[at:]))
    assert not a_lite().answers(sealed(*others, USERNAME, password="x" * 24))
