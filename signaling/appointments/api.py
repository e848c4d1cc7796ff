"""Appointments over HTTP, for the booking system and for staff: made, found, changed; guests, links, patients.

Each handler begins with who asks. Not here: what a change does (`booking.py`, `inviting.py`), the day (`day.py`), what
visitors ask (`visits.py`), the addresses (`routes.py`).
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

from aiohttp import web
from pydantic import BaseModel

from clinic.appointments.appointments import Request
from clinic.appointments.calendar import clock_at, day_bounds, read_day, zone_of
from clinic.appointments.records import AppointmentState, Found
from signaling.api_access import ApiAccess, Caller
from signaling.appointments.answers import appointment_answer, booked_answer, issued, patient_answer
from signaling.appointments.booking import Booked, Booking
from signaling.appointments.desk import Desk, check_zone
from signaling.appointments.faults import asking
from signaling.appointments.inviting import Inviting
from signaling.appointments.messages import (
    AppointmentRequest,
    CancelRequest,
    ChangeRequest,
    InviteRequest,
    LeaveOutQuery,
    LinkAnswer,
    LinkRequest,
    ListAnswer,
    ListQuery,
    PatientChange,
    SeriesRequest,
)
from signaling.bodies import read_json, read_query
from signaling.refusals import Refused

_KEY = re.compile(r"[!-~]{1,200}")

LONGEST_LIST = 400 * 86_400.0
"""Seconds that one list may span: a year, and somewhat more."""


class AppointmentsApi:
    def __init__(self, desk: Desk, access: ApiAccess) -> None:
        self._desk = desk
        self._booking = Booking(desk)
        self._inviting = Inviting(desk)
        self._access = access

    # Appointments -----------------------------------------------------------------------------------------------------

    async def create(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, AppointmentRequest)
        return self._booked(await self._booking.create(caller, asked, await _request(request, caller)), created=True)

    async def create_series(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, SeriesRequest)
        return self._booked(await self._booking.create(caller, asked, await _request(request, caller)), created=True)

    async def find(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        asked = read_query(request, ListQuery)
        therapist = asked.therapist
        with asking():
            if therapist is not None:
                therapist = await self._desk.staff.account(therapist)
            if caller.own_only:
                if therapist not in (None, caller.id):
                    raise Refused("not_allowed")
                therapist = caller.id
            since, until = self._span(asked)
            await self._desk.audit.record(
                "appointment.view", caller.kind, caller.id, patient=asked.patient, what="list", therapist=therapist
            )
            found = await self._desk.appointments.find(
                since=since,
                until=until,
                therapist=therapist,
                patient=asked.patient,
                state=AppointmentState(asked.state) if asked.state is not None else None,
                after=asked.after,
                limit=asked.limit,
            )
        return _json(self._listed(found))

    async def show(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        whole = await self._desk.own(caller, request.match_info["appointment"])
        await self._desk.record("appointment.view", caller, whole)
        return _json(appointment_answer(self._desk.people, whole))

    async def show_series(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        with asking("no_such_series"):
            wholes = await self._desk.appointments.of_series(request.match_info["series"])
        wholes = [whole for whole in wholes if caller.owns(whole.appointment.therapist)]
        if not wholes:
            raise Refused("no_such_series")
        await self._desk.record("appointment.view", caller, wholes[0], count=len(wholes))
        return _json(self._listed(Found(wholes, None)))

    async def change(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, ChangeRequest)
        return self._booked(await self._booking.change(caller, request.match_info["appointment"], asked))

    async def cancel(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, CancelRequest)
        return self._booked(await self._booking.cancel(caller, request.match_info["appointment"], asked))

    # Guests and links -------------------------------------------------------------------------------------------------

    async def invite(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, InviteRequest)
        appointment = request.match_info["appointment"]
        booked = await self._inviting.invite(caller, appointment, asked.revision, asked.guest)
        return self._booked(booked, created=True)

    async def leave_out(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = read_query(request, LeaveOutQuery)
        appointment, guest = request.match_info["appointment"], request.match_info["guest"]
        return self._booked(await self._inviting.leave_out(caller, appointment, guest, asked.revision))

    async def new_link(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, LinkRequest)
        appointment, guest = request.match_info["appointment"], request.match_info["guest"]
        booked = await self._inviting.new_link(caller, appointment, guest, asked.devices)
        return _json(LinkAnswer(link=issued(*booked.invited[0])), status=201)

    async def revoke_links(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        appointment, guest = request.match_info["appointment"], request.match_info["guest"]
        return _json(
            appointment_answer(self._desk.people, await self._inviting.revoke_links(caller, appointment, guest))
        )

    # Patients ---------------------------------------------------------------------------------------------------------

    async def show_patient(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        with asking("no_such_patient"):
            await self._desk.check_sees(caller, request.match_info["patient"])
            patient = await self._desk.patients.get(request.match_info["patient"])
            await self._desk.audit.record(
                "appointment.view", caller.kind, caller.id, patient=patient.id, what="contact"
            )
        return _json(patient_answer(patient.id, self._desk.people.contact_of(patient)))

    async def keep_patient(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "write_appointments", own=True)
        asked = await read_json(request, PatientChange)
        named = request.match_info["patient"]
        if not 1 <= len(named) <= 200 or not named.isprintable():
            raise Refused("no_such_patient")
        now = self._desk.clock.wall()
        with asking("no_such_patient"):
            check_zone(asked.zone)
            known = await self._desk.patients.find(named)
            if known is not None or caller.own_only:
                await self._desk.check_sees(caller, named)
            patient = self._desk.people.patient(named, known, asked, now)
            await self._desk.audit.record(
                "appointment.change", caller.kind, caller.id, patient=named, what="contact", new=known is None
            )
            await self._desk.patients.keep(patient)
        return _json(patient_answer(named, self._desk.people.contact_of(patient)))

    # ------------------------------------------------------------------------------------------------------------------

    def _booked(self, booked: Booked, *, created: bool = False) -> web.Response:
        status = 201 if created and not booked.again else 200
        return _json(booked_answer(self._desk.people, booked), status=status)

    def _listed(self, found: Found) -> ListAnswer:
        people = self._desk.people
        return ListAnswer(
            appointments=[appointment_answer(people, whole) for whole in found.appointments], next=found.next
        )

    def _span(self, asked: ListQuery) -> tuple[float, float]:
        """From when until when. Raises Refused, BadValue."""
        if asked.day is not None or (asked.since is None and asked.until is None):
            _, since, until = self.day(asked.day, asked.zone)
            return since, until
        since = asked.since if asked.since is not None else (asked.until or 0.0) - LONGEST_LIST
        until = asked.until if asked.until is not None else since + LONGEST_LIST
        if not since <= until <= since + LONGEST_LIST:
            raise Refused("bad_request", "until: not after since, or more than a year after it.")
        return max(0.0, since), until

    def day(self, day: str | None, zone: str | None) -> tuple[date, float, float]:
        """A day, by default today, and its bounds in a zone, by default the clinic's. Raises BadValue."""
        zone = zone or self._desk.rules.zone
        zone_of(zone)
        which = read_day(day) if day is not None else clock_at(self._desk.clock.wall(), zone).date()
        return which, *day_bounds(which, zone)


async def _request(request: web.Request, caller: Caller) -> Request | None:
    """By its `Idempotency-Key`, if it has one. Raises Refused."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Refused("bad_request", "Idempotency-Key: up to 200 characters without spaces.")
    body = hashlib.sha256(request.path.encode() + b"\0" + await request.read()).hexdigest()
    return Request(f"{caller.kind} {caller.id}", key, body)


def _json(answer: BaseModel, status: int = 200) -> web.Response:
    return web.json_response(text=answer.model_dump_json(), status=status)
