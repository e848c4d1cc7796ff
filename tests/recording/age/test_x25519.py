"""Identities and recipients."""

from __future__ import annotations

import copy

import pytest
from pydantic import SecretBytes, SecretStr

from recording.age import BadKeyText, Identity, Recipient, seal_bytes
from recording.age.bech32 import encode
from tests.recording.age.made_up import IDENTITY, OTHER, RECIPIENT, chance

# https://age-encryption.org/v1, "The X25519 recipient type"
SPECIFIED = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
SPECIFIED_PUBLIC = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"


def test_the_example_of_the_format_is_read_and_written_as_there() -> None:
    identity = Identity.parse(SecretStr(SPECIFIED))
    assert identity.secret.get_secret_value() == b"\x42" * 32
    assert str(identity.recipient) == SPECIFIED_PUBLIC
    assert identity.text().get_secret_value() == SPECIFIED
    assert Recipient.parse(f" {SPECIFIED_PUBLIC}\n") == identity.recipient


def test_a_new_identity_is_all_chance() -> None:
    assert Identity.generate(chance(1)) == Identity.generate(chance(1)) == IDENTITY != OTHER
    assert Identity.parse(IDENTITY.text()) == IDENTITY


def test_an_identity_does_not_print_itself() -> None:
    secret = IDENTITY.secret.get_secret_value()
    shown = f"{IDENTITY} {IDENTITY!r} {[IDENTITY]} {IDENTITY.text()} {IDENTITY.text()!r} {copy.copy(IDENTITY)!r}"
    assert IDENTITY.text().get_secret_value() not in shown
    assert secret.hex() not in shown
    assert repr(secret) not in shown


def test_the_two_halves_are_not_taken_for_each_other() -> None:
    with pytest.raises(BadKeyText, match="secret"):
        Recipient.parse(IDENTITY.text().get_secret_value())
    with pytest.raises(BadKeyText, match="public"):
        Identity.parse(SecretStr(str(RECIPIENT)))


@pytest.mark.parametrize("prefix", ["age1pq", "age1tag", "ssh", "age-plugin-example-", "age-secret-key-pq-"])
def test_keys_of_another_kind_are_refused(prefix: str) -> None:
    text = encode(prefix, bytes(32))
    with pytest.raises(BadKeyText, match="X25519"):
        Recipient.parse(text)
    with pytest.raises(BadKeyText, match="X25519") as refused:
        Identity.parse(SecretStr(text.upper()))
    assert text.upper() not in str(refused.value)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(BadKeyText):
        Recipient.parse(encode("age", bytes(size)))
    with pytest.raises(BadKeyText):
        Identity.parse(SecretStr(encode("age-secret-key-", bytes(size)).upper()))
    with pytest.raises(BadKeyText):
        Identity(SecretBytes(bytes(size)))


@pytest.mark.parametrize("public", [bytes(32), b"\x01" + bytes(31)])
def test_nothing_is_sealed_to_a_key_that_hides_nothing(public: bytes) -> None:
    """Points of small order: the shared secret would be zero, whoever computes it."""
    with pytest.raises(BadKeyText, match="hide nothing"):
        seal_bytes(b"text", [Recipient(public)], chance(1))
