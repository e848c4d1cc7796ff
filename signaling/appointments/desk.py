"""The desk: what booking and inviting have in common. Whose an appointment is, links, overlaps, who is told.

Not here: what either of them does (`booking.py`, `inviting.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from clinic import Database
from clinic.appointments.appointments import Appointments
from clinic.appointments.calendar import zone_of
from clinic.appointments.links import Links
from clinic.appointments.patients import Patients
from clinic.appointments.records import Appointment, AppointmentState, Guest, Link, Whole
from signaling.api_access import Caller
from signaling.appointments.faults import asking
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


class Desk:
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
        self.database = database
        self.appointments = Appointments(database)
        self.patients = Patients(database)
        self.links = Links(database)
        self.people = people
        self.passes = passes
        self.rules = rules
        self.staff = staff
        self.told = told
        self.audit = audit
        self.clock = clock
        self.new_id = new_id
        self.revoke = revoke

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
            account = await self.staff.account(given)
        if not caller.owns(account):
            raise Refused("not_allowed")
        return account

    async def check_sees(self, caller: Caller, patient: str) -> None:
        """Whoever may only do their own is not told that other patients exist. Raises Refused."""
        if caller.own_only and not await self.appointments.sees(caller.id, patient):
            raise Refused("no_such_patient")

    def patient_as_guest(self, appointment: str, patient: str) -> Guest:
        return Guest(self.new_id(), appointment, "patient", ROLE_OF["patient"], patient_id=patient)

    def link(self, guest: Guest, now: float, devices: int | None = None) -> Link:
        link = self.new_id()
        secret = self.passes.secret(link).get_secret_value()
        return Link(link, guest.appointment_id, guest.id, digest(secret), devices or self.rules.devices, now)

    def invited(self, whole: Whole) -> list[Invited]:
        found: list[Invited] = []
        for guest in whole.invited:
            link = whole.links.get(guest.id)
            good = link is not None and link.revoked_at is None
            url = self.passes.address(link.id) if link is not None and good else None
            found.append(Invited(guest, self.people.contact(whole, guest), link, url))
        return found

    def all_invited(self, wholes: Sequence[Whole]) -> list[tuple[Appointment, Invited]]:
        return [(whole.appointment, each) for whole in wholes for each in self.invited(whole)]

    async def overlaps(self, those: Sequence[Appointment]) -> list[tuple[Appointment, str]]:
        if self.rules.overlaps == "allow" or not those:
            return []
        by_therapist: dict[str, list[Appointment]] = {}
        for each in those:
            by_therapist.setdefault(each.therapist, []).append(each)
        found: list[tuple[Appointment, str]] = []
        for therapist, some in sorted(by_therapist.items()):
            found += await self.appointments.overlapping(therapist, some)
        return found

    def check_overlaps(self, despite: bool, overlaps: Sequence[tuple[Appointment, str]]) -> None:
        if overlaps and self.rules.overlaps == "refuse" and not despite:
            raise Refused("appointment_overlaps")

    def check_revision(self, whole: Whole, revision: int) -> None:
        if whole.appointment.revision != revision:
            raise Refused("changed_meanwhile")

    def check_open(self, whole: Whole, revision: int) -> None:
        self.check_revision(whole, revision)
        if whole.appointment.state is not AppointmentState.BOOKED:
            raise Refused("appointment_over")

    def guest(self, whole: Whole, guest: str) -> Guest:
        found = next((each for each in whole.invited if each.id == guest), None)
        if found is None:
            raise Refused("no_such_guest")
        return found

    def next(self, whole: Whole, now: float) -> Appointment:
        return replace(whole.appointment, changed_at=now, revision=whole.appointment.revision + 1)

    async def tell(self, what: What, wholes: Sequence[Whole]) -> None:
        for whole in wholes:
            await self.told.changed(what, whole.appointment, self.invited(whole))

    def keep_out(self, void: Sequence[str], wholes: Sequence[Whole]) -> None:
        """Tokens that were handed out for these links are not taken any more."""
        until = max((self.rules.closes_at(each.appointment) for each in wholes), default=0.0) + AFTER
        for link in void:
            self.revoke(link, max(until, self.clock.wall() + AFTER))

    def tell_of_links(self, caller: Caller, invited: Sequence[tuple[Appointment, Invited]]) -> None:
        for appointment, each in invited:
            if each.link is not None and each.url is not None:
                self.audit.told(
                    "link.issue",
                    caller.kind,
                    caller.id,
                    session=appointment.session,
                    patient=each.guest.patient_id,
                    subject=each.link.id,
                    relation=each.guest.relation,
                )

    async def record(
        self, kind: str, caller: Caller, whole: Whole, subject: str | None = None, **details: str | int
    ) -> None:
        for patient in sorted({each.patient_id for each in whole.guests if each.patient_id is not None}):
            await self.audit.record(
                kind,
                caller.kind,
                caller.id,
                session=whole.appointment.session,
                patient=patient,
                subject=subject or whole.appointment.id,
                **details,
            )


def check_zone(zone: str | None) -> None:
    if zone is not None:
        zone_of(zone)
