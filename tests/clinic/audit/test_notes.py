"""Signed heads are written and read as C2SP says."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from clinic.audit.notes import WITNESS, BadNote, Checkpoint, Note, PublicKey, Signer
from tests.clinic.audit.made_up import KEY, ORIGIN, signer

HEAD = Checkpoint(ORIGIN, 7, bytes(range(32)))
KNOWN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""The key and the note that Go's package note shows as an example."""
KNOWN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_head_reads_as_it_was_written() -> None:
    note = signer().note(HEAD)
    assert note.startswith(f"{ORIGIN}\n7\n{base64.b64encode(HEAD.root).decode()}\n\n— {ORIGIN} ")
    read = Note.read(note)
    assert read.checkpoint == HEAD
    assert signer().public.check(read) is None
    assert PublicKey.read(str(signer().public)) == signer().public


def test_a_key_of_another_program_is_read_and_its_signature_too() -> None:
    key = PublicKey.read(KNOWN_KEY)
    assert (key.name, str(key)) == ("PeterNeumann", KNOWN_KEY)
    text, _, line = KNOWN_NOTE.partition("\n\n— PeterNeumann ")
    signature = base64.b64decode(line)
    assert signature[:4] == key.hash
    Ed25519PublicKey.from_public_bytes(key.key).verify(signature[4:], f"{text}\n".encode())


def test_a_witness_signs_with_the_time() -> None:
    witness = Signer("witness", bytes(32), WITNESS)
    note = Note.read(signer().note(HEAD) + witness.cosign(HEAD.text, 1_780_000_000))
    assert witness.public.check(note) == 1_780_000_000
    assert signer().public.check(note) is None


def test_another_text_or_another_key_is_not_signed() -> None:
    note = signer().note(HEAD)
    with pytest.raises(BadNote, match="not signed"):
        signer().public.check(Note.read(note.replace("\n7\n", "\n8\n")))
    for other in (Signer(ORIGIN, bytes(32)), Signer("other", KEY), Signer(ORIGIN, KEY, WITNESS)):
        with pytest.raises(BadNote, match="not signed"):
            other.public.check(Note.read(note))


@pytest.mark.parametrize(
    "change",
    [
        ("\n7\n", "\n07\n"),
        ("\n7\n", "\n-7\n"),
        ("\n7\n", "\n7\nmore\n"),
        ("\n7\n", "\n٧\n"),
        ("— ", "- "),
        ("AAEC", "AA"),
        ("\n\n", "\n"),
        (f"{ORIGIN}\n", "\n"),
    ],
)
def test_what_is_no_head_is_not_read(change: tuple[str, str]) -> None:
    note = signer().note(HEAD)
    assert change[0] in note
    with pytest.raises(BadNote):
        Note.read(note.replace(*change, 1))


def test_what_is_no_key_is_not_read() -> None:
    good = str(signer().public)
    for bad in ("", "a+b+c", good[:-4], good.replace("clinic", "Clinic"), good + "A", f"a b{good}"):
        with pytest.raises(BadNote):
            PublicKey.read(bad)


def test_names_are_single_words_and_keys_do_not_print_themselves() -> None:
    for name in ("", "two words", "plus+plus"):
        with pytest.raises(BadNote):
            Signer(name, KEY)
    assert KEY.hex() not in repr(signer())
    assert repr(KEY) not in repr(vars(signer()))
