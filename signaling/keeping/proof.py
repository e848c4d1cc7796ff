"""What a proof of deletion says, and the server's word for it.

A record is named by SHA-256 of `KIND/ID`: whoever has the id finds it, and nobody else learns it, as ids are random.
Patients' ids are not, so theirs is an HMAC with a key of the clinic's. Signed with Ed25519 (RFC 8032), by the key that
signs consents too, over a line that no consent begins with and all fields as JSON with sorted keys.
Not here: what is deleted (`deletion.py`), and where proofs are kept (`clinic/keeping/proofs.py`).
"""

from __future__ import annotations

import base64
import dataclasses
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import SecretBytes

from clinic.keeping.records import DeletedSecret, DeletionProof

FIRST_LINE = b"TheraBook deletion proof 1\n"


class ProofSigner:
    def __init__(self, key: SecretBytes, records_key: SecretBytes) -> None:
        """`key`: 32 bytes, of the receipts; `records_key`: under which patients are named."""
        self._key = Ed25519PrivateKey.from_private_bytes(key.get_secret_value())
        self._patients = hmac.digest(records_key.get_secret_value(), b"therabook deletion proofs", "sha256")

    @property
    def public(self) -> bytes:
        """32 bytes: with them anybody can check."""
        return self._key.public_key().public_bytes_raw()

    def patient(self, patient: str) -> str:
        """How a proof names this patient."""
        return hmac.digest(self._patients, patient.encode(), "sha256").hex()

    def sign(self, proof: DeletionProof) -> DeletionProof:
        """The same with its signature."""
        return dataclasses.replace(proof, signature=self._key.sign(signed_bytes(proof)))


def is_genuine(proof: DeletionProof, public: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(proof.signature, signed_bytes(proof))
    except InvalidSignature:
        return False
    return True


def signed_bytes(proof: DeletionProof) -> bytes:
    return FIRST_LINE + json.dumps(_fields(proof), sort_keys=True, separators=(",", ":")).encode()


def as_json(proof: DeletionProof) -> dict[str, Any]:
    """For files and answers; `from_json` reads it again."""
    return _fields(proof) | {"signature": base64.b64encode(proof.signature).decode()}


def from_json(told: Mapping[str, Any]) -> DeletionProof:
    """Raises ValueError for what is no proof."""
    try:
        return DeletionProof(
            id=str(told["id"]),
            at=int(told["at"]) / 1000,
            by=str(told["by"]),
            reason_sealed=base64.b64decode(told["reason_sealed"], validate=True),
            patient_hmac=None if told["patient_hmac"] is None else str(told["patient_hmac"]),
            deleted={str(kind): [str(each) for each in hashes] for kind, hashes in told["deleted"].items()},
            secrets=tuple(DeletedSecret(**{k: str(v) for k, v in each.items()}) for each in told["secrets"]),
            left={str(kind): int(count) for kind, count in told["left"].items()},
            signature=base64.b64decode(told["signature"], validate=True),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no proof of deletion") from error


def _fields(proof: DeletionProof) -> dict[str, Any]:
    return {
        "id": proof.id,
        "at": round(proof.at * 1000),  # as the store gives it back: in whole milliseconds
        "by": proof.by,
        "reason_sealed": base64.b64encode(proof.reason_sealed).decode(),
        "patient_hmac": proof.patient_hmac,
        "deleted": proof.deleted,
        "secrets": [dataclasses.asdict(each) for each in proof.secrets],
        "left": proof.left,
    }
