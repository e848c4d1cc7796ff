"""Rows of appointments made whole: with who is invited, their links, and what is known of patients.

Not here: which are asked for (`appointments.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.appointments.records import Appointment, Guest, Link, Patient, Whole
from clinic.appointments.tables import AppointmentRow, GuestRow, LinkRow, PatientRow
from clinic.columns import milliseconds
from clinic.errors import BadValue
from clinic.rows import as_record

TOGETHER = 500
"""Ids in one query."""


async def wholes(session: AsyncSession, rows: Sequence[AppointmentRow]) -> list[Whole]:
    """In the same order. Three queries for up to `TOGETHER` of them."""
    found: list[Whole] = []
    for start in range(0, len(rows), TOGETHER):
        found += await _wholes(session, rows[start : start + TOGETHER])
    return found


async def _wholes(session: AsyncSession, rows: Sequence[AppointmentRow]) -> list[Whole]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    guests: dict[str, list[Guest]] = defaultdict(list)
    named: set[str] = set()
    query = select(GuestRow).where(GuestRow.appointment_id.in_(ids)).order_by(GuestRow.place, GuestRow.id)
    for row in await session.scalars(query):
        guests[row.appointment_id].append(as_record(Guest, row))
        if row.patient_id is not None:
            named.add(row.patient_id)
    links: dict[str, dict[str, Link]] = defaultdict(dict)
    latest = select(LinkRow).where(LinkRow.appointment_id.in_(ids)).order_by(LinkRow.made_at, LinkRow.id)
    for each in await session.scalars(latest):
        known = links[each.appointment_id].get(each.guest_id)
        if known is None or known.revoked_at is not None or each.revoked_at is None:
            links[each.appointment_id][each.guest_id] = as_record(Link, each)
    people = select(PatientRow).where(PatientRow.id.in_(named))
    patients = {row.id: as_record(Patient, row) for row in await session.scalars(people)} if named else {}
    return [
        Whole(
            appointment=as_record(Appointment, row),
            guests=tuple(guests[row.id]),
            links=dict(links[row.id]),
            patients={
                guest.patient_id: patients[guest.patient_id]
                for guest in guests[row.id]
                if guest.patient_id is not None and guest.patient_id in patients
            },
        )
        for row in rows
    ]


def cursor(starts_at: float, appointment: str) -> str:
    return f"{milliseconds(starts_at)}.{appointment}"


def read_cursor(text: str) -> tuple[float, str]:
    """Raises BadValue."""
    at, dot, last = text.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and dot):
        raise BadValue("not the place of a page")
    return int(at) / 1000, last
