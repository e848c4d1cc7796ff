"""Appointments, the day, notes and visits, put together.

Not here: what any of it answers (`signaling/appointments`, `signaling/notes`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from clinic import Consents, Database, Unknown
from clinic.accounts import Accounts
from clinic.appointments.appointments import Appointments
from clinic.appointments.checkins import CheckIns
from clinic.appointments.comings import Comings
from clinic.notes.notes import Notes
from signaling import keys
from signaling.api_access import ApiAccess
from signaling.appointments.api import AppointmentsApi
from signaling.appointments.attendance import Attendance
from signaling.appointments.day import DayApi
from signaling.appointments.desk import Desk
from signaling.appointments.keeper import AttendanceKeeper
from signaling.appointments.passes import Passes
from signaling.appointments.people import People
from signaling.appointments.routes import appointments_routes, notes_routes, visit_routes
from signaling.appointments.rules import VisitRules
from signaling.appointments.staff import StaffByAccount
from signaling.appointments.telehealth import WORDS
from signaling.appointments.told import Nobody, Told
from signaling.appointments.visits import Visits
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.headers import Network
from signaling.ids import new_id, new_secret
from signaling.limits import Limiter
from signaling.notes.api import NotesApi
from signaling.pages import Pages
from signaling.revocations import Revocations
from signaling.revoking import Revoking
from signaling.route import Route
from signaling.sealed_columns import SealedColumns
from signaling.sessions import Sessions
from signaling.tokens import Tokens
from therabook import recordings
from therabook.links import base_url
from therabook.settings import Settings


@dataclass(frozen=True)
class AppointmentsServed:
    routes: list[Route]
    keeper: AttendanceKeeper
    revoking: Revoking
    desk: Desk

    async def appointment_of(self, session: str) -> str | None:
        """The appointment that a session is. Raises ClinicError."""
        try:
            return (await self.desk.appointments.of_session(session)).appointment.id
        except Unknown:
            return None

    async def close(self) -> None:
        """Keeps what is not kept yet."""
        await self.keeper.close()
        await self.revoking.close()


def appointments(
    settings: Settings,
    store: Database,
    access: ApiAccess,
    audit: Audit,
    clock: Clock,
    tokens: Tokens,
    pages: Pages,
    proxies: Sequence[Network],
    sessions: Sessions,
    revocations: Revocations,
    told: Told | None = None,
) -> AppointmentsServed:
    """Raises BadSettings, signaling.keys.BadKey."""
    rules = visit_rules(settings)
    key = keys.records_key(settings.data_dir)
    seals = SealedColumns(key, os.urandom)
    revoking = Revoking(revocations)
    desk = Desk(
        database=store,
        people=People(seals),
        passes=Passes(key, lambda: base_url(settings)),
        rules=rules,
        staff=StaffByAccount(Accounts(store), seals),
        told=told or Nobody(),
        audit=audit,
        clock=clock,
        new_id=new_id,
        revoke=revoking.revoke,
    )
    checkins, notes, attendance = CheckIns(store), Notes(store), Attendance()
    visits = Visits(
        desk,
        checkins=checkins,
        consents=Consents(store),
        tokens=tokens,
        limit=Limiter(settings.visits_per_minute / 60, settings.visits_per_minute),
        proxies=proxies,
        new_secret=new_secret,
        words=recordings.words(settings.telehealth_text, "telehealth_text", WORDS),
        policy=recordings.consent_policy(settings),
        checked_in=sessions.checked_in,
    )
    api = AppointmentsApi(desk, access)
    day = DayApi(desk, api, access, attendance=attendance, checkins=checkins, notes=notes, tokens=tokens)
    keeper = AttendanceKeeper(
        attendance,
        lambda: sessions.rooms,
        comings=Comings(store),
        appointments=Appointments(store),
        rules=rules,
        clock=clock,
    )
    routes = [
        *appointments_routes(api, day),
        *notes_routes(NotesApi(desk, notes, access)),
        *visit_routes(visits, pages),
    ]
    return AppointmentsServed(routes, keeper, revoking, desk)


def visit_rules(settings: Settings) -> VisitRules:
    return VisitRules(
        zone=settings.time_zone,
        opens=settings.visit_opens_minutes * 60.0,
        closes=settings.visit_closes_minutes * 60.0,
        devices=settings.visit_devices,
        rotate=settings.visit_new_links,
        overlaps=settings.overlaps,
        checkin=settings.checkin,
        late=settings.late_minutes * 60.0,
    )
