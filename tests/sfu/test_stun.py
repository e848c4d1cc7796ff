from __future__ import annotations

import pytest
from aioice import stun as aioice_stun
from hypothesis import given
from hypothesis import strategies as st

from sfu import stun
from tests.sfu.client import check

NAME = ("ours", "theirs")
PASSWORD = "our+side+password/0123456789"


def passes(data: bytes) -> bool:
    return stun.username_of(data) == NAME and stun.verify(data, NAME, PASSWORD) is not None


def test_a_check_is_verified_and_answered() -> None:
    data = check("ours:theirs", PASSWORD)
    assert stun.username_of(data) == NAME
    verified = stun.verify(data, NAME, PASSWORD)
    assert verified is not None
    assert verified.nominated
    answer = aioice_stun.parse_message(stun.success(verified, ("192.0.2.1", 4000), PASSWORD))
    assert answer.check_message_integrity(PASSWORD.encode())
    assert answer.transaction_id == verified.transaction
    assert answer.message_class == aioice_stun.Class.RESPONSE
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("192.0.2.1", 4000)
    assert "FINGERPRINT" in answer.attributes


def test_the_answer_can_say_an_ipv6_address() -> None:
    verified = stun.verify(check("ours:theirs", PASSWORD), NAME, PASSWORD)
    assert verified is not None
    answer = aioice_stun.parse_message(stun.success(verified, ("2001:db8::7", 9), PASSWORD))
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == ("2001:db8::7", 9)


def test_without_use_candidate_nothing_is_nominated() -> None:
    verified = stun.verify(check("ours:theirs", PASSWORD, nominate=False), NAME, PASSWORD)
    assert verified is not None
    assert not verified.nominated


def test_another_password_is_refused() -> None:
    assert stun.verify(check("ours:theirs", PASSWORD + "x"), NAME, PASSWORD) is None


def test_another_name_is_refused_although_the_password_is_right() -> None:
    assert stun.verify(check("ours:somebody", PASSWORD), NAME, PASSWORD) is None


def test_a_check_without_fingerprint_is_refused() -> None:
    data = check("ours:theirs", PASSWORD, with_fingerprint=False)
    assert aioice_stun.parse_message(data).check_message_integrity(PASSWORD.encode())
    assert stun.verify(data, NAME, PASSWORD) is None


def test_a_check_without_integrity_is_refused() -> None:
    message = aioice_stun.Message(aioice_stun.Method.BINDING, aioice_stun.Class.REQUEST, bytes(12))
    message.attributes["USERNAME"] = "ours:theirs"
    message.add_fingerprint()
    assert stun.username_of(bytes(message)) == NAME
    assert stun.verify(bytes(message), NAME, PASSWORD) is None


@pytest.mark.parametrize(
    ("method", "message_class"),
    [
        (aioice_stun.Method.BINDING, aioice_stun.Class.INDICATION),
        (aioice_stun.Method.BINDING, aioice_stun.Class.RESPONSE),
        (aioice_stun.Method.BINDING, aioice_stun.Class.ERROR),
        (aioice_stun.Method.ALLOCATE, aioice_stun.Class.REQUEST),
    ],
)
def test_nothing_but_binding_requests_is_looked_at(
    method: aioice_stun.Method, message_class: aioice_stun.Class
) -> None:
    data = check("ours:theirs", PASSWORD, method=method, message_class=message_class)
    assert stun.username_of(data) is None
    assert stun.verify(data, NAME, PASSWORD) is None


@pytest.mark.parametrize("name", ["nocolon", "", "a" * 600 + ":b", "ö:ü"])
def test_names_of_another_form_are_not_looked_up(name: str) -> None:
    assert stun.username_of(check(name, PASSWORD)) is None


def test_only_the_first_colon_parts() -> None:
    assert stun.username_of(check("a:b:c", PASSWORD)) == ("a", "b:c")


def test_a_name_after_the_digest_does_not_count() -> None:
    message = aioice_stun.Message(aioice_stun.Method.BINDING, aioice_stun.Class.REQUEST, bytes(12))
    message.add_message_integrity(PASSWORD.encode())
    message.attributes["USERNAME"] = "ours:theirs"
    assert stun.username_of(bytes(message)) is None


def test_every_damaged_byte_is_noticed() -> None:
    data = check("ours:theirs", PASSWORD)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x55
        assert not passes(bytes(damaged))
        assert not passes(data[:position])


@given(st.binary(max_size=1500))
def test_junk_never_raises(data: bytes) -> None:
    stun.username_of(data)
    assert stun.verify(data, NAME, PASSWORD) is None


@given(st.lists(st.tuples(st.sampled_from([a[0] for a in aioice_stun.ATTRIBUTES]), st.binary(max_size=40)), max_size=8))
def test_any_attributes_in_any_order_never_raise(attributes: list[tuple[int, bytes]]) -> None:
    body = b"".join(
        kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
        for kind, value in attributes
    )
    data = b"\x00\x01" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + body
    stun.username_of(data)
    assert stun.verify(data, NAME, PASSWORD) is None
