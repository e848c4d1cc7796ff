"""SFrame: the RFC's vectors, and what must not be opened."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from recording.e2ee import CannotOpen, Reason, Secret, UsedUp
from recording.e2ee.sframe import (
    LARGEST_NUMBER,
    MOST_FRAMES,
    WINDOW,
    FrameKey,
    Header,
    Receiver,
    Sender,
    Suite,
    _expand,
    read_header,
)
from tests.e2ee import vectors
from tests.e2ee.made_up import KEY, KEY_ID, OTHER_KEY, seeded

VECTORS = vectors.load("sframe")
HEADERS: list[dict[str, Any]] = VECTORS["header"]
SUITES = {suite.value: suite for suite in Suite}
SEALED: list[dict[str, Any]] = [each for each in VECTORS["sframe"] if each["cipher_suite"] in SUITES]
METADATA = b"\x02metadata"


def reason_of(receiver: Receiver, data: bytes, metadata: bytes = METADATA) -> Reason:
    with pytest.raises(CannotOpen) as refused:
        receiver.open(data, metadata)
    return refused.value.reason


def test_headers_are_those_of_the_rfc() -> None:
    assert len(HEADERS) > 20
    for each in HEADERS:
        encoded = bytes.fromhex(each["encoded"])
        header = Header(each["kid"], each["ctr"])
        assert header.encode() == encoded
        assert read_header(encoded) == (header, len(encoded))
        assert read_header(encoded + b"more") == (header, len(encoded))


def test_every_header_that_is_read_could_be_written_in_that_way_only() -> None:
    """All first bytes, with every value of the next that decides whether it could be shorter."""
    taken = 0
    for first in range(256):
        for fill in (0, 1, 7, 8, 255):
            data = bytes([first]) + bytes([fill]) * 16
            try:
                header, length = read_header(data)
            except CannotOpen:
                continue
            taken += 1
            assert header.encode() == data[:length]
    assert taken > 256


def test_a_header_is_read_from_its_first_byte_to_its_last() -> None:
    for each in HEADERS:
        encoded = bytes.fromhex(each["encoded"])
        for length in range(len(encoded)):
            with pytest.raises(CannotOpen) as refused:
                read_header(encoded[:length])
            assert refused.value.reason is Reason.MALFORMED


def test_numbers_have_64_bits() -> None:
    for key_id, counter in ((LARGEST_NUMBER + 1, 0), (0, LARGEST_NUMBER + 1), (-1, 0), (0, -1)):
        with pytest.raises(ValueError, match="64 bits"):
            Header(key_id, counter).encode()


@pytest.mark.parametrize("vector", SEALED, ids=lambda vector: str(vector["cipher_suite"]))
def test_keys_and_ciphertexts_are_those_of_the_rfc(vector: dict[str, Any]) -> None:
    suite, key_id, counter = SUITES[vector["cipher_suite"]], vector["kid"], vector["ctr"]
    base_key = Secret(bytes.fromhex(vector["base_key"]))
    key_label, salt_label = bytes.fromhex(vector["sframe_key_label"]), bytes.fromhex(vector["sframe_salt_label"])
    assert _expand(suite, base_key, key_label, suite.key_bytes).hex() == vector["sframe_key"]
    assert _expand(suite, base_key, salt_label, 12).hex() == vector["sframe_salt"]
    key = FrameKey(suite, key_id, base_key)
    assert bytes(key._salt).hex() == vector["sframe_salt"]
    assert key._nonce(counter).hex() == vector["nonce"]
    metadata, plaintext = bytes.fromhex(vector["metadata"]), bytes.fromhex(vector["pt"])
    assert (Header(key_id, counter).encode() + metadata).hex() == vector["aad"]
    sealed = bytes.fromhex(vector["ct"])
    assert key.seal(counter, plaintext, metadata) == sealed
    assert key.open(sealed, metadata) == plaintext
    assert Receiver(key_id, base_key, suite).open(memoryview(sealed), metadata) == plaintext


def test_both_suites_were_tried() -> None:
    assert {vector["cipher_suite"] for vector in SEALED} == {4, 5}


def test_a_counter_is_never_used_twice() -> None:
    sender = Sender(KEY_ID, KEY)
    counters = [read_header(sender.seal(b"the same"))[0].counter for _ in range(300)]
    assert counters == list(range(300))
    sender.counter = MOST_FRAMES - 1
    sender.seal(b"the last")
    with pytest.raises(UsedUp):
        sender.seal(b"one too many")


@pytest.mark.parametrize("suite", Suite, ids=lambda suite: suite.name)
@pytest.mark.parametrize("plaintext", [b"", b"a frame"], ids=["empty", "frame"])
def test_nothing_is_opened_that_was_changed_anywhere(suite: Suite, plaintext: bytes) -> None:
    sealed = Sender(KEY_ID, KEY, suite).seal(plaintext, METADATA)
    receiver = Receiver(KEY_ID, KEY, suite)
    for at in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        reason = reason_of(receiver, bytes(changed))
        assert reason is Reason.FORGED or at < 8 * 3  # in the header: another key's, or none
    for length in range(len(sealed)):
        reason_of(receiver, sealed[:length])
    reason_of(receiver, sealed + b"\x00")
    for at in range(len(METADATA)):
        assert reason_of(receiver, sealed, METADATA[:at] + b"?" + METADATA[at + 1 :]) is Reason.FORGED
        assert reason_of(receiver, sealed, METADATA[:at]) is Reason.FORGED
    assert reason_of(Receiver(KEY_ID, OTHER_KEY, suite), sealed) is Reason.FORGED
    assert reason_of(Receiver(KEY_ID + 1, KEY, suite), sealed) is Reason.NO_KEY
    assert receiver.open(sealed, METADATA) == plaintext  # all that has changed nothing


def test_bytes_cannot_be_moved_between_header_metadata_and_ciphertext() -> None:
    sealed = Sender(KEY_ID, KEY).seal(b"text", b"12")
    for moved in range(1, len(sealed)):
        with pytest.raises(CannotOpen):
            Receiver(KEY_ID, KEY).open(sealed[moved:], sealed[:moved] + b"12")
    with pytest.raises(CannotOpen):
        Receiver(KEY_ID, KEY).open(sealed[:3] + b"12" + sealed[3:], b"")


def test_the_window_is_exactly_as_wide_as_it_says() -> None:
    key = FrameKey(Suite.AES_128_GCM_SHA256_128, KEY_ID, KEY)
    receiver = Receiver(KEY_ID, KEY)
    highest = 3 * WINDOW
    assert receiver.open(key.seal(highest, b"x", METADATA), METADATA) == b"x"
    assert receiver.open(key.seal(highest - WINDOW, b"x", METADATA), METADATA) == b"x"
    for counter in (highest, highest - WINDOW, highest - WINDOW - 1, 0):
        assert reason_of(receiver, key.seal(counter, b"x", METADATA)) is Reason.REPLAYED
    assert receiver.open(key.seal(highest + 1, b"x", METADATA), METADATA) == b"x"
    assert receiver.open(key.seal(highest - 1, b"x", METADATA), METADATA) == b"x"
    assert reason_of(receiver, key.seal(highest - WINDOW, b"x", METADATA)) is Reason.REPLAYED
    assert receiver.open(key.seal(highest + 2 + WINDOW, b"x", METADATA), METADATA) == b"x"
    assert receiver.open(key.seal(highest + 2, b"x", METADATA), METADATA) == b"x"
    assert reason_of(receiver, key.seal(highest + 1, b"x", METADATA)) is Reason.REPLAYED


def test_a_jump_as_far_as_there_are_numbers_costs_nothing() -> None:
    key = FrameKey(Suite.AES_128_GCM_SHA256_128, KEY_ID, KEY)
    receiver = Receiver(KEY_ID, KEY)
    for counter in (0, LARGEST_NUMBER, LARGEST_NUMBER - WINDOW):
        assert receiver.open(key.seal(counter, b"x"), b"") == b"x"
    assert receiver._seen.bit_length() <= WINDOW + 1
    assert reason_of(receiver, key.seal(0, b"x"), b"") is Reason.REPLAYED


def test_a_forged_frame_does_not_move_the_window() -> None:
    key, forger = (FrameKey(Suite.AES_128_GCM_SHA256_128, KEY_ID, each) for each in (KEY, OTHER_KEY))
    receiver = Receiver(KEY_ID, KEY)
    receiver.open(key.seal(5, b"x"), b"")
    for counter in (6, 4, 10**6, LARGEST_NUMBER):
        assert reason_of(receiver, forger.seal(counter, b"x"), b"") is Reason.FORGED
    for counter in (6, 4):
        receiver.open(key.seal(counter, b"x"), b"")


@pytest.mark.parametrize("seed", range(6))
def test_each_frame_comes_once_whatever_the_network_does(seed: int) -> None:
    """Against a model: a set of all that was opened."""
    with seeded(seed) as random:
        key = FrameKey(Suite.AES_128_GCM_SHA256_128, KEY_ID, KEY)
        receiver = Receiver(KEY_ID, KEY)
        opened: set[int] = set()
        now = 0
        for _ in range(1500):
            now += random.choice([0, 1, 1, 2, 30, random.randrange(2 * WINDOW) if random.random() < 0.02 else 1])
            counter = max(0, now - random.choice([0, 0, 1, 5, 300, WINDOW - 1, WINDOW, WINDOW + 1]))
            data = key.seal(counter, counter.to_bytes(8, "big"), METADATA)
            if random.random() < 0.1:
                data = data[:-1] + bytes([data[-1] ^ 1])
                assert reason_of(receiver, data) in (Reason.FORGED, Reason.REPLAYED)
            elif counter in opened or counter < max(opened, default=0) - WINDOW:
                assert reason_of(receiver, data) is Reason.REPLAYED
            else:
                assert receiver.open(data, METADATA) == counter.to_bytes(8, "big")
                opened.add(counter)


def test_what_was_forgotten_opens_nothing_and_secrets_do_not_print() -> None:
    sender, receiver = Sender(KEY_ID, KEY), Receiver(KEY_ID, KEY)
    shown = f"{KEY} {KEY!r} {receiver!r} {sender._key!r} {receiver._key} {[KEY]}"
    assert bytes(KEY.reveal()).hex() not in shown
    assert repr(bytes(KEY.reveal()))[2:-1] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    sealed = sender.seal(b"text")
    receiver.forget()
    with pytest.raises(Exception, match="forgotten"):
        receiver.open(sealed)
    assert bytes(receiver._key._salt) == bytes(12)
    copy = Secret(KEY.reveal())
    assert copy == KEY
    copy.overwrite()
    assert copy != KEY
    assert bytes(copy.reveal()) == bytes(32)
