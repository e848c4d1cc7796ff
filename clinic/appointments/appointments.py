"""Appointments: made, found, moved and cancelled.

Changes name the revision that their caller saw, so that of two at once one is refused. Not here: links (`links.py`),
who is told, and whether an overlap is refused (`signaling/appointments`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.appointments.records import MOVES, Appointment, AppointmentState, Found, Guest, Link, Series, Whole
from clinic.appointments.tables import AppointmentRow, GuestRow, LinkRow, RequestRow, SeriesRow
from clinic.appointments.wholes import cursor, read_cursor, wholes
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row
from clinic.states import check_move

LARGEST_PAGE = 200
REMEMBERED = 7 * 86_400.0
"""Seconds for which a request's key is remembered."""


class Stale(Conflict):
    """It has changed since its caller looked at it."""


@dataclass(frozen=True)
class Request:
    """A request that is not to be carried out twice."""

    caller: str
    key: str
    body_sha256: str
    """Of what was asked: the same key with another body is a mistake."""

    @property
    def key_sha256(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()


class Appointments:
    """Each method is one transaction, or part of the one around it (`Database.together`). All raise Unavailable, and
    BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Finding --------------------------------------------------------------------------------------------------------

    async def get(self, appointment: str) -> Whole:
        """Raises Unknown."""
        return await self._one(AppointmentRow.id == appointment)

    async def of_session(self, session: str) -> Whole:
        """Raises Unknown."""
        return await self._one(AppointmentRow.session == session)

    async def of_external(self, external_id: str) -> Whole:
        """Raises Unknown."""
        return await self._one(AppointmentRow.external_id == external_id)

    async def of_series(self, series: str, since_number: int = 0) -> list[Whole]:
        """In their order, whatever their state. Raises Unknown."""
        query = (
            select(AppointmentRow)
            .where(AppointmentRow.series_id == series, AppointmentRow.series_number >= since_number)
            .order_by(AppointmentRow.series_number)
        )
        async with self._database.reading() as session:
            rows = (await session.scalars(query)).all()
            if not rows:
                raise Unknown("there is no such series")
            return await wholes(session, rows)

    async def series(self, series: str) -> Series:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.get(SeriesRow, series)
            if row is None:
                raise Unknown("there is no such series")
            return as_record(Series, row)

    async def series_of_external(self, external_id: str) -> Series:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.scalar(select(SeriesRow).where(SeriesRow.external_id == external_id))
            if row is None:
                raise Unknown("there is no such series")
            return as_record(Series, row)

    async def find(
        self,
        *,
        since: float,
        until: float,
        therapist: str | None = None,
        patient: str | None = None,
        state: AppointmentState | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Found:
        """Those that begin in [since, until), in their order. `after` is the `next` of the page before."""
        query = select(AppointmentRow).where(AppointmentRow.starts_at >= since, AppointmentRow.starts_at < until)
        if therapist is not None:
            query = query.where(AppointmentRow.therapist == therapist)
        if state is not None:
            query = query.where(AppointmentRow.state == state)
        if patient is not None:
            query = query.where(AppointmentRow.id.in_(select(GuestRow.appointment_id).where(*_is_patient(patient))))
        if after is not None:
            at, last = read_cursor(after)
            later = AppointmentRow.starts_at > at
            query = query.where(or_(later, and_(AppointmentRow.starts_at == at, AppointmentRow.id > last)))
        limit = max(1, min(limit, LARGEST_PAGE))
        query = query.order_by(AppointmentRow.starts_at, AppointmentRow.id).limit(limit + 1)
        async with self._database.reading() as session:
            rows = (await session.scalars(query)).all()
            return _page(await wholes(session, rows[:limit]), len(rows) > limit)

    async def history(
        self, patient: str, *, therapist: str | None = None, after: str | None = None, limit: int = 50
    ) -> Found:
        """A patient's appointments, newest first; with `therapist`, theirs only."""
        query = (
            select(AppointmentRow)
            .join(GuestRow, GuestRow.appointment_id == AppointmentRow.id)
            .where(*_is_patient(patient))
            .order_by(GuestRow.starts_at.desc(), GuestRow.appointment_id.desc())
        )
        if therapist is not None:
            query = query.where(AppointmentRow.therapist == therapist)
        if after is not None:
            at, last = read_cursor(after)
            earlier = GuestRow.starts_at < at
            query = query.where(or_(earlier, and_(GuestRow.starts_at == at, GuestRow.appointment_id < last)))
        limit = max(1, min(limit, LARGEST_PAGE))
        async with self._database.reading() as session:
            rows = (await session.scalars(query.limit(limit + 1))).all()
            return _page(await wholes(session, rows[:limit]), len(rows) > limit)

    async def sees(self, therapist: str, patient: str) -> bool:
        """Whether this therapist has, or had, an appointment with this patient."""
        query = (
            select(AppointmentRow.id)
            .join(GuestRow, GuestRow.appointment_id == AppointmentRow.id)
            .where(*_is_patient(patient), AppointmentRow.therapist == therapist)
            .limit(1)
        )
        async with self._database.reading() as session:
            return await session.scalar(query) is not None

    async def over(self, before: float, limit: int = 100) -> list[Appointment]:
        """Those that are still booked and ended before then."""
        query = (
            select(AppointmentRow)
            .where(AppointmentRow.state == AppointmentState.BOOKED, AppointmentRow.ends_at < before)
            .order_by(AppointmentRow.ends_at)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return [as_record(Appointment, row) for row in await session.scalars(query)]

    # Overlaps -------------------------------------------------------------------------------------------------------

    async def overlapping(self, therapist: str, those: Sequence[Appointment]) -> list[tuple[Appointment, str]]:
        """Which of those overlap with other appointments of this therapist, each with the id of the other one.

        Until the transaction around ends nobody else may ask this for the same therapist: what was free stays free.
        """
        if not those:
            return []
        ids = {each.id for each in those}
        first, last = min(each.starts_at for each in those), max(each.ends_at for each in those)
        query = select(AppointmentRow.id, AppointmentRow.starts_at, AppointmentRow.ends_at).where(
            AppointmentRow.therapist == therapist,
            AppointmentRow.starts_at < last,
            AppointmentRow.starts_at > first - 86_400,  # none is a day long: the index finds them
            AppointmentRow.ends_at > first,
            AppointmentRow.state == AppointmentState.BOOKED,
        )
        async with self._database.writing() as session:
            await _alone(session, therapist)
            there = [row for row in await session.execute(query) if row.id not in ids]
        return [
            (each, row.id)
            for each in those
            for row in there
            if row.starts_at < each.ends_at and row.ends_at > each.starts_at
        ]

    # Changing -------------------------------------------------------------------------------------------------------

    async def book(
        self,
        appointments: Sequence[Appointment],
        guests: Sequence[Guest],
        links: Sequence[Link],
        series: Series | None = None,
    ) -> None:
        """Patients are there already. Raises Conflict for an external id that is taken."""
        async with self._database.writing() as session:
            if series is not None:
                session.add(as_row(SeriesRow, series))
                await session.flush()
            session.add_all(as_row(AppointmentRow, each, ends_at=each.ends_at) for each in appointments)
            await session.flush()
            starts = {each.id: each.starts_at for each in appointments}
            session.add_all(
                as_row(GuestRow, each, place=place, starts_at=starts[each.appointment_id])
                for place, each in enumerate(guests)
            )
            await session.flush()
            session.add_all(as_row(LinkRow, each) for each in links)

    async def change(self, appointment: Appointment) -> None:
        """Keeps it as it is given, if `revision` is one more than what is there. Raises Unknown, Stale, IllegalMove."""
        async with self._database.writing() as session:
            row = await _take(session, appointment.id)
            if row.revision != appointment.revision - 1:
                raise Stale("it has changed meanwhile")
            if appointment.state is not row.state:
                check_move(MOVES, row.state, appointment.state)
            for name in ("therapist", "starts_at", "ends_at", "minutes", "zone", "changed_at", "state", "revision"):
                setattr(row, name, getattr(appointment, name))
            row.therapist_name_sealed = appointment.therapist_name_sealed
            moved = update(GuestRow).where(GuestRow.appointment_id == appointment.id)
            await session.execute(moved.values(starts_at=appointment.starts_at))

    async def invite(self, appointment: Appointment, guest: Guest, link: Link | None) -> None:
        """One more, as of this revision. Raises Unknown, Stale."""
        async with self._database.writing() as session:
            row = await _take(session, appointment.id)
            if row.revision != appointment.revision - 1:
                raise Stale("it has changed meanwhile")
            row.revision, row.changed_at = appointment.revision, appointment.changed_at
            there = (await session.scalars(select(GuestRow.place).where(GuestRow.appointment_id == row.id))).all()
            place = 1 + max(there, default=0)
            session.add(as_row(GuestRow, guest, place=place, starts_at=row.starts_at))
            await session.flush()
            if link is not None:
                session.add(as_row(LinkRow, link))

    async def leave_out(self, appointment: Appointment, guest: str) -> None:
        """One less, as of this revision. Raises Unknown, Stale."""
        async with self._database.writing() as session:
            row = await _take(session, appointment.id)
            if row.revision != appointment.revision - 1:
                raise Stale("it has changed meanwhile")
            left = await session.get(GuestRow, guest)
            if left is None or left.appointment_id != row.id or left.left_out_at is not None:
                raise Unknown("there is no such guest")
            row.revision, row.changed_at = appointment.revision, appointment.changed_at
            left.left_out_at = appointment.changed_at

    async def conclude(self, appointment: str, state: AppointmentState, at: float) -> bool:
        """Seen, or missed, if it is still booked. Says nothing to calendars: the revision stays."""
        async with self._database.writing() as session:
            row = await _take(session, appointment)
            if row.state is not AppointmentState.BOOKED:
                return False
            row.state, row.changed_at = state, at
            return True

    # Requests that come twice ---------------------------------------------------------------------------------------

    async def asked_before(self, request: Request, now: float) -> str | None:
        """What the same request made. Raises Conflict if its key came with another body."""
        async with self._database.reading() as session:
            row = await session.get(RequestRow, (request.caller, request.key_sha256))
            if row is None or row.at < now - REMEMBERED:
                return None
            if row.body_sha256 != request.body_sha256:
                raise Conflict("this key came with another request")
            return row.made

    async def remember(self, request: Request, made: str, now: float) -> None:
        """Raises Conflict if somebody else does so at this moment."""
        async with self._database.writing() as session:
            old = await session.get(RequestRow, (request.caller, request.key_sha256))
            if old is not None:
                await session.delete(old)
                await session.flush()
            session.add(
                RequestRow(
                    caller=request.caller,
                    key_sha256=request.key_sha256,
                    body_sha256=request.body_sha256,
                    at=now,
                    made=made,
                )
            )

    async def _one(self, condition: ColumnElement[bool]) -> Whole:
        async with self._database.reading() as session:
            row = await session.scalar(select(AppointmentRow).where(condition))
            if row is None:
                raise Unknown("there is no such appointment")
            return (await wholes(session, [row]))[0]


def _is_patient(patient: str) -> tuple[ColumnElement[bool], ...]:
    return GuestRow.patient_id == patient, GuestRow.relation == "patient", GuestRow.left_out_at.is_(None)


def _page(found: list[Whole], more: bool) -> Found:
    last = found[-1].appointment if found and more else None
    return Found(tuple(found), cursor(last.starts_at, last.id) if last is not None else None)


async def _take(session: AsyncSession, appointment: str) -> AppointmentRow:
    """The row, and nobody else's until the transaction ends. Raises Unknown."""
    row = await session.get(AppointmentRow, appointment, with_for_update=True, populate_existing=True)
    if row is None:
        raise Unknown("there is no such appointment")
    return row


async def _alone(session: AsyncSession, therapist: str) -> None:
    """SQLite has one writer at a time; PostgreSQL is told that this therapist's calendar is taken."""
    if (await session.connection()).dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(therapist.encode()).digest()[:8], "big", signed=True)
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
