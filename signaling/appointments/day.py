"""The therapist's day: today's appointments, who waits and since when, who is late or missing; joining; what people
said at check-in; a patient's history.

Not here: changing appointments (`api.py`), who comes and goes (`attendance.py`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aiohttp import web
from pydantic import BaseModel

from clinic.appointments.checkins import CheckIns
from clinic.appointments.records import Appointment, AppointmentState, Guest, Whole
from clinic.notes.notes import Notes
from signaling.api_access import ApiAccess, Caller
from signaling.appointments.answers import appointment_answer, patient_answer, with_offset
from signaling.appointments.api import AppointmentsApi
from signaling.appointments.attendance import Attendance, identity_of, person_state, visit_state
from signaling.appointments.desk import Desk
from signaling.appointments.faults import asking
from signaling.appointments.messages import (
    CheckInAnswer,
    CheckInsAnswer,
    DayAnswer,
    DayQuery,
    HistoryAnswer,
    HistoryEntry,
    HistoryQuery,
    JoinAnswer,
    PersonOfTheDay,
    TherapistAnswer,
    TherapistsAnswer,
    VisitOfTheDay,
)
from signaling.appointments.visits import PAGES, TOKEN_LIFETIME, join_claims
from signaling.bodies import read_query
from signaling.refusals import Refused
from signaling.tokens import Tokens

MOST_OF_A_DAY = 200


class DayApi:
    def __init__(
        self,
        desk: Desk,
        api: AppointmentsApi,
        access: ApiAccess,
        *,
        attendance: Attendance,
        checkins: CheckIns,
        notes: Notes,
        tokens: Tokens,
    ) -> None:
        self._desk = desk
        self._api = api
        self._access = access
        self._attendance = attendance
        self._checkins = checkins
        self._notes = notes
        self._tokens = tokens

    async def day(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        asked = read_query(request, DayQuery)
        if asked.everybody and caller.own_only:
            raise Refused("not_allowed")
        therapist = None if asked.everybody else await self._desk.therapist(caller, asked.therapist)
        with asking():
            which, since, until = self._api.day(asked.day, asked.zone)
            if caller.id != therapist:
                await self._desk.audit.record(
                    "appointment.view", caller.kind, caller.id, what="day", therapist=therapist
                )
            found = await self._desk.appointments.find(
                since=since, until=until, therapist=therapist, limit=MOST_OF_A_DAY
            )
            ids = [whole.appointment.id for whole in found.appointments]
            notes = await self._notes.count(ids, caller.id)
            called = await self._called(ids)
        visits = [self._visit(caller, whole, notes, called) for whole in found.appointments]
        return _json(
            DayAnswer(
                now=self._desk.clock.wall(),
                day=which.isoformat(),
                zone=asked.zone or self._desk.rules.zone,
                therapist=therapist,
                visits=visits,
            )
        )

    async def therapists(self, request: web.Request) -> web.Response:
        """Whose day can be asked for, and who can be booked: for therapists they themselves."""
        caller = await self._access.require(request, "read_appointments", own=True)
        with asking():
            found = await self._desk.staff.treating()
        people = [TherapistAnswer(id=id, name=name) for id, name in found if caller.owns(id)]
        return _json(TherapistsAnswer(therapists=people))

    async def join(self, request: web.Request) -> web.Response:
        """For the therapist whose appointment it is, and nobody else: also nobody who may read all of them."""
        caller = await self._access.require(request, "own_day")
        with asking():
            whole = await self._desk.appointments.get(request.match_info["appointment"])
        if caller.kind != "staff" or whole.appointment.therapist != caller.id:
            raise Refused("no_such_appointment")
        if not self._can_join(whole.appointment):
            raise Refused("appointment_over")
        now = self._desk.clock.wall()
        expires = int(now + TOKEN_LIFETIME)
        jti = self._desk.passes.token(whole.appointment.id, caller.id)
        with asking():
            name = await self._desk.staff.name(caller.id) or self._desk.people.name_of_therapist(whole.appointment)
        claims = join_claims(self._desk, whole, jti, caller.id, "therapist", name, expires)
        await self._desk.record("token.issue", caller, whole, role="therapist")
        token = self._tokens.sign(claims, now)
        page = f"{PAGES['therapist']}#token={token}"
        return _json(JoinAnswer(token=token, page=page, session=claims.room, expires_at=expires))

    async def check_ins(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_checkin", own=True)
        whole = await self._desk.own(caller, request.match_info["appointment"])
        await self._desk.record("checkin.view", caller, whole, **({"why": "emergency"} if caller.emergency else {}))
        guests = {guest.id: guest for guest in whole.guests}
        with asking():
            kept = await self._checkins.latest([whole.appointment.id])
            consents = await self._checkins.consents(whole.appointment.id)
        agreed = {each.guest_id: each.text_version for each in consents}
        people: list[CheckInAnswer] = []
        for each in kept:
            opened = self._desk.people.opened(each.answers_sealed, f"checkin/{each.id}")
            if opened is None or each.guest_id not in guests:
                continue
            guest, said = guests[each.guest_id], json.loads(opened)
            people.append(
                CheckInAnswer(
                    guest=guest.id,
                    relation=guest.relation,
                    patient=guest.patient_id,
                    at=each.at,
                    telehealth=guest.id in agreed,
                    telehealth_text=agreed.get(guest.id),
                    **said,
                )
            )
        return _json(CheckInsAnswer(appointment=whole.appointment.id, people=people))

    async def history(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_appointments", own=True)
        asked = read_query(request, HistoryQuery)
        named = request.match_info["patient"]
        with asking("no_such_patient"):
            await self._desk.check_sees(caller, named)
            patient = await self._desk.patients.get(named)
            await self._desk.audit.record("appointment.view", caller.kind, caller.id, patient=named, what="history")
            found = await self._desk.appointments.history(
                named, therapist=caller.id if caller.own_only else None, after=asked.after, limit=asked.limit
            )
            notes = await self._notes.count([whole.appointment.id for whole in found.appointments], caller.id)
        return _json(
            HistoryAnswer(
                patient=patient_answer(named, self._desk.people.contact_of(patient)),
                appointments=[_entry(whole.appointment, notes) for whole in found.appointments],
                next=found.next,
            )
        )

    # ------------------------------------------------------------------------------------------------------------------

    def _visit(
        self, caller: Caller, whole: Whole, notes: Mapping[str, int], called: Mapping[str, str]
    ) -> VisitOfTheDay:
        appointment = whole.appointment
        people = [self._person(whole, guest, called) for guest in whole.invited]
        there = self._attendance.therapist_in(appointment.session)
        met_at = [each for each in (appointment.met_at, self._attendance.met_at(appointment.session)) if each]
        return VisitOfTheDay(
            appointment=appointment_answer(self._desk.people, whole),
            people=people,
            state=visit_state(
                appointment, [each.state for each in people], there, self._desk.rules, self._desk.clock.wall()
            ),
            therapist_present=there,
            started_at=min(met_at, default=None),
            planned_end=appointment.ends_at,
            can_join=caller.id == appointment.therapist and self._can_join(appointment),
            notes=notes.get(appointment.id, 0),
        )

    def _person(self, whole: Whole, guest: Guest, called: Mapping[str, str]) -> PersonOfTheDay:
        live, since = self._attendance.person(whole.appointment.session, identity_of(guest))
        state = person_state(guest, live, since)
        return PersonOfTheDay(
            guest=guest.id,
            relation=guest.relation,
            patient=guest.patient_id,
            called=called.get(guest.id) or self._desk.people.contact(whole, guest).name,
            state=state,
            waiting_since=live.waits_since if live is not None and state == "waiting" else None,
            present_since=since if state == "present" else None,
            checked_in=guest.id in called,
        )

    async def _called(self, appointments: Sequence[str]) -> dict[str, str]:
        """By guest."""
        found: dict[str, str] = {}
        for each in await self._checkins.latest(appointments):
            opened = self._desk.people.opened(each.answers_sealed, f"checkin/{each.id}")
            if opened is not None:
                found[each.guest_id] = str(json.loads(opened)["called"])
        return found

    def _can_join(self, appointment: Appointment) -> bool:
        over = self._desk.clock.wall() >= self._desk.rules.closes_at(appointment)
        return appointment.state is not AppointmentState.CANCELLED and not over


def _entry(appointment: Appointment, notes: Mapping[str, int]) -> HistoryEntry:
    met = None
    if appointment.met_at is not None and appointment.over_at is not None:
        met = round((appointment.over_at - appointment.met_at) / 60, 1)
    return HistoryEntry(
        appointment=appointment.id,
        start=with_offset(appointment.starts_at, appointment.zone),
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        therapist=appointment.therapist,
        state=appointment.state.value,
        met_minutes=met,
        notes=notes.get(appointment.id, 0),
    )


def _json(answer: BaseModel) -> web.Response:
    return web.json_response(text=answer.model_dump_json())
