"""A statement of minutes is verified by whoever has it, and every change of it is found."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from signaling.usage.codes import SHIPPED
from signaling.usage.statement import CONTEXT, BadStatement, canonical, document, public_key, sign, verify
from tests.clinic.usage.made_up import START, random_sittings, whole

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def made(**more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "clinic": "Praxis Grün & Söhne",
        "month": "2027-01",
        "therapist": None,
        "patient": None,
        "made_at": START,
        "audit_head": "tree 7",
    }
    return document(random_sittings(5, 12), [SHIPPED], **(fields | more))


STATEMENT = sign(made(), KEY)


def test_a_statement_is_verified_without_anything_else() -> None:
    found = verify(STATEMENT)
    assert found.key == public_key(KEY)
    assert (found.clinic, found.month, found.audit_head) == ("Praxis Grün & Söhne", "2027-01", "tree 7")
    ended = [each for each in random_sittings(5, 12) if each.sitting.ended_at is not None]
    assert found.sittings == len(ended)
    assert found.minutes == sum(each.sitting.two_way_ms // 60_000 for each in ended)
    assert verify(STATEMENT, public_key(KEY).upper()) == found


def test_what_goes_on_is_not_stated() -> None:
    assert verify(sign(document([whole(ended=False)], [SHIPPED], **_about()), KEY)).sittings == 0


def test_the_same_again_is_the_same_file() -> None:
    assert sign(made(), KEY) == STATEMENT


def test_somebody_elses_key_is_not_the_clinics() -> None:
    with pytest.raises(BadStatement, match="another key"):
        verify(sign(made(), OTHER), public_key(KEY))


@given(st.integers(0, len(STATEMENT) - 2), st.integers(1, 255))
def test_any_byte_that_is_changed_is_found(at: int, by: int) -> None:
    changed = bytearray(STATEMENT)
    changed[at] ^= by
    with pytest.raises(BadStatement):
        verify(bytes(changed), public_key(KEY))


@given(st.integers(0, len(STATEMENT) - 2))
def test_a_statement_that_is_cut_is_found(length: int) -> None:
    with pytest.raises(BadStatement):
        verify(STATEMENT[:length])


def _about() -> dict[str, Any]:
    return {"clinic": "c", "month": "2027-01", "therapist": None, "patient": None, "made_at": 1.0, "audit_head": None}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told["totals"].update(minutes=999), "totals"),
        (lambda told: told["sittings"][0].update(two_way_ms=told["sittings"][0]["two_way_ms"] + 1), "add up"),
        (lambda told: told["sittings"][0]["spans"].pop(0), "follow one another"),
        (lambda told: told["sittings"][0].update(spans=[]), "add up"),
        (lambda told: told["sittings"].pop(), "totals"),
        (lambda told: told.pop("totals"), "not made as"),
        (lambda told: told.update(sittings=7), "not made as"),
    ],
)
def test_a_signed_statement_that_contradicts_itself_is_none(change: Any, why: str) -> None:
    """As a server would make it that lies, or errs."""
    told = document([whole(), whole("s2", START + 9_000)], [SHIPPED], **_about())
    verify(sign(told, KEY))
    change(told)
    with pytest.raises(BadStatement, match=why):
        verify(sign(told, KEY))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b'{"format": "therabook-usage-statement", "version": 2}',
        b'{"format": "therabook-usage-statement", "version": 1}',
        b'{"format": "therabook-usage-statement", "version": 1, "key": "zz", "signature": ""}',
        b'{"format": "therabook-usage-statement", "version": 1, "key": "00", "signature": "AA=="}',
        b'{"version": 1.0}',
        b'{"version": NaN}',
        b'{"format": "a", "format": "b"}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_statement_is_refused(text: bytes) -> None:
    with pytest.raises(BadStatement):
        verify(text)


def test_what_is_signed_is_written_as_the_document_says() -> None:
    told = json.loads(STATEMENT)
    signature = told.pop("signature")
    assert canonical(told) == json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    KEY.public_key().verify(base64.b64decode(signature), CONTEXT + canonical(told))
    assert b"." not in STATEMENT.replace(b"session-r5", b""), "integers and texts only"
