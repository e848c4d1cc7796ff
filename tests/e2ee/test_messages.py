"""Messages of a handshake: one way to read them, and nothing else is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recording.e2ee import BadMessage, Have, Name, Secret, SenderKey
from recording.e2ee.messages import (
    LONGEST,
    PADDING,
    Commit,
    Content,
    Message,
    Reveal,
    Sealed,
    read_content,
    read_message,
    write_content,
    write_message,
)
from tests.e2ee.made_up import ADA, KEY, KEY_ID, seeded

HASH, OTHER = bytes(range(32)), bytes(range(100, 132))
PUBLIC = ADA.public.data
MESSAGES: list[Message] = [
    Commit(HASH),
    Commit(HASH, OTHER),
    Reveal(PUBLIC, HASH, OTHER),
    Sealed(PUBLIC, bytes(16), 0),
    Sealed(PUBLIC, bytes(range(256)), 2**53 - 1),
]
CONTENTS: list[Content] = [
    Name("Ada"),
    Name("Zoë 🙂"),
    Name("x" * 60),
    Name("\U0001f642" * 60),
    SenderKey(KEY_ID, KEY, 0),
    SenderKey(65_535 * 256 + 255, KEY, 7),
    Have(256),
]

NO_VALUES: list[object] = [None, True, 1.0, -1, 2**53, [], {}, ""]
"""What no field may be."""


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def fields_of(data: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(data)
    return fields


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_what_is_written_is_read(message: Message) -> None:
    written = write_message(message)
    assert read_message(written) == message
    assert read_message(json.dumps(fields_of(written), indent=1).encode() + b"\n") == message


@pytest.mark.parametrize("content", CONTENTS, ids=lambda each: type(each).__name__)
def test_what_is_sealed_is_read_and_its_length_tells_little(content: Content) -> None:
    written = write_content(content)
    assert read_content(written) == content
    assert read_content(written.rstrip()) == content
    assert len(written) == (2 * PADDING if content == Name("\U0001f642" * 60) else PADDING)


def test_the_shapes_are_those_of_the_document() -> None:
    assert fields_of(write_message(Commit(bytes(32)))) == {"kind": "commit", "commitment": "A" * 43}
    assert fields_of(write_message(Commit(HASH, bytes(32))))["answers"] == "A" * 43
    assert set(fields_of(write_message(MESSAGES[2]))) == {"kind", "public", "nonce", "answers"}
    assert fields_of(write_message(Sealed(PUBLIC, b"\xff" * 16, 5))) == {
        "kind": "sealed",
        "enc": fields_of(write_message(MESSAGES[2]))["public"],
        "ciphertext": "_" * 21 + "w",
        "sequence": 5,
    }
    key = fields_of(write_content(SenderKey(KEY_ID, Secret(bytes(32)), 1)))
    assert key == {"kind": "key", "kid": KEY_ID, "key": "A" * 43, "sequence": 1}
    assert fields_of(write_content(Name("Ada"))) == {"kind": "name", "name": "Ada"}
    assert fields_of(write_content(Have(256))) == {"kind": "have", "kid": 256}


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_each_field_has_to_be_there_as_it_is(message: Message) -> None:
    fields = fields_of(write_message(message))
    for name in fields:
        less = {key: value for key, value in fields.items() if key != name}
        if (type(message), name) == (Commit, "answers"):
            assert read_message(as_json(less)) == Commit(HASH)
        else:
            refused(less)
        for value in (*NO_VALUES, "A", "AA=", "A" * 43 + "=", "é" * 43, "A" * 42 + "B"):
            if not (name == "ciphertext" and value == "A" * 43):
                refused(fields | {name: value})
    refused(fields | {"more": 1})
    refused([fields])
    refused(fields | {"kind": "name", "name": "Ada"})


@pytest.mark.parametrize("content", CONTENTS[3:], ids=lambda each: type(each).__name__)
def test_each_field_of_what_is_sealed_has_to_be_there_as_it_is(content: Content) -> None:
    fields = fields_of(write_content(content))
    for name in fields:
        refused_content({key: value for key, value in fields.items() if key != name})
        for value in (*NO_VALUES, 256.0, "   ", "x" * 61):
            refused_content(fields | {name: value})
    refused_content(fields | {"more": 1})
    for key_id in (0, 255, 65_536 * 256):
        refused_content({"kind": "have", "kid": key_id})


def refused(value: object) -> None:
    with pytest.raises(BadMessage):
        read_message(as_json(value))


def refused_content(value: object) -> None:
    with pytest.raises(BadMessage):
        read_content(as_json(value))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b'"commit"',
        b'{"kind":',
        b"\xff",
        b"[" * 3000,
        b'{"a":' * 600,
        b"9" * 3000,
        b'{"kind":1e999}',
        b'{"kind":NaN}',
        b'{"kind":["commit"]}',
        b"\xef\xbb\xbf" + write_message(MESSAGES[0]),
        write_message(MESSAGES[0]).decode().encode("utf-16"),
        write_message(MESSAGES[0]) + b"{}",
        write_message(MESSAGES[0]) + b" " * LONGEST,
    ],
    ids=lambda data: repr(data[:12]),
)
def test_nothing_else_is_read(data: bytes) -> None:
    for read in (read_message, read_content):
        with pytest.raises(BadMessage) as error:
            read(data)
        assert len(str(error.value)) < 80  # quotes nothing


def test_a_name_is_whole() -> None:
    assert read_content(as_json({"kind": "name", "name": "  Ada\n"})) == Name("Ada")
    refused_content({"kind": "name", "name": "\ud83d"})
    assert read_content(b'{"kind":"name","name":"\\ud83d\\ude42"}') == Name("\U0001f642")


def test_what_nobody_would_take_is_not_written() -> None:
    for name in ("", "x" * 61, "\ud83d"):
        with pytest.raises(BadMessage):
            write_content(Name(name))
    for key in (SenderKey(255, KEY, 0), SenderKey(KEY_ID, Secret(bytes(31)), 0), SenderKey(KEY_ID, KEY, -1)):
        with pytest.raises(BadMessage):
            write_content(key)
    for message in (Commit(bytes(31)), Reveal(PUBLIC[:-1], HASH, HASH), Sealed(PUBLIC, bytes(15), 0)):
        with pytest.raises(BadMessage):
            write_message(message)
    with pytest.raises(BadMessage):
        write_message(Sealed(PUBLIC, bytes(LONGEST), 0))


def test_keys_do_not_print_themselves() -> None:
    shown = f"{CONTENTS} {CONTENTS[4]!r} {CONTENTS[4]}"
    assert bytes(KEY.reveal()).hex() not in shown
    assert "AAECAwQF" not in shown


@pytest.mark.parametrize("seed", range(3))
def test_a_message_that_was_changed_is_another_or_none(seed: int) -> None:
    with seeded(seed) as random:
        for _ in range(1000):
            data = bytearray(write_message(random.choice(MESSAGES)))
            for _ in range(random.randrange(1, 4)):
                at = random.randrange(len(data))
                data[at : at + random.randrange(2)] = bytes([random.choice(b'"{}[],:0129aA-_=\\ \xff')])
            try:
                read = read_message(bytes(data))
            except BadMessage:
                continue
            assert read_message(write_message(read)) == read
