"""Recordings: beginning, growing and ending one, and finding it again.

Not here: deletion and holds (`retention.py`), work that is made of it (`jobs.py`), answers (`consents.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from clinic.columns import check_text, milliseconds, shortened
from clinic.database import Database
from clinic.errors import BadValue, Conflict, IllegalMove, Unknown
from clinic.records import Job, Mark, Output, Page, Person, Recording, Track, Whole
from clinic.rows import as_record, as_row, move, take
from clinic.states import TRACK_MOVES, RecordingState, TrackState, check_move
from clinic.tables import JobRow, MarkRow, OutputRow, PersonRow, RecordingRow, Table, TrackRow

if TYPE_CHECKING:
    from clinic.rows import Record

LARGEST_PAGE = 200
LONGEST_SEARCH = 100
LONGEST_FAILURE = 500


class Recordings:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # While it is captured

    async def create(self, recording: Recording) -> None:
        """Begins one, in the state `capturing`. Raises Conflict if there is one with this id."""
        if recording.state is not RecordingState.CAPTURING:
            raise IllegalMove("a recording begins as capturing")
        async with self._database.writing() as session:
            session.add(as_row(RecordingRow, recording))

    async def add_person(self, person: Person) -> None:
        """Somebody is recorded from now on. Raises Unknown, IllegalMove, Conflict if they are already."""
        async with self._database.writing() as session:
            await _capturing(session, person.recording_id)
            session.add(as_row(PersonRow, person))

    async def rename_person(self, recording: str, person: str, name_sealed: bytes) -> None:
        """Raises Unknown for somebody not recorded, IllegalMove once it has ended."""
        async with self._database.writing() as session:
            await _capturing(session, recording)
            row = await session.get(PersonRow, (recording, person))
            if row is None or row.wrapped_key is None:
                raise Unknown("there is nobody like that in this recording")
            row.name_sealed = name_sealed

    async def open_track(self, track: Track) -> None:
        """Raises Unknown, IllegalMove, Conflict for an id or a file that was used before, or somebody not recorded."""
        async with self._database.writing() as session:
            await _capturing(session, track.recording_id)
            session.add(as_row(TrackRow, track))

    async def finish_track(
        self, track: str, state: TrackState, duration_ms: int | None, size: int | None, sha256: str | None = None
    ) -> None:
        """Nothing is written to it any more; `state` says how that came. Raises Unknown, IllegalMove."""
        async with self._database.writing() as session:
            recording = await session.scalar(select(TrackRow.recording_id).where(TrackRow.id == track))
            if recording is None:
                raise Unknown("there is no such track")
            await take(session, recording)
            row = await session.get_one(TrackRow, track)
            check_move(TRACK_MOVES, row.state, state)
            row.state, row.duration_ms, row.size, row.sha256 = state, duration_ms, size, sha256

    async def mark(self, mark: Mark) -> None:
        """Raises Unknown, IllegalMove once it was shredded."""
        async with self._database.writing() as session:
            row = await take(session, mark.recording_id)
            if row.state is RecordingState.SHREDDED:
                raise IllegalMove("the recording was shredded")
            session.add(as_row(MarkRow, mark))

    async def captured(self, recording: str, ended_at: float) -> None:
        """Capture has ended, at last or by recovery; every track was finished. Raises Unknown, IllegalMove, Conflict
        while a track is open."""
        async with self._database.writing() as session:
            row = await take(session, recording)
            if await session.scalar(select(TrackRow.id).where(*_open(recording)).limit(1)):
                raise Conflict("a track is still being written")
            move(row, RecordingState.CAPTURED)
            row.ended_at = ended_at

    async def failed(self, recording: str, failure: str) -> None:
        """Capture came to nothing, and why: a sentence without names. Raises Unknown, IllegalMove."""
        async with self._database.writing() as session:
            move(await take(session, recording), RecordingState.FAILED, shortened(failure, LONGEST_FAILURE))

    async def keep_until(self, recording: str, delete_after: float | None) -> None:
        """Sets when retention may delete it; None: never by itself. Raises Unknown."""
        async with self._database.writing() as session:
            (await take(session, recording)).delete_after = delete_after

    # Finding it again

    async def get(self, recording: str) -> Whole:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(RecordingRow, recording)
            if row is None:
                raise Unknown("there is no such recording")
            return await _whole(session, row)

    async def find(
        self,
        *,
        session: str = "",
        only: str | None = None,
        among: Collection[str] | None = None,
        since: float | None = None,
        until: float | None = None,
        states: Collection[RecordingState] = (),
        after: str | None = None,
        limit: int = 50,
    ) -> Page:
        """Recordings, newest first: of sessions whose id has `session` in it, or of the session `only`, of sessions
        that are `among` these, begun in [since, until), in one of `states` (empty: any). `after` is the `next` of the
        page before. Raises BadValue."""
        query = select(RecordingRow).order_by(RecordingRow.started_at.desc(), RecordingRow.id.desc())
        if session:
            query = query.where(RecordingRow.session.icontains(check_text(session, LONGEST_SEARCH), autoescape=True))
        if only is not None:
            query = query.where(RecordingRow.session == only)
        if among is not None:
            query = query.where(RecordingRow.session.in_(among))
        if since is not None:
            query = query.where(RecordingRow.started_at >= since)
        if until is not None:
            query = query.where(RecordingRow.started_at < until)
        if states:
            query = query.where(RecordingRow.state.in_(states))
        if after is not None:
            at, last = _read_cursor(after)
            older = RecordingRow.started_at < at
            query = query.where(or_(older, and_(RecordingRow.started_at == at, RecordingRow.id < last)))
        limit = max(1, min(limit, LARGEST_PAGE))
        async with self._database.reading() as transaction:
            rows = (await transaction.scalars(query.limit(limit + 1))).all()
        found = tuple(as_record(Recording, row) for row in rows[:limit])
        return Page(found, _cursor(found[-1]) if len(rows) > limit else None)

    async def unfinished(self, node: str = "") -> list[Whole]:
        """What this node was capturing when it last stopped: asked once at the start, before anything is captured."""
        query = select(RecordingRow).where(RecordingRow.state == RecordingState.CAPTURING, RecordingRow.node == node)
        async with self._database.reading() as session:
            rows = (await session.scalars(query.order_by(RecordingRow.started_at))).all()
            return [await _whole(session, row) for row in rows]


async def _capturing(session: AsyncSession, recording: str) -> None:
    if (await take(session, recording)).state is not RecordingState.CAPTURING:
        raise IllegalMove("the recording is not being captured")


def _open(recording: str) -> tuple[Any, ...]:
    return TrackRow.recording_id == recording, TrackRow.state == TrackState.WRITING


async def _whole(session: AsyncSession, row: RecordingRow) -> Whole:
    async def belonging(
        record: type[Record], table: type[Table], key: InstrumentedAttribute[str], *order: InstrumentedAttribute[Any]
    ) -> tuple[Record, ...]:
        rows: Sequence[Table] = (await session.scalars(select(table).where(key == row.id).order_by(*order))).all()
        return tuple(as_record(record, each) for each in rows)

    return Whole(
        recording=as_record(Recording, row),
        people=await belonging(Person, PersonRow, PersonRow.recording_id, PersonRow.person_id),
        tracks=await belonging(Track, TrackRow, TrackRow.recording_id, TrackRow.started_ms, TrackRow.id),
        marks=await belonging(Mark, MarkRow, MarkRow.recording_id, MarkRow.at_ms, MarkRow.id),
        outputs=await belonging(Output, OutputRow, OutputRow.recording_id, OutputRow.made_at, OutputRow.id),
        jobs=await belonging(Job, JobRow, JobRow.recording_id, JobRow.created_at, JobRow.id),
    )


def _cursor(last: Recording) -> str:
    return f"{milliseconds(last.started_at)}.{last.id}"


def _read_cursor(cursor: str) -> tuple[float, str]:
    at, dot, last = cursor.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and dot):
        raise BadValue("not the place of a page")
    return int(at) / 1000, last
