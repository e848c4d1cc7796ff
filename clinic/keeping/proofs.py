"""Proofs of deletion: kept for ever, only ever added to.

Not here: what a proof says and who signs it (`signaling/keeping/proof.py`).
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import and_, or_, select

from clinic.database import Database
from clinic.keeping.records import DeletedSecret, DeletionProof
from clinic.keeping.tables import DeletionProofRow
from clinic.records import DeletedKey, ShredProof
from clinic.rows import as_record, as_row
from clinic.tables import ShredProofRow

LARGEST_PAGE = 200


class DeletionProofs:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, proof: DeletionProof) -> None:
        """Raises Conflict if there is one with this id."""
        async with self._database.writing() as session:
            session.add(as_row(DeletionProofRow, proof, secrets=[asdict(each) for each in proof.secrets]))

    async def find(
        self, *, patient_hmac: str | None = None, after: tuple[float, str] | None = None, limit: int = 50
    ) -> list[DeletionProof]:
        """Newest first; of one patient, if that is said. `after`: (at, id) of the last one of the page before."""
        query = select(DeletionProofRow).order_by(DeletionProofRow.at.desc(), DeletionProofRow.id.desc())
        if patient_hmac is not None:
            query = query.where(DeletionProofRow.patient_hmac == patient_hmac)
        if after is not None:
            at, last = after
            older = DeletionProofRow.at < at
            query = query.where(or_(older, and_(DeletionProofRow.at == at, DeletionProofRow.id < last)))
        async with self._database.reading() as session:
            rows = await session.scalars(query.limit(max(1, min(limit, LARGEST_PAGE))))
            return [as_record(DeletionProof, row, secrets=_secrets(row.secrets)) for row in rows]

    async def shredded(self, after: int = 0, limit: int = LARGEST_PAGE) -> list[tuple[int, ShredProof]]:
        """Those of recordings' keys, oldest first, each with its number; `after`: the number of the last one."""
        query = select(ShredProofRow).where(ShredProofRow.id > after).order_by(ShredProofRow.id).limit(limit)
        async with self._database.reading() as session:
            rows = (await session.scalars(query)).all()
        return [(row.id, as_record(ShredProof, row, keys=_keys(row.keys))) for row in rows]


def _secrets(kept: list[dict[str, str]]) -> tuple[DeletedSecret, ...]:
    return tuple(DeletedSecret(**each) for each in kept)


def _keys(kept: list[dict[str, str]]) -> tuple[DeletedKey, ...]:
    return tuple(DeletedKey(**each) for each in kept)  # type: ignore[arg-type]
