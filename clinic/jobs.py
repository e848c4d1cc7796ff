"""Jobs: work on recordings, such as composing, that outlives the process which does it.

A worker takes a job for a time (a lease), renews that while it works, and says how it ended. If it crashes, the lease
runs out and the next one takes the job. A worker that was only slow, and comes back late, is told that it is not its
job any more. Not here: the work, and the process that does it (`recording/`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.columns import shortened
from clinic.database import Database
from clinic.errors import IllegalMove
from clinic.records import Job, Output
from clinic.rows import as_record, as_row, move, take
from clinic.states import JobState, RecordingState
from clinic.tables import JobRow, OutputRow, RecordingRow

ATTEMPTS = 5
"""A job that failed, or took its worker with it, this often is not tried again."""

FIRST_REST = 30.0
LONGEST_REST = 3600.0
"""Seconds before another attempt; each rest is twice the one before."""

LONGEST_ERROR = 500
CANDIDATES = 20
"""How many jobs one claim looks at: more than there are workers that could be quicker."""

OPEN = (JobState.WAITING, JobState.RUNNING)


def rest(attempts: int) -> float:
    """Seconds that a job rests after it has failed so many times."""
    return min(LONGEST_REST, FIRST_REST * 2.0 ** (attempts - 1))


class Jobs:
    """Each change is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, job: Job) -> None:
        """Raises Unknown, Conflict for an id that is taken, IllegalMove while it is captured or after shredding."""
        async with self._database.writing() as session:
            _workable(await take(session, job.recording_id))
            session.add(as_row(JobRow, job))

    async def begin(self, job: Job, now: float, lease: float) -> Job:
        """`add` and `claim` in one: nobody else gets it before. Raises as `add` does."""
        async with self._database.writing() as session:
            recording = await take(session, job.recording_id)
            _workable(recording)
            begun = replace(job, state=JobState.RUNNING, attempts=1, lease_until=now + lease)
            session.add(as_row(JobRow, begun))
            if begun.kind == "compose":
                move(recording, RecordingState.COMPOSING)
            return begun

    async def claim(self, now: float, lease: float, only: Collection[str] | None = None) -> Job | None:
        """The oldest job that is free, for `lease` seconds; None if there is none. Two who ask never get the same.

        `only`: of these recordings, for a worker that can open no others.
        """
        free = select(JobRow).where(*_free(now), JobRow.attempts < ATTEMPTS).order_by(JobRow.created_at, JobRow.id)
        if only is not None:
            free = free.where(JobRow.recording_id.in_(only))
        async with self._database.reading() as session:
            candidates = [as_record(Job, row) for row in await session.scalars(free.limit(CANDIDATES))]
        for candidate in candidates:
            claimed = await self._claim(candidate, now, lease)
            if claimed is not None:
                return claimed
        return None

    async def renew(self, job: Job, now: float, lease: float, progress: float) -> bool:
        """Goes on having it for `lease` seconds from now. False: it is somebody else's, or was cancelled; stop."""
        async with self._database.writing() as session:
            row = await _still(session, job)
            if row is None:
                return False
            row.lease_until, row.progress = now + lease, min(max(progress, 0.0), 1.0)
            return True

    async def finish(self, job: Job, output: Output | None = None) -> bool:
        """Done, with what was made: both are kept, or neither. False as in `renew`: then throw the output away, for
        somebody in it may have been shredded meanwhile."""
        async with self._database.writing() as session:
            recording = await take(session, job.recording_id)
            row = await _still(session, job)
            if row is None:
                return False
            row.state, row.progress, row.error = JobState.DONE, 1.0, None
            if output is not None:
                session.add(as_row(OutputRow, output))
            if row.kind == "compose" and recording.state is not RecordingState.READY:
                if recording.state is not RecordingState.COMPOSING:
                    move(recording, RecordingState.COMPOSING)  # another job on it was given up, or cancelled
                move(recording, RecordingState.READY)
            return True

    async def fail(self, job: Job, error: str, now: float) -> bool:
        """It did not work: to be tried again after a rest, unless that was the last attempt. False as in `renew`."""
        async with self._database.writing() as session:
            recording = await take(session, job.recording_id)
            row = await _still(session, job)
            if row is None:
                return False
            if row.attempts >= ATTEMPTS:
                await _give_up(session, recording, row, error)
            else:
                row.state, row.error = JobState.WAITING, shortened(error, LONGEST_ERROR)
                row.lease_until = now + rest(row.attempts)
            return True

    async def cancel(self, job: Job) -> bool:
        """Nobody is to do it any more; the recording is as if it had not been asked for. False as in `renew`."""
        async with self._database.writing() as session:
            recording = await take(session, job.recording_id)
            mine = (JobRow.id == job.id, JobRow.state.in_(OPEN), JobRow.attempts == job.attempts)
            row = await session.scalar(select(JobRow).where(*mine).with_for_update())
            if row is None:
                return False
            row.state = JobState.CANCELLED
            if row.kind == "compose" and recording.state is RecordingState.COMPOSING:
                there = await _film(session, recording)
                move(recording, RecordingState.READY if there else RecordingState.CAPTURED)
            return True

    async def free(self, now: float) -> list[Job]:
        """Those that anybody may take, however often they were taken."""
        query = select(JobRow).where(*_free(now)).order_by(JobRow.created_at, JobRow.id)
        async with self._database.reading() as session:
            return [as_record(Job, row) for row in await session.scalars(query)]

    async def give_up(self, now: float) -> list[Job]:
        """Those whose workers vanished too often; they have failed now. To be called now and then, before `claim`."""
        lost = select(JobRow).where(*_free(now), JobRow.attempts >= ATTEMPTS)
        async with self._database.reading() as session:
            candidates = [as_record(Job, row) for row in await session.scalars(lost)]
        given_up = []
        for job in candidates:
            async with self._database.writing() as session:
                recording = await take(session, job.recording_id)
                row = await _still(session, job)
                if row is not None and row.lease_until <= now:
                    await _give_up(session, recording, row, "the process that worked on it vanished, each time")
                    given_up.append(as_record(Job, row))
        return given_up

    async def of_recording(self, recording: str) -> list[Job]:
        """Oldest first."""
        return (await self.of_recordings([recording]))[recording]

    async def of_recordings(self, recordings: Collection[str]) -> dict[str, list[Job]]:
        """Of each of a page of them, oldest first."""
        found: dict[str, list[Job]] = {each: [] for each in recordings}
        query = select(JobRow).where(JobRow.recording_id.in_(found)).order_by(JobRow.created_at, JobRow.id)
        async with self._database.reading() as session:
            for row in await session.scalars(query):
                found[row.recording_id].append(as_record(Job, row))
        return found

    async def _claim(self, candidate: Job, now: float, lease: float) -> Job | None:
        async with self._database.writing() as session:
            recording = await take(session, candidate.recording_id)
            row = await session.scalar(
                update(JobRow)
                .where(JobRow.id == candidate.id, *_free(now), JobRow.attempts == candidate.attempts)
                .values(state=JobState.RUNNING, attempts=JobRow.attempts + 1, lease_until=now + lease, progress=0.0)
                .returning(JobRow)
            )
            if row is None:
                return None  # somebody was quicker, or it was cancelled
            if row.kind == "compose":
                move(recording, RecordingState.COMPOSING)
            return as_record(Job, row)


def _workable(recording: RecordingRow) -> None:
    if recording.state in (RecordingState.CAPTURING, RecordingState.SHREDDED):
        raise IllegalMove(f"there is nothing to work on while the recording is {recording.state.value}")


def _free(now: float) -> tuple[Any, ...]:
    return JobRow.state.in_(OPEN), JobRow.lease_until <= now


async def _still(session: AsyncSession, job: Job) -> JobRow | None:
    """The job's row, if this taking of it still counts: nobody took it since, nobody cancelled it."""
    mine = and_(JobRow.id == job.id, JobRow.state == JobState.RUNNING, JobRow.attempts == job.attempts)
    found: JobRow | None = await session.scalar(select(JobRow).where(mine).with_for_update())
    return found


async def _give_up(session: AsyncSession, recording: RecordingRow, row: JobRow, error: str) -> None:
    row.state, row.error = JobState.FAILED, shortened(error, LONGEST_ERROR)
    if row.kind == "compose" and recording.state is RecordingState.COMPOSING:
        if await _film(session, recording):
            move(recording, RecordingState.READY)
        else:
            move(recording, RecordingState.FAILED, row.error)


async def _film(session: AsyncSession, recording: RecordingRow) -> bool:
    """Whether one was made of it that can be opened."""
    made = (OutputRow.recording_id == recording.id, OutputRow.kind == "mp4", OutputRow.wrapped_key.is_not(None))
    return await session.scalar(select(OutputRow.id).where(*made).limit(1)) is not None
