"""Deleting again what an older copy has brought back: by the hashes in the proofs that were made since.

Holds are not asked: what a proof names was deleted when it was allowed. Not here: what a proof says and whether it is
genuine (`signaling/keeping/proof.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import func, select, update

from clinic.columns import milliseconds
from clinic.database import Database
from clinic.errors import Conflict
from clinic.keeping.kept_rows import KeptRows
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.records import DeletionProof
from clinic.records import ShredProof
from clinic.rows import as_row
from clinic.states import JobState, RecordingState
from clinic.tables import JobRow, OutputRow, PersonRow, RecordingRow, ShredProofRow


async def delete_again(
    database: Database,
    kept: Iterable[KeptRows],
    deletions: Sequence[DeletionProof],
    shredded: Sequence[ShredProof],
) -> tuple[int, int]:
    """(keys, records) that were there again and are gone. The proofs are kept, if they were not. Raises Unavailable."""
    keys = {key.sha256 for proof in shredded for key in proof.keys}
    keys |= {secret.sha256 for proof in deletions for secret in proof.secrets}
    gone = await _shred(database, keys)
    records = 0
    for each in kept:
        hashes = {each_hash for proof in deletions for each_hash in proof.deleted.get(each.kind, ())}
        if hashes:
            records += await each.remove_hashed(hashes)
    await _keep_proofs(database, deletions, shredded)
    await database.scrub()
    return gone, records


async def _shred(database: Database, hashes: Collection[str]) -> int:
    """Empties wrapped keys with these hashes; recordings that nothing opens any more are shredded."""
    gone = 0
    async with database.writing() as session:
        touched: set[str] = set()
        for person in await session.scalars(select(PersonRow).where(PersonRow.wrapped_key.is_not(None))):
            if hashlib.sha256(person.wrapped_key or b"").hexdigest() in hashes:
                person.wrapped_key = person.name_sealed = None
                touched.add(person.recording_id)
                gone += 1
        for output in await session.scalars(select(OutputRow).where(OutputRow.wrapped_key.is_not(None))):
            if hashlib.sha256(output.wrapped_key or b"").hexdigest() in hashes:
                output.wrapped_key = None
                touched.add(output.recording_id)
                gone += 1
        await session.flush()
        for recording in sorted(touched):
            readable = select(func.count()).where(
                PersonRow.recording_id == recording, PersonRow.wrapped_key.is_not(None)
            )
            if not (await session.execute(readable)).scalar_one():
                row = await session.get_one(RecordingRow, recording)
                row.state = RecordingState.SHREDDED
                waiting = (JobState.WAITING, JobState.RUNNING)
                await session.execute(
                    update(JobRow)
                    .where(JobRow.recording_id == recording, JobRow.state.in_(waiting))
                    .values(state=JobState.CANCELLED)
                )
    return gone


async def _keep_proofs(database: Database, deletions: Sequence[DeletionProof], shredded: Sequence[ShredProof]) -> None:
    proofs = DeletionProofs(database)
    for proof in deletions:
        try:
            await proofs.keep(proof)
        except Conflict:
            continue  # the copy had it
    async with database.writing() as session:
        there = {
            (row.recording_id, row.person_id, milliseconds(row.at))
            for row in await session.scalars(select(ShredProofRow))
        }
        known = set(await session.scalars(select(RecordingRow.id)))
        for shred in shredded:
            if (
                shred.recording_id in known
                and (shred.recording_id, shred.person_id, milliseconds(shred.at)) not in there
            ):
                session.add(as_row(ShredProofRow, shred, keys=[asdict(key) for key in shred.keys]))
