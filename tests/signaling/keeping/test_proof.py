"""What a proof says can be checked by a stranger, and is no other's word."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from pydantic import SecretBytes

from clinic.keeping.kept_rows import record_hash
from clinic.keeping.records import DeletedSecret, DeletionProof
from signaling.keeping.proof import FIRST_LINE, ProofSigner, as_json, from_json, is_genuine, signed_bytes

SIGNER = ProofSigner(SecretBytes(bytes(range(32))), SecretBytes(bytes(32)))
PROOF = DeletionProof(
    id="d1",
    at=1_780_000_000.125,
    by="admin-1",
    reason_sealed=b"\x00sealed",
    patient_hmac=SIGNER.patient("pat-1"),
    deleted={"notes": [record_hash("notes", "n1")]},
    secrets=(DeletedSecret("person", "p1", "ab" * 32),),
    left={"consents": 2},
    signature=b"",
)


def test_any_change_is_seen() -> None:
    signed = SIGNER.sign(PROOF)
    assert is_genuine(signed, SIGNER.public)
    changes: tuple[dict[str, Any], ...] = (
        {"by": "admin-2"},
        {"at": PROOF.at + 0.001},
        {"patient_hmac": None},
        {"deleted": {}},
        {"secrets": ()},
        {"left": {}},
        {"reason_sealed": b""},
        {"signature": bytes(64)},
    )
    for change in changes:
        assert not is_genuine(dataclasses.replace(signed, **change), SIGNER.public), change
    other = ProofSigner(SecretBytes(bytes(32)), SecretBytes(bytes(32)))
    assert not is_genuine(signed, other.public)


def test_it_comes_back_from_a_file_as_it_was() -> None:
    signed = SIGNER.sign(PROOF)
    assert from_json(json.loads(json.dumps(as_json(signed)))) == signed


@pytest.mark.parametrize("told", [{}, {"id": 1}, as_json(PROOF) | {"deleted": 5}, as_json(PROOF) | {"signature": "%"}])
def test_what_is_no_proof_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever is wrong with it
        from_json(told)


def test_a_patient_cannot_be_guessed_without_the_clinics_key() -> None:
    other = ProofSigner(SecretBytes(bytes(range(32))), SecretBytes(bytes(range(32))))
    assert SIGNER.patient("pat-1") != other.patient("pat-1")
    assert SIGNER.patient("pat-1") != SIGNER.patient("pat-2")


def test_no_consent_can_be_taken_for_a_proof() -> None:
    assert signed_bytes(PROOF).startswith(FIRST_LINE)
    assert not FIRST_LINE.startswith(b"{")
