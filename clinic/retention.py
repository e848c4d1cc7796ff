"""Retention: how long a recording may be kept, what must be kept in spite of that, and deletion that can be proved.

Deletion is deletion of keys: a recording's files are noise once their wrapped keys are gone. The proof is written in
the same transaction; the files are removed afterwards, and are remembered until they are. What is on hold stays: a
recording's own hold, and legal holds over more than one recording (`keeping/holds.py`).
Not here: the policy that sets the deadlines, and the files themselves (`recording/`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.database import Database
from clinic.errors import Conflict, Held, IllegalMove, Unavailable, Unknown
from clinic.keeping.holds import standing
from clinic.records import DeletedKey, Recording, Shredded, ShredProof
from clinic.rows import as_record, as_row, move, take
from clinic.states import JobState, RecordingState
from clinic.tables import JobRow, OutputRow, PersonRow, RecordingRow, ShredProofRow, TrackRow

DAY = 86_400.0


class Retention:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, recording: str, *, by: str, because: str, now: float) -> None:
        """From now on nothing of it may be deleted. Raises Unknown, IllegalMove, Conflict if it is on hold already."""
        async with self._database.writing() as session:
            row = await take(session, recording)
            if row.state is RecordingState.SHREDDED:
                raise IllegalMove("the recording was shredded: there is nothing left to hold")
            if row.held_by is not None:
                raise Conflict("the recording is on hold already")
            row.held_by, row.held_because, row.held_at = by, because, now

    async def release(self, recording: str) -> None:
        """Ends the hold. Raises Unknown, Conflict if there is none."""
        async with self._database.writing() as session:
            row = await take(session, recording)
            if row.held_by is None:
                raise Conflict("the recording is not on hold")
            row.held_by = row.held_because = row.held_at = None

    async def retime(self, days: int | None) -> None:
        """Every recording may be deleted so many days after its beginning from now on. None: never by itself."""
        changed = update(RecordingRow).where(RecordingRow.state != RecordingState.SHREDDED)
        if days is None:
            changed = changed.where(RecordingRow.delete_after.is_not(None)).values(delete_after=None)
        else:
            deadline = RecordingRow.started_at + days * DAY
            changed = changed.where(or_(RecordingRow.delete_after.is_(None), RecordingRow.delete_after != deadline))
            changed = changed.values(delete_after=deadline)
        async with self._database.writing() as session:
            await session.execute(changed)

    async def due(self, now: float, limit: int = 100) -> list[Recording]:
        """Those whose time is over and that may be shredded, longest overdue first."""
        async with self._database.reading() as session:
            holds = await standing(session, removing=False)
            free = holds.free(at=RecordingRow.started_at, session=RecordingRow.session)
            query = (
                select(RecordingRow)
                .where(*_over(now), RecordingRow.held_by.is_(None), *free)
                .order_by(RecordingRow.delete_after, RecordingRow.id)
                .limit(limit)
            )
            return [as_record(Recording, row) for row in await session.scalars(query)]

    async def over(self, now: float) -> tuple[int, int]:
        """How many may be shredded, and how many others are over their time and on hold."""
        every = select(func.count()).select_from(RecordingRow).where(*_over(now))
        async with self._database.reading() as session:
            holds = await standing(session, removing=False)
            free = holds.free(at=RecordingRow.started_at, session=RecordingRow.session)
            going = int((await session.execute(every.where(RecordingRow.held_by.is_(None), *free))).scalar_one())
            return going, int((await session.execute(every)).scalar_one()) - going

    async def held(self, after: tuple[float, str] | None = None, limit: int = 50) -> list[Recording]:
        """Those that are on hold themselves, newest hold first. `after`: (held_at, id) of the last one before."""
        query = select(RecordingRow).where(RecordingRow.held_by.is_not(None))
        if after is not None:
            at, last = after
            older = RecordingRow.held_at < at
            query = query.where(or_(older, and_(RecordingRow.held_at == at, RecordingRow.id < last)))
        query = query.order_by(RecordingRow.held_at.desc(), RecordingRow.id.desc()).limit(limit)
        async with self._database.reading() as session:
            return [as_record(Recording, row) for row in await session.scalars(query)]

    async def shred_recording(self, recording: str, *, by: str, reason: str, now: float) -> Shredded:
        """Deletes every key of a recording, and stops work on it. Raises Unknown, Held, IllegalMove."""
        return await self._shred(recording, None, by, reason, now)

    async def shred_person(self, recording: str, person: str, *, by: str, reason: str, now: float) -> Shredded:
        """Deletes one person's key and name, and what was made with their tracks: it can be composed again without
        them. With the last person the whole recording is gone. Raises Unknown, Held, IllegalMove."""
        return await self._shred(recording, person, by, reason, now)

    async def proofs(self, recording: str) -> list[ShredProof]:
        query = select(ShredProofRow).where(ShredProofRow.recording_id == recording).order_by(ShredProofRow.id)
        async with self._database.reading() as session:
            return [
                as_record(ShredProof, row, keys=tuple(DeletedKey(**key) for key in row.keys))  # type: ignore[arg-type]
                for row in await session.scalars(query)
            ]

    async def files_to_remove(self) -> list[str]:
        """Files that nothing opens any more and that are perhaps still there: asked at the start, after a crash."""
        tracks = select(TrackRow.file).join(
            PersonRow,
            (PersonRow.recording_id == TrackRow.recording_id) & (PersonRow.person_id == TrackRow.person_id),
        )
        tracks = tracks.where(PersonRow.wrapped_key.is_(None), TrackRow.file.is_not(None))
        outputs = select(OutputRow.file).where(OutputRow.wrapped_key.is_(None), OutputRow.file.is_not(None))
        async with self._database.reading() as session:
            found = [*await session.scalars(tracks), *await session.scalars(outputs)]
        return [file for file in found if file is not None]

    async def file_removed(self, file: str) -> None:
        """It is gone. Saying so twice does no harm."""
        async with self._database.writing() as session:
            await session.execute(update(TrackRow).where(TrackRow.file == file).values(file=None))
            await session.execute(update(OutputRow).where(OutputRow.file == file).values(file=None))

    async def _shred(self, recording: str, person: str | None, by: str, reason: str, now: float) -> Shredded:
        async with self._database.writing() as session:
            row = await take(session, recording)
            holds = await standing(session, removing=True)
            if row.held_by is not None or holds.cover(at=row.started_at, session=row.session):
                raise Held("the recording is on hold")
            readable = await _readable(session, recording)
            going = [each for each in readable if person in (None, each.person_id)]
            if person is not None and not going:
                raise Unknown("there is no such person, or they were shredded before")
            if row.state is RecordingState.CAPTURING:
                raise IllegalMove("the recording is still being captured: end that first")
            if len(going) == len(readable):
                move(row, RecordingState.SHREDDED)
            elif row.state in (RecordingState.COMPOSING, RecordingState.READY):
                move(row, RecordingState.CAPTURED)
            files = [file for each in going for file in await _files_of(session, each)]
            outputs = (await session.scalars(select(OutputRow).where(OutputRow.recording_id == recording))).all()
            files += [each.file for each in outputs if each.file is not None]
            keys = [*_delete_people(going, now), *_delete_outputs(outputs)]
            await session.execute(
                update(JobRow)
                .where(JobRow.recording_id == recording, JobRow.state.in_((JobState.WAITING, JobState.RUNNING)))
                .values(state=JobState.CANCELLED)
            )
            proof = ShredProof(recording, person, now, by, reason, tuple(keys))
            session.add(as_row(ShredProofRow, proof, keys=[asdict(key) for key in keys]))
        try:
            scrubbed = await self._database.scrub()
        except Unavailable:  # what was deleted is deleted: that must not look like a failure
            scrubbed = False
        return Shredded(proof, tuple(files), scrubbed)


def _over(now: float) -> tuple[ColumnElement[bool], ...]:
    return (
        RecordingRow.delete_after <= now,
        RecordingRow.state.not_in((RecordingState.CAPTURING, RecordingState.SHREDDED)),
    )


async def _readable(session: AsyncSession, recording: str) -> list[PersonRow]:
    """The people whose keys are still there."""
    query = select(PersonRow).where(PersonRow.recording_id == recording, PersonRow.wrapped_key.is_not(None))
    return list(await session.scalars(query))


async def _files_of(session: AsyncSession, person: PersonRow) -> list[str]:
    query = select(TrackRow.file).where(
        TrackRow.recording_id == person.recording_id, TrackRow.person_id == person.person_id, TrackRow.file.is_not(None)
    )
    return [file for file in await session.scalars(query) if file is not None]


def _delete_people(people: Iterable[PersonRow], now: float) -> list[DeletedKey]:
    deleted = []
    for each in people:
        deleted.append(DeletedKey("person", each.person_id, hashlib.sha256(each.wrapped_key or b"").hexdigest()))
        each.wrapped_key = each.name_sealed = None
        each.shredded_at = now
    return deleted


def _delete_outputs(outputs: Iterable[OutputRow]) -> list[DeletedKey]:
    deleted = []
    for each in outputs:
        if each.wrapped_key is not None:
            deleted.append(DeletedKey("output", each.id, hashlib.sha256(each.wrapped_key).hexdigest()))
            each.wrapped_key = None
    return deleted
