"""Booking: appointments made, moved, cancelled, one by one or as a series, and who is invited.

The audit log first, then one transaction: the change, the links and what is told of it (`told.py`) are kept together or
not at all. Not here: HTTP (`api.py`), the stores (`clinic/appointments`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from clinic import Conflict, Database, Unknown
from clinic.appointments.appointments import Appointments, Request
from clinic.appointments.calendar import clock_at, moment, occurrences, read_day, read_when, zone_of
from clinic.appointments.links import Links
from clinic.appointments.patients import Patients
from clinic.appointments.records import Appointment, AppointmentState, Guest, Link, Patient, Reach, Series, Whole
from signaling.api_access import Caller
from signaling.appointments.faults import asking
from signaling.appointments.messages import (
    MOST_OCCURRENCES,
    MOST_PATIENTS,
    AppointmentRequest,
    CancelRequest,
    ChangeRequest,
    GuestDetails,
    SeriesRequest,
)
from signaling.appointments.passes import Passes, digest
from signaling.appointments.people import People
from signaling.appointments.rules import ROLE_OF, VisitRules
from signaling.appointments.staff import Staff
from signaling.appointments.told import Invited, Told, What
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused

AFTER = 86_400.0
"""Seconds after the end of a visit for which its void tokens are remembered: all have expired long before."""


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
    def __init__(
        self,
        *,
        database: Database,
        people: People,
        passes: Passes,
        rules: VisitRules,
        staff: Staff,
        told: Told,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
        revoke: Callable[[str, float], None],
    ) -> None:
        """`revoke`: a token's id, which is taken no more until then."""
        self._database = database
        self.appointments = Appointments(database)
        self.patients = Patients(database)
        self.links = Links(database)
        self._people = people
        self._passes = passes
        self._rules = rules
        self._staff = staff
        self._told = told
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._revoke = revoke

    # Making -----------------------------------------------------------------------------------------------------------

    async def create(self, caller: Caller, asked: AppointmentRequest, request: Request | None) -> Booked:
        """One, or with a rule a series. Raises Refused."""
        with asking():
            there = await self._there_already(caller, asked, request)
            if there is not None:
                return there
            plan = await self._plan(caller, asked)
            self._check_overlaps(asked.despite_conflict, await self._overlaps(plan.appointments))
            first = plan.appointments[0]
            for patient in plan.patients:
                await self._audit.record(
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
        self._tell_of_links(caller, booked.invited)
        return booked

    async def _there_already(
        self, caller: Caller, asked: AppointmentRequest, request: Request | None
    ) -> Booked | None:
        made: str | None = None
        try:
            made = await self.appointments.asked_before(request, self._clock.wall()) if request is not None else None
        except Conflict:
            raise Refused("key_reused") from None
        try:
            if made is not None:
                whole = await self.appointments.get(made)
                series = whole.appointment.series_id if isinstance(asked, SeriesRequest) else None
                wholes = [whole] if series is None else await self.appointments.of_series(series)
            elif asked.external_id is None:
                return None
            elif isinstance(asked, SeriesRequest):
                known = await self.appointments.series_of_external(asked.external_id)
                wholes = await self.appointments.of_series(known.id)
            else:
                wholes = [await self.appointments.of_external(asked.external_id)]
        except Unknown:
            return None
        if not all(caller.owns(each.appointment.therapist) for each in wholes):
            raise Refused("external_id_taken")
        return Booked(wholes, self._all_invited(wholes), again=True)

    async def _plan(self, caller: Caller, asked: AppointmentRequest) -> _Plan:
        now = self._clock.wall()
        therapist = await self.therapist(caller, asked.therapist)
        zone = asked.zone or self._rules.zone
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
                id=self._new_id(),
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
            appointment = self._new_id()
            plan.appointments.append(
                Appointment(
                    id=appointment,
                    session=self._passes.session(appointment),
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
                    therapist_name_sealed=self._people.therapist_name(appointment, asked.therapist_name),
                )
            )
        await self._plan_people(caller, asked, plan, now)
        return plan

    async def _plan_people(self, caller: Caller, asked: AppointmentRequest, plan: _Plan, now: float) -> None:
        for details in asked.patients:
            known = await self.patients.find(details.id) if details.id is not None else None
            if known is not None:
                await self.check_sees(caller, known.id)
            _check_zone(details.zone)
            plan.patients.append(self._people.patient(details.id or self._new_id(), known, details, now))
        ids = {patient.id for patient in plan.patients}
        for guest in asked.guests:
            _check_zone(guest.zone)
            if guest.patient is not None and guest.patient not in ids:
                raise Refused("no_such_patient")
        for each in plan.appointments:
            there = [self._patient_as_guest(each.id, patient.id) for patient in plan.patients]
            there += [self._people.guest(self._new_id(), each.id, guest) for guest in asked.guests]
            plan.guests += there
            plan.links += [self._link(guest, now) for guest in there]

    async def _keep(self, plan: _Plan, asked: AppointmentRequest, request: Request | None) -> Booked:
        async with self._database.together():
            overlaps = await self._overlaps(plan.appointments)
            self._check_overlaps(asked.despite_conflict, overlaps)
            for patient in plan.patients:
                await self.patients.keep(patient)
            await self.appointments.book(plan.appointments, plan.guests, plan.links, plan.series)
            if request is not None:
                await self.appointments.remember(request, plan.appointments[0].id, self._clock.wall())
            wholes = await self._kept(plan)
            await self._tell("made", wholes)
        return Booked(wholes, self._all_invited(wholes), overlaps)

    async def _kept(self, plan: _Plan) -> list[Whole]:
        if plan.series is not None:
            return await self.appointments.of_series(plan.series.id)
        return [await self.appointments.get(each.id) for each in plan.appointments]

    # Changing ---------------------------------------------------------------------------------------------------------

    async def change(self, caller: Caller, appointment: str, asked: ChangeRequest) -> Booked:
        """Raises Refused."""
        with asking():
            whole = await self.own(caller, appointment)
            self._check_revision(whole, asked.revision)
            if whole.appointment.state in (AppointmentState.CANCELLED, AppointmentState.SEEN):
                raise Refused("appointment_over")
            therapist = whole.appointment.therapist
            if asked.therapist is not None:
                therapist = await self.therapist(caller, asked.therapist)
            reached = await self._reached(whole, asked.reach)
            after = self._moved(whole.appointment, [each.appointment for each in reached], asked, therapist)
            self._check_overlaps(asked.despite_conflict, await self._overlaps(after))
            await self._record("appointment.change", caller, whole, count=len(after))
            async with self._database.together():
                overlaps = await self._overlaps(after)
                self._check_overlaps(asked.despite_conflict, overlaps)
                void: list[str] = []
                for before, each in zip(reached, after, strict=True):
                    await self.appointments.change(each)
                    if self._rules.rotate and each.starts_at != before.appointment.starts_at:
                        for guest in before.invited:
                            void += await self.links.issue(self._link(guest, each.changed_at), "moved")
                wholes = [await self.appointments.get(each.id) for each in after]
                await self._tell("moved", wholes)
        self._keep_out(void, wholes)
        booked = Booked(wholes, self._all_invited(wholes), overlaps)
        if self._rules.rotate:
            self._tell_of_links(caller, booked.invited)
        return booked

    def _moved(
        self, this: Appointment, those: Sequence[Appointment], asked: ChangeRequest, therapist: str
    ) -> list[Appointment]:
        now = self._clock.wall()
        zone = asked.zone or this.zone
        zone_of(zone)
        before = clock_at(this.starts_at, this.zone).replace(tzinfo=None)
        by = read_when(asked.start, zone) - before if asked.start is not None else timedelta()
        after: list[Appointment] = []
        for each in those:
            named = asked.therapist_name is not None or asked.therapist is not None
            name = self._people.therapist_name(each.id, asked.therapist_name) if named else each.therapist_name_sealed
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
            whole = await self.own(caller, appointment)
            self._check_revision(whole, asked.revision)
            if whole.appointment.state in (AppointmentState.CANCELLED, AppointmentState.SEEN):
                raise Refused("appointment_over")
            reached = await self._reached(whole, asked.reach)
            await self._record("appointment.cancel", caller, whole, count=len(reached))
            now = self._clock.wall()
            void: list[str] = []
            async with self._database.together():
                for each in reached:
                    before = each.appointment
                    cancelled = replace(
                        before, state=AppointmentState.CANCELLED, changed_at=now, revision=before.revision + 1
                    )
                    await self.appointments.change(cancelled)
                    void += await self.links.revoke([guest.id for guest in each.invited], "cancelled", now)
                wholes = [await self.appointments.get(each.appointment.id) for each in reached]
                await self._tell("cancelled", wholes)
        self._keep_out(void, wholes)
        return Booked(wholes)

    async def _reached(self, whole: Whole, reach: Reach) -> list[Whole]:
        """This one first; then those of its series that have not begun."""
        this = whole.appointment
        if reach == "this" or this.series_id is None:
            return [whole]
        since = this.series_number or 0 if reach == "following" else 0
        now = self._clock.wall()
        return [whole] + [
            each
            for each in await self.appointments.of_series(this.series_id, since)
            if each.appointment.id != this.id
            and each.appointment.state is AppointmentState.BOOKED
            and each.appointment.starts_at > now
        ]

    # Who is invited -----------------------------------------------------------------------------------------------

    async def invite(self, caller: Caller, appointment: str, revision: int, asked: GuestDetails) -> Booked:
        """Raises Refused."""
        with asking():
            whole = await self.own(caller, appointment)
            self._check_open(whole, revision)
            if len(whole.invited) >= MOST_PATIENTS:
                raise Refused("too_many_guests")
            patients = {guest.patient_id for guest in whole.invited if guest.relation == "patient"}
            if asked.patient is not None and asked.patient not in patients:
                raise Refused("no_such_patient")
            _check_zone(asked.zone)
            now = self._clock.wall()
            guest = self._people.guest(self._new_id(), whole.appointment.id, asked)
            link = self._link(guest, now)
            await self._record("appointment.change", caller, whole, what="guest", relation=asked.relation)
            async with self._database.together():
                await self.appointments.invite(self._next(whole, now), guest, link)
                after = await self.appointments.get(appointment)
                new = [each for each in self._invited(after) if each.guest.id == guest.id]
                await self._told.changed("made", after.appointment, new)
        booked = Booked([after], [(after.appointment, each) for each in new])
        self._tell_of_links(caller, booked.invited)
        return booked

    async def leave_out(self, caller: Caller, appointment: str, guest: str, revision: int) -> Booked:
        """Raises Refused."""
        with asking("no_such_guest"):
            whole = await self.own(caller, appointment)
            self._check_open(whole, revision)
            gone = self._guest(whole, guest)
            if gone.relation == "patient" and sum(each.relation == "patient" for each in whole.invited) == 1:
                raise Refused("last_patient")
            now = self._clock.wall()
            await self._record("appointment.change", caller, whole, what="guest", relation=gone.relation)
            async with self._database.together():
                await self.appointments.leave_out(self._next(whole, now), guest)
                void = await self.links.revoke([guest], "left_out", now)
                after = await self.appointments.get(appointment)
                left = Invited(gone, self._people.contact(whole, gone), whole.links.get(guest), None)
                await self._told.changed("cancelled", after.appointment, [left])
        self._keep_out(void, [after])
        return Booked([after])

    async def new_link(self, caller: Caller, appointment: str, guest: str, devices: int | None) -> Booked:
        """A new link for one person, whose old ones are void. Raises Refused."""
        with asking("no_such_guest"):
            whole = await self.own(caller, appointment)
            if whole.appointment.state is AppointmentState.CANCELLED:
                raise Refused("appointment_over")
            who = self._guest(whole, guest)
            link = self._link(who, self._clock.wall(), devices)
            await self._record("link.issue", caller, whole, subject=link.id, relation=who.relation)
            async with self._database.together():
                void = await self.links.issue(link)
                after = await self.appointments.get(appointment)
        self._keep_out(void, [after])
        return Booked([after], [(after.appointment, each) for each in self._invited(after) if each.guest.id == guest])

    async def revoke_links(self, caller: Caller, appointment: str, guest: str) -> Whole:
        """Raises Refused."""
        with asking("no_such_guest"):
            whole = await self.own(caller, appointment)
            who = self._guest(whole, guest)
            await self._record("link.revoke", caller, whole, subject=who.id, relation=who.relation)
            async with self._database.together():
                void = await self.links.revoke([guest], "staff", self._clock.wall())
                after = await self.appointments.get(appointment)
        self._keep_out(void, [after])
        return after

    # For these and for others ---------------------------------------------------------------------------------------

    async def own(self, caller: Caller, appointment: str) -> Whole:
        """Raises Refused; of what is not theirs it is not said that it exists."""
        with asking():
            whole = await self.appointments.get(appointment)
        if not caller.owns(whole.appointment.therapist):
            raise Refused("no_such_appointment")
        return whole

    async def therapist(self, caller: Caller, given: str | None) -> str:
        """Whose appointment it is to be. Raises Refused."""
        if given is None:
            if caller.kind != "staff":
                raise Refused("bad_request", "therapist: Field required.")
            return caller.id
        with asking():
            account = await self._staff.account(given)
        if not caller.owns(account):
            raise Refused("not_allowed")
        return account

    async def check_sees(self, caller: Caller, patient: str) -> None:
        """Whoever may only do their own is not told that other patients exist. Raises Refused."""
        if caller.own_only and not await self.appointments.sees(caller.id, patient):
            raise Refused("no_such_patient")

    def _patient_as_guest(self, appointment: str, patient: str) -> Guest:
        return Guest(self._new_id(), appointment, "patient", ROLE_OF["patient"], patient_id=patient)

    def _link(self, guest: Guest, now: float, devices: int | None = None) -> Link:
        link = self._new_id()
        secret = self._passes.secret(link).get_secret_value()
        return Link(link, guest.appointment_id, guest.id, digest(secret), devices or self._rules.devices, now)

    def _invited(self, whole: Whole) -> list[Invited]:
        found: list[Invited] = []
        for guest in whole.invited:
            link = whole.links.get(guest.id)
            good = link is not None and link.revoked_at is None
            url = self._passes.address(link.id) if link is not None and good else None
            found.append(Invited(guest, self._people.contact(whole, guest), link, url))
        return found

    def _all_invited(self, wholes: Sequence[Whole]) -> list[tuple[Appointment, Invited]]:
        return [(whole.appointment, each) for whole in wholes for each in self._invited(whole)]

    async def _overlaps(self, those: Sequence[Appointment]) -> list[tuple[Appointment, str]]:
        if self._rules.overlaps == "allow" or not those:
            return []
        by_therapist: dict[str, list[Appointment]] = {}
        for each in those:
            by_therapist.setdefault(each.therapist, []).append(each)
        found: list[tuple[Appointment, str]] = []
        for therapist, some in sorted(by_therapist.items()):
            found += await self.appointments.overlapping(therapist, some)
        return found

    def _check_overlaps(self, despite: bool, overlaps: Sequence[tuple[Appointment, str]]) -> None:
        if overlaps and self._rules.overlaps == "refuse" and not despite:
            raise Refused("appointment_overlaps")

    def _check_revision(self, whole: Whole, revision: int) -> None:
        if whole.appointment.revision != revision:
            raise Refused("changed_meanwhile")

    def _check_open(self, whole: Whole, revision: int) -> None:
        self._check_revision(whole, revision)
        if whole.appointment.state is not AppointmentState.BOOKED:
            raise Refused("appointment_over")

    def _guest(self, whole: Whole, guest: str) -> Guest:
        found = next((each for each in whole.invited if each.id == guest), None)
        if found is None:
            raise Refused("no_such_guest")
        return found

    def _next(self, whole: Whole, now: float) -> Appointment:
        return replace(whole.appointment, changed_at=now, revision=whole.appointment.revision + 1)

    async def _tell(self, what: What, wholes: Sequence[Whole]) -> None:
        for whole in wholes:
            await self._told.changed(what, whole.appointment, self._invited(whole))

    def _keep_out(self, void: Sequence[str], wholes: Sequence[Whole]) -> None:
        """Tokens that were handed out for these links are not taken any more."""
        until = max((self._rules.closes_at(each.appointment) for each in wholes), default=0.0) + AFTER
        for link in void:
            self._revoke(link, max(until, self._clock.wall() + AFTER))

    def _tell_of_links(self, caller: Caller, invited: Sequence[tuple[Appointment, Invited]]) -> None:
        for appointment, each in invited:
            if each.link is not None and each.url is not None:
                self._audit.told(
                    "link.issue",
                    caller.kind,
                    caller.id,
                    session=appointment.session,
                    patient=each.guest.patient_id,
                    subject=each.link.id,
                    relation=each.guest.relation,
                )

    async def _record(
        self, kind: str, caller: Caller, whole: Whole, subject: str | None = None, **details: str | int
    ) -> None:
        for patient in sorted({each.patient_id for each in whole.guests if each.patient_id is not None}):
            await self._audit.record(
                kind,
                caller.kind,
                caller.id,
                session=whole.appointment.session,
                patient=patient,
                subject=subject or whole.appointment.id,
                **details,
            )


def _check_zone(zone: str | None) -> None:
    if zone is not None:
        zone_of(zone)
