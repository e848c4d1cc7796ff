"""Deletion with proof: everything that is kept of a patient, or one record.

First the audit log says so, then recordings' keys go, each with its own proof; then everything else and the proof of
all of it, in one transaction. Documentation stays until its time is over, and what is on hold stays; the proof counts
both. Not here: what a proof says (`proof.py`), who may ask (`api.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from clinic import Unavailable, Unknown
from clinic.keeping.kept_rows import record_hash
from clinic.keeping.kinds import KINDS
from clinic.keeping.records import DeletedSecret, DeletionProof, Gone, Subject
from signaling.keeping.parts import Actor, Parts, reason_place
from signaling.refusals import Refused

log = structlog.get_logger("keeping")

BATCH = 500

ONE_BY_ONE = ("recordings",)
"""Kinds whose deletion is no matter of one transaction: files are removed too."""


@dataclass(frozen=True)
class Deleted:
    proof: DeletionProof
    scrubbed: bool
    """Whether what was deleted is out of the database's own files too. If not, housekeeping does it later."""


@dataclass
class _Sum:
    """What went so far."""

    deleted: dict[str, list[str]] = field(default_factory=dict)
    secrets: list[DeletedSecret] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)

    def add(self, kind: str, gone: Gone) -> None:
        if gone.ids:
            self.deleted.setdefault(kind, []).extend(record_hash(kind, id) for id in gone.ids)
        self.secrets += gone.secrets
        self.tables.update(gone.tables)

    def stays(self, kind: str, gone: Gone) -> None:
        if gone.held or gone.left:
            self.left[kind] = gone.held + gone.left


class Deletion:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def of_patient(self, who: Subject, actor: Actor, reason: str) -> Deleted:
        """Raises Refused: `audit_unavailable`, `nothing_kept`; clinic.Unavailable, OSError."""
        parts, now = self._parts, round(self._parts.clock.wall(), 3)
        id = parts.new_id()
        await parts.audit.record("record.delete", actor.kind, actor.id, patient=who.patient, subject=id)
        done = _Sum()
        for kind in self._in_order():
            if kind in ONE_BY_ONE:
                await self._all_of(kind, who, actor, reason, now, done)
        async with parts.database.together():
            for kind in self._in_order():
                if kind not in ONE_BY_ONE:
                    await self._all_of(kind, who, actor, reason, now, done)
            if not done.deleted and not done.left:
                raise Refused("nothing_kept")
            proof = self._proof(id, now, actor, reason, parts.signer.patient(who.patient), done)
            await parts.proofs.keep(proof)
        return Deleted(proof, await self._scrub(done.tables))

    async def of_record(self, kind: str, id: str, actor: Actor, reason: str) -> Deleted:
        """Raises Refused: `audit_unavailable`, `no_such_record`, `not_deletable`; clinic.Held, clinic.Unavailable."""
        parts, now = self._parts, round(self._parts.clock.wall(), 3)
        kept = parts.kept.get(kind)
        if kept is None:
            raise Refused("no_such_record")
        if KINDS[kind].documentation:
            raise Refused("not_deletable")
        proof_id = parts.new_id()
        await parts.audit.record("record.delete", actor.kind, actor.id, subject=id, what=kind)
        done = _Sum()
        try:
            if kind in ONE_BY_ONE:
                done.add(kind, await kept.delete_one(id, by=actor.id, reason=reason, now=now))
            async with parts.database.together():
                if kind not in ONE_BY_ONE:
                    done.add(kind, await kept.delete_one(id, by=actor.id, reason=reason, now=now))
                proof = self._proof(proof_id, now, actor, reason, None, done)
                await parts.proofs.keep(proof)
        except Unknown:
            raise Refused("no_such_record") from None
        return Deleted(proof, await self._scrub(done.tables))

    def _in_order(self) -> Iterable[str]:
        return self._parts.kept

    async def _all_of(self, kind: str, who: Subject, actor: Actor, reason: str, now: float, done: _Sum) -> None:
        while True:
            gone = await self._parts.kept[kind].delete_of_patient(who, BATCH, by=actor.id, reason=reason, now=now)
            done.add(kind, gone)
            if len(gone.ids) < BATCH or kind in ONE_BY_ONE:
                done.stays(kind, gone)
                return

    def _proof(self, id: str, now: float, actor: Actor, reason: str, patient: str | None, done: _Sum) -> DeletionProof:
        return self._parts.signer.sign(
            DeletionProof(
                id=id,
                at=now,
                by=actor.id,
                reason_sealed=self._parts.sealed.seal(reason, reason_place(id)),
                patient_hmac=patient,
                deleted=done.deleted,
                secrets=tuple(done.secrets),
                left=done.left,
                signature=b"",
            )
        )

    async def _scrub(self, tables: set[str]) -> bool:
        try:
            return await self._parts.scrub(sorted(tables))
        except Unavailable as error:  # what was deleted is deleted: that must not look like a failure
            log.warning("deleted records are still in the database's files", error_type=type(error).__name__)
            return False
