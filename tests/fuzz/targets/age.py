"""age files and keys as text (`recording/age`): nothing is taken that was not sealed, and there is one way to write it.

Input: a byte that says what it is (0 a file, 1 a file that may lack its end, 2 a key), and that.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator

from pydantic import SecretStr

from recording.age import AgeError, BadKeyText, Identity, Reader, Recipient, seal_bytes
from recording.age.header import INTRO, parse
from recording.age.stanza import encode64
from tests.fuzz.target import LINES, Target

IDENTITY = Identity.generate(random.Random(1).randbytes)
OTHER = Identity.generate(random.Random(2).randbytes)
TEXTS = (b"", b"a short text", bytes(range(256)) * 2)
FILES = [
    seal_bytes(text, [OTHER.recipient, IDENTITY.recipient], random.Random(seed).randbytes)
    for seed, text in enumerate(TEXTS)
]
HEADERS = {sealed[: parse(sealed).length] for sealed in FILES}
FILE, UNFINISHED, KEY = range(3)


def run(data: bytes) -> Hashable:
    kind, data = data[0] % 3 if data else FILE, data[1:]
    try:
        return _key(data) if kind == KEY else _file(data, unfinished=kind == UNFINISHED)
    except AgeError as error:
        said = str(error)
        kind_of_error = type(error).__name__
    assert IDENTITY.text().get_secret_value() not in said
    return kind_of_error, said


def _file(data: bytes, *, unfinished: bool) -> Hashable:
    header = parse(data)
    lines = [INTRO, *(stanza.encode() for stanza in header.stanzas), b"--- ", encode64(header.mac), b"\n"]
    assert b"".join(lines) == data[: header.length], "a header that could be written in two ways"
    reader = Reader(lambda at, size: data[at : at + size], len(data), [OTHER, IDENTITY], unfinished=unfinished)
    assert data[: header.length] in HEADERS, "a header is taken that nobody wrote"
    text = reader.read_at(0, reader.size + 1)
    assert text in TEXTS, "something is read that nobody wrote"
    assert reader.finished or (unfinished and not text)
    return reader.size, reader.finished


def _key(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    try:
        recipient = Recipient.parse(text)
    except BadKeyText:
        identity = Identity.parse(SecretStr(text))
        assert identity.text().get_secret_value() == text.strip().upper()
        return "identity"
    assert str(recipient) == text.strip().lower()
    return "recipient"


def seeds() -> Iterator[bytes]:
    for sealed in FILES:
        yield bytes([FILE]) + sealed
        yield bytes([UNFINISHED]) + sealed[:-8]
        yield bytes([FILE]) + sealed.replace(INTRO, INTRO + b"-> example.com/kind and more\n" + b"A" * 64 + b"\n\n")
    yield bytes([KEY]) + str(IDENTITY.recipient).encode()
    yield bytes([KEY]) + OTHER.text().get_secret_value().encode()


TARGET = Target(
    "age",
    run,
    seeds,
    words=(INTRO, b"-> X25519 ", b"-> ", b"\n--- ", b"\n\n", b"=", b"A" * 43 + b"\n", b"A" * 64 + b"\n", b"age1"),
    shape=LINES,
    watched=tuple(f"recording/age/{each}.py" for each in ("bech32", "header", "reader", "stanza", "x25519")),
)
