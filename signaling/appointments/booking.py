"""Booking: appointments made, moved and cancelled, one by one or as a series.

The audit log first, then one transaction: the change, the links and what is told of it (`told.py`) are kept together or
not at all. Not here: HTTP (`api.py`), the stores (`clinic/appointments`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from clinic import Conflict, Unknown
from clinic.appointments.appointments import Request
from clinic.appointments.calendar import clock_at, moment, occurrences, read_day, read_when, zone_of
from clinic.appointments.records import Appointment, AppointmentState, Guest, Link, Patient, Reach, Series, Whole
from signaling.api_access import Caller
from signaling.appointments.desk import Desk, check_zone
from signaling.appointments.faults import asking
from signaling.appointments.messages import (
    MOST_OCCURRENCES,
    AppointmentRequest,
    CancelRequest,
    ChangeRequest,
    SeriesRequest,
)
from signaling.appointments.told import Invited
from signaling.refusals import Refused


@dataclass(frozen=True)
class Booked:
    """What came of it."""

    wholes: Sequence[Whole]
    invited: Sequence[tuple[Appointment, Invited]] = ()
    overlaps: Sequence[tuple[Appointment, str]] = ()
    again: bool = False


@dataclass
class _Plan:
    """What is to be kept."""

    series: Series | None
    appointments: list[Appointment]
    guests: list[Guest] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    patients: list[Patient] = field(default_factory=list)


class Booking:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # Making -----------------------------------------------------------------------------------------------------------

    async def create(self, caller: Caller, asked: AppointmentRequest, request: Request | None) -> Booked:
        """One, or with a rule a series. Raises Refused."""
        with asking():
            there = await self._there_already(caller, asked, request)
            if there is not None:
                return there
            plan = await self._plan(caller, asked)
            self._desk.check_overlaps(asked.despite_conflict, await self._desk.overlaps(plan.appointments))
            first = plan.appointments[0]
            for patient in plan.patients:
                await self._desk.audit.record(
                    "appointment.create",
                    caller.kind,
                    caller.id,
                    session=first.session,
                    patient=patient.id,
                    subject=first.id,
                    count=len(plan.appointments),
                    **({"series": plan.series.id} if plan.series is not None else {}),
                )
            try:
                booked = await self._keep(plan, asked, request)
            except Conflict:
                # the same request came twice at once, and the other one was first
                there = await self._there_already(caller, asked, request)
                if there is None:
                    raise
                return there
        self._desk.tell_of_links(caller, booked.invited)
        return booked

    async def _there_already(self, caller: Caller, asked: AppointmentRequest, request: Request | None) -> Booked | None:
        made: str | None = None
        try:
            made = (
                await self._desk.appointments.asked_before(request, self._desk.clock.wall())
                if request is not None
                else None
            )
        except Conflict:
            raise Refused("key_reused") from None
        try:
            if made is not None:
                whole = await self._desk.appointments.get(made)
                series = whole.appointment.series_id if isinstance(asked, SeriesRequest) else None
                wholes = [whole] if series is None else await self._desk.appointments.of_series(series)
            elif asked.external_id is None:
                return None
            elif isinstance(asked, SeriesRequest):
                known = await self._desk.appointments.series_of_external(asked.external_id)
                wholes = await self._desk.appointments.of_series(known.id)
            else:
                wholes = [await self._desk.appointments.of_external(asked.external_id)]
        except Unknown:
            return None
        if not all(caller.owns(each.appointment.therapist) for each in wholes):
            raise Refused("external_id_taken")
        return Booked(wholes, self._desk.all_invited(wholes), again=True)

    async def _plan(self, caller: Caller, asked: AppointmentRequest) -> _Plan:
        now = self._desk.clock.wall()
        therapist = await self._desk.therapist(caller, asked.therapist)
        zone = asked.zone or self._desk.rules.zone
        zone_of(zone)
        first = read_when(asked.start, zone)
        clocks = [(0, first)]
        series = None
        if isinstance(asked, SeriesRequest):
            rule = asked.rule
            clocks = occurrences(
                first,
                rule.frequency,
                count=rule.count,
                until=read_day(rule.until) if rule.until is not None else None,
                without={read_day(day) for day in rule.without},
                most=MOST_OCCURRENCES,
            )
            series = Series(
                id=self._desk.new_id(),
                therapist=therapist,
                frequency=rule.frequency,
                starts=first.isoformat(timespec="seconds"),
                zone=zone,
                minutes=asked.minutes,
                made_at=now,
                external_id=asked.external_id,
            )
        plan = _Plan(series, [])
        for number, clock in clocks:
            appointment = self._desk.new_id()
            plan.appointments.append(
                Appointment(
                    id=appointment,
                    session=self._desk.passes.session(appointment),
                    therapist=therapist,
                    kind=asked.kind,
                    starts_at=moment(clock, zone),
                    minutes=asked.minutes,
                    zone=zone,
                    made_at=now,
                    changed_at=now,
                    external_id=asked.external_id if series is None else None,
                    series_id=series.id if series is not None else None,
                    series_number=number if series is not None else None,
                    therapist_name_sealed=self._desk.people.therapist_name(appointment, asked.therapist_name),
                )
            )
        await self._plan_people(caller, asked, plan, now)
        return plan

    async def _plan_people(self, caller: Caller, asked: AppointmentRequest, plan: _Plan, now: float) -> None:
        for details in asked.patients:
            known = await self._desk.patients.find(details.id) if details.id is not None else None
            if known is not None:
                await self._desk.check_sees(caller, known.id)
            check_zone(details.zone)
            plan.patients.append(self._desk.people.patient(details.id or self._desk.new_id(), known, details, now))
        ids = {patient.id for patient in plan.patients}
        for guest in asked.guests:
            check_zone(guest.zone)
            if guest.patient is not None and guest.patient not in ids:
                raise Refused("no_such_patient")
        for each in plan.appointments:
            there = [self._desk.patient_as_guest(each.id, patient.id) for patient in plan.patients]
            there += [self._desk.people.guest(self._desk.new_id(), each.id, guest) for guest in asked.guests]
            plan.guests += there
            plan.links += [self._desk.link(guest, now) for guest in there]

    async def _keep(self, plan: _Plan, asked: AppointmentRequest, request: Request | None) -> Booked:
        async with self._desk.database.together():
            overlaps = await self._desk.overlaps(plan.appointments)
            self._desk.check_overlaps(asked.despite_conflict, overlaps)
            for patient in plan.patients:
                await self._desk.patients.keep(patient)
            await self._desk.appointments.book(plan.appointments, plan.guests, plan.links, plan.series)
            if request is not None:
                await self._desk.appointments.remember(request, plan.appointments[0].id, self._desk.clock.wall())
            wholes = await self._kept(plan)
            await self._desk.tell("made", wholes)
        return Booked(wholes, self._desk.all_invited(wholes), overlaps)

    async def _kept(self, plan: _Plan) -> list[Whole]:
        if plan.series is not None:
            return await self._desk.appointments.of_series(plan.series.id)
        return [await self._desk.appointments.get(each.id) for each in plan.appointments]

    # Changing ---------------------------------------------------------------------------------------------------------

    async def change(self, caller: Caller, appointment: str, asked: ChangeRequest) -> Booked:
        """Raises Refused."""
        with asking():
            whole = await self._desk.own(caller, appointment)
            self._desk.check_revision(whole, asked.revision)
            if whole.appointment.state in (AppointmentState.CANCELLED, AppointmentState.SEEN):
                raise Refused("appointment_over")
            therapist = whole.appointment.therapist
            if asked.therapist is not None:
                therapist = await self._desk.therapist(caller, asked.therapist)
            reached = await self._reached(whole, asked.reach)
            after = self._moved(whole.appointment, [each.appointment for each in reached], asked, therapist)
            self._desk.check_overlaps(asked.despite_conflict, await self._desk.overlaps(after))
            await self._desk.record("appointment.change", caller, whole, count=len(after))
            async with self._desk.database.together():
                overlaps = await self._desk.overlaps(after)
                self._desk.check_overlaps(asked.despite_conflict, overlaps)
                void: list[str] = []
                for before, each in zip(reached, after, strict=True):
                    await self._desk.appointments.change(each)
                    if self._desk.rules.rotate and each.starts_at != before.appointment.starts_at:
                        for guest in before.invited:
                            void += await self._desk.links.issue(self._desk.link(guest, each.changed_at), "moved")
                wholes = [await self._desk.appointments.get(each.id) for each in after]
                await self._desk.tell("moved", wholes)
        self._desk.keep_out(void, wholes)
        booked = Booked(wholes, self._desk.all_invited(wholes), overlaps)
        if self._desk.rules.rotate:
            self._desk.tell_of_links(caller, booked.invited)
        return booked

    def _moved(
        self, this: Appointment, those: Sequence[Appointment], asked: ChangeRequest, therapist: str
    ) -> list[Appointment]:
        now = self._desk.clock.wall()
        zone = asked.zone or this.zone
        zone_of(zone)
        before = clock_at(this.starts_at, this.zone).replace(tzinfo=None)
        by = read_when(asked.start, zone) - before if asked.start is not None else timedelta()
        after: list[Appointment] = []
        for each in those:
            named = asked.therapist_name is not None or asked.therapist is not None
            name = (
                self._desk.people.therapist_name(each.id, asked.therapist_name) if named else each.therapist_name_sealed
            )
            starts_at = each.starts_at
            if by or zone != each.zone:
                starts_at = moment(clock_at(each.starts_at, each.zone).replace(tzinfo=None) + by, zone)
            after.append(
                replace(
                    each,
                    therapist=therapist if asked.therapist is not None else each.therapist,
                    therapist_name_sealed=name,
                    starts_at=starts_at,
                    minutes=asked.minutes or each.minutes,
                    zone=zone if asked.zone is not None else each.zone,
                    changed_at=now,
                    revision=each.revision + 1,
                    state=AppointmentState.BOOKED,
                )
            )
        return after

    async def cancel(self, caller: Caller, appointment: str, asked: CancelRequest) -> Booked:
        """Raises Refused."""
        with asking():
            whole = await self._desk.own(caller, appointment)
            self._desk.check_revision(whole, asked.revision)
            if whole.appointment.state in (AppointmentState.CANCELLED, AppointmentState.SEEN):
                raise Refused("appointment_over")
            reached = await self._reached(whole, asked.reach)
            await self._desk.record("appointment.cancel", caller, whole, count=len(reached))
            now = self._desk.clock.wall()
            void: list[str] = []
            async with self._desk.database.together():
                for each in reached:
                    before = each.appointment
                    cancelled = replace(
                        before, state=AppointmentState.CANCELLED, changed_at=now, revision=before.revision + 1
                    )
                    await self._desk.appointments.change(cancelled)
                    void += await self._desk.links.revoke([guest.id for guest in each.invited], "cancelled", now)
                wholes = [await self._desk.appointments.get(each.appointment.id) for each in reached]
                await self._desk.tell("cancelled", wholes)
        self._desk.keep_out(void, wholes)
        return Booked(wholes)

    async def _reached(self, whole: Whole, reach: Reach) -> list[Whole]:
        """This one first; then those of its series that have not begun."""
        this = whole.appointment
        if reach == "this" or this.series_id is None:
            return [whole]
        since = this.series_number or 0 if reach == "following" else 0
        now = self._desk.clock.wall()
        return [whole] + [
            each
            for each in await self._desk.appointments.of_series(this.series_id, since)
            if each.appointment.id != this.id
            and each.appointment.state is AppointmentState.BOOKED
            and each.appointment.starts_at > now
        ]
