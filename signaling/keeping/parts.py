"""What keeping works with: the kinds of records with who keeps each, rules, holds, proofs, and the clinic's keys.

Not here: what is done with them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from clinic import Database, Retention
from clinic.audit.events import ActorKind
from clinic.keeping.holds import LegalHolds
from clinic.keeping.kinds import Kept, Sheet
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.records import Subject
from clinic.keeping.rules import RetentionRules
from clinic.keeping.runs import Runs
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.keeping.proof import ProofSigner
from signaling.sealed_columns import SealBroken, SealedColumns

Opener = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A record with what is sealed in it in clear, for the patient whom it is about."""

AccessLog = Callable[[str, "str | None", int], Awaitable[Sheet]]
"""(patient, where to go on, how many) -> what the audit log says of who saw something of theirs, oldest first."""


@dataclass(frozen=True)
class Actor:
    """Who does it, as the audit log and proofs say."""

    kind: ActorKind
    id: str


@dataclass(frozen=True)
class Parts:
    database: Database
    kept: Mapping[str, Kept]
    """By kind, in the order in which a patient's records are removed."""
    rules: RetentionRules
    holds: LegalHolds
    proofs: DeletionProofs
    runs: Runs
    retention: Retention
    whose: Callable[[str], Awaitable[Subject]]
    """A patient's sessions."""
    signer: ProofSigner
    sealed: SealedColumns
    audit: Audit
    clock: Clock
    new_id: Callable[[], str]
    scrub: Callable[[Collection[str]], Awaitable[bool]]
    """`Database.scrub`."""
    openers: Mapping[str, Opener] = field(default_factory=dict)
    """By kind, where something is sealed that patients may see."""
    access_log: AccessLog | None = None

    def because(self, sealed: bytes, hold: str) -> str:
        """Why something is on hold."""
        return self._open(sealed, hold_place(hold))

    def reason(self, sealed: bytes, proof: str) -> str:
        """Why something was deleted."""
        return self._open(sealed, reason_place(proof))

    def _open(self, sealed: bytes, place: str) -> str:
        try:
            return self.sealed.open(sealed, place)
        except SealBroken:
            return ""  # the key was lost, or is another one: the hold stands and the proof counts all the same


def hold_place(hold: str) -> str:
    return f"legal_hold.because/{hold}"


def reason_place(proof: str) -> str:
    return f"deletion_proof.reason/{proof}"
