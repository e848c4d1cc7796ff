"""The header: one way only to write it, and nothing in it can be changed."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from recording.age import MAX_HEADER, AgeError, Damaged, NoKeyFits, NotAgeFile, Reader, Truncated, open_bytes, rewrap
from recording.age import seal_bytes as seal
from recording.age.header import INTRO, make, parse, unlock
from recording.age.stanza import Stanza, decode64, encode64, read_stanzas
from tests.recording.age.made_up import IDENTITY, OTHER, RECIPIENT, chance

FILE_KEY = SecretBytes(bytes(range(16)))
HEADER = make(FILE_KEY, [RECIPIENT], chance(5))
OURS = HEADER[len(INTRO) : HEADER.index(b"--- ")]
"""The one stanza in it."""
FULL = b"A" * 64
LAST = b"--- " + b"A" * 43


def header_of(*stanzas: bytes) -> bytes:
    """Around any stanzas, with the code that belongs there: computed here anew."""
    covered = b"".join([INTRO, *stanzas, b"---"])
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"header").derive(FILE_KEY.get_secret_value())
    code = hmac.new(key, covered, hashlib.sha256).digest()
    return covered + b" " + b64encode(code).rstrip(b"=") + b"\n"


def test_a_header_is_what_the_format_says() -> None:
    intro, arguments, body, end, nothing = HEADER.split(b"\n")
    assert intro == b"age-encryption.org/v1"
    assert arguments.startswith(b"-> X25519 ")
    assert (len(arguments), len(body), len(end), nothing) == (10 + 43, 43, 4 + 43, b"")
    assert header_of(OURS) == HEADER
    header = parse(HEADER + b"--- and whatever follows\n")
    assert header.length == len(HEADER)
    assert unlock(header, [OTHER, IDENTITY]) == FILE_KEY


def test_each_of_several_recipients_can_open_it() -> None:
    header = parse(make(FILE_KEY, [RECIPIENT, OTHER.recipient], chance(6)))
    assert unlock(header, [IDENTITY]) == unlock(header, [OTHER]) == FILE_KEY


def test_stanzas_of_other_kinds_are_skipped() -> None:
    for other in (
        b"-> X25519-but-not-quite\n\n",
        b"-> x25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n",
        b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 18\n" + b"A" * 43 + b"\n",
        b"-> example.com/enigma !~ - -> ---\n" + FULL + b"\n" + FULL + b"\n\n",
        b"-> mlkem768x25519 " + b"A" * 1494 + b"\n" + b"A" * 43 + b"\n",
    ):
        assert unlock(parse(header_of(other, OURS)), [IDENTITY]) == FILE_KEY
        assert unlock(parse(header_of(OURS, other)), [IDENTITY]) == FILE_KEY
        with pytest.raises(NoKeyFits):
            unlock(parse(header_of(other)), [IDENTITY])


@pytest.mark.parametrize(
    "lines",
    [
        b"",
        b"\n",
        b"-> \n\n",
        b"->\n\n",
        b"->  two-spaces\n\n",
        b"-> space-behind \n\n",
        b"-> tab\there\n\n",
        b"-> not-ascii-\xc3\xa4\n\n",
        b"-> carriage-return\r\n\n",
        b" -> space-before\n\n",
        b"> no-dash\n\n",
        b"-> no-body\n",
        b"-> no-short-line\n" + FULL + b"\n",
        b"-> line-of-65\n" + FULL + b"A\n\n",
        b"-> line-of-68\n" + FULL + b"AAAA\n\n",
        b"-> short-line-amid\nAAAA\nAAAA\n",
        b"-> empty-line-amid\n\nAAAA\n",
        b"-> padded\nAA==\n",
        b"-> left-over-bits\nAB\n",
        b"-> one-letter-more\nAAAAA\n",
        b"-> url-alphabet\nAA-_\n",
        b"-> space-in-body\nAA A\n",
        b"-> line-end-of-windows\nAAAA\r\n",
    ],
)
def test_what_no_writer_writes_is_refused(lines: bytes) -> None:
    with pytest.raises(Damaged):
        parse(INTRO + OURS + lines + LAST + b"\n" if lines else INTRO + LAST + b"\n")


@pytest.mark.parametrize(
    "end",
    [
        b"---\n",
        b"--- \n",
        b"---" + b"A" * 44 + b"\n",
        b"--- " + b"A" * 42 + b"\n",
        b"--- " + b"A" * 44 + b"\n",
        b"--- " + b"A" * 42 + b"B\n",
        b"--- " + b"A" * 42 + b"=\n",
        b"--- " + b"A" * 43 + b" \n",
        b"--- " + b"A" * 43 + b"\r\n",
    ],
)
def test_an_end_of_another_shape_is_refused(end: bytes) -> None:
    with pytest.raises(Damaged):
        parse(INTRO + OURS + end)


@pytest.mark.parametrize(
    "stanza",
    [
        Stanza(("X25519",), bytes(32)),
        Stanza(("X25519", encode64(b"\x09" + bytes(31)).decode(), "more"), bytes(32)),
        Stanza(("X25519", "A" * 42), bytes(32)),
        Stanza(("X25519", "A" * 44), bytes(32)),
        Stanza(("X25519", "A" * 42 + "B"), bytes(32)),
        Stanza(("X25519", "A" * 42 + "="), bytes(32)),
        Stanza(("X25519", encode64(b"\x09" + bytes(31)).decode()), bytes(31)),
        Stanza(("X25519", encode64(b"\x09" + bytes(31)).decode()), bytes(48)),
        Stanza(("X25519", encode64(bytes(32)).decode()), bytes(32)),
        Stanza(("X25519", encode64(b"\x01" + bytes(31)).decode()), bytes(32)),
    ],
    ids=str,
)
def test_a_malformed_stanza_of_our_kind_is_refused_and_not_skipped(stanza: Stanza) -> None:
    with pytest.raises(Damaged):
        unlock(parse(header_of(stanza.encode(), OURS)), [IDENTITY])


def test_the_code_is_looked_at() -> None:
    header = header_of(OURS)
    with pytest.raises(Damaged, match="changed"):
        unlock(parse(header.replace(OURS, OURS + b"-> added\n\n")), [IDENTITY])
    with pytest.raises(NoKeyFits):
        unlock(parse(header), SecretBytes(bytes(16)))
    assert unlock(parse(header), FILE_KEY) == FILE_KEY


@pytest.mark.parametrize(
    ("beginning", "sentence"),
    [
        (b"age-encryption.org/v2\n-> X25519 A\n", "version"),
        (b"age-encryption.org/v1\r\n", "version"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", "armor"),
        (b"\x1aE\xdf\xa3 a Matroska file in the clear", "not an age file"),
        (b"AGE-encryption.org/v1\n", "not an age file"),
    ],
)
def test_other_files_are_told_apart(beginning: bytes, sentence: str) -> None:
    with pytest.raises(NotAgeFile, match=sentence):
        open_bytes(beginning + bytes(300), [IDENTITY])


def test_a_hostile_header_costs_no_more_than_its_limit() -> None:
    """Of a file of an exabyte, so much is read."""
    asked = []

    def read_at(offset: int, size: int) -> bytes:
        asked.append((offset, size))
        return (INTRO + b"-> endless\n" + (FULL + b"\n") * 2000)[offset : offset + size]

    with pytest.raises(NotAgeFile, match="longer"):
        Reader(read_at, 1 << 60, [IDENTITY])
    assert asked == [(0, MAX_HEADER + 16)]


def test_the_longest_header_that_is_read_can_be_written_and_no_longer_one() -> None:
    """Whoever writes could else make files that nobody opens."""
    most = (MAX_HEADER - len(INTRO) - 48) // len(OURS)
    recipients = [RECIPIENT] * most
    assert unlock(parse(make(FILE_KEY, recipients, chance(7))), [IDENTITY]) == FILE_KEY
    with pytest.raises(ValueError, match="too many"):
        make(FILE_KEY, [*recipients, RECIPIENT], chance(7))
    with pytest.raises(ValueError, match="for somebody"):
        make(FILE_KEY, [], chance(7))


def test_a_header_cut_anywhere_is_said_to_be_cut() -> None:
    for length in range(len(HEADER)):
        with pytest.raises(Truncated):
            parse(HEADER[:length])


def test_rewrapping_changes_nothing_but_the_header() -> None:
    sealed = seal(b"said in confidence", [RECIPIENT], chance(8))
    old = parse(sealed)
    new = rewrap(sealed, IDENTITY, [OTHER.recipient], chance(9))
    exported = new + sealed[old.length :]
    assert open_bytes(exported, [OTHER]) == b"said in confidence"
    with pytest.raises(NoKeyFits):
        open_bytes(exported, [IDENTITY])
    with pytest.raises(NoKeyFits):
        rewrap(sealed, OTHER, [OTHER.recipient], chance(9))


ARGUMENTS = st.lists(st.text("!#-~AZ09+/", min_size=1), min_size=1, max_size=4)


@given(st.lists(st.tuples(ARGUMENTS, st.binary(max_size=200))))
def test_stanzas_come_apart_as_they_were_put_together(made: list[tuple[list[str], bytes]]) -> None:
    stanzas = [Stanza(tuple(arguments), body) for arguments, body in made]
    lines = b"".join(each.encode() for each in stanzas).split(b"\n")[:-1]
    assert list(read_stanzas(lines)) == stanzas


@given(st.binary(max_size=100))
def test_base64_has_one_form(data: bytes) -> None:
    text = encode64(data)
    assert decode64(text) == data
    for other in (text + b"=", text + b"\n", text + b"A" * (1 if len(text) % 4 == 0 else 4)):
        try:
            assert decode64(other) != data
        except Damaged:
            continue


@given(st.binary(max_size=400))
def test_junk_raises_nothing_else(data: bytes) -> None:
    for beginning in (b"", INTRO, INTRO + OURS):
        with pytest.raises(AgeError):
            open_bytes(beginning + data, [IDENTITY])
