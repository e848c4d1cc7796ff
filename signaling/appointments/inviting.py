"""Inviting: who comes to an appointment besides its patients, and new links for anybody.

The audit log first, then one transaction, as in `booking.py`. Not here: HTTP (`api.py`).
"""

from __future__ import annotations

from clinic.appointments.records import AppointmentState, Whole
from signaling.api_access import Caller
from signaling.appointments.booking import Booked
from signaling.appointments.desk import Desk, check_zone
from signaling.appointments.faults import asking
from signaling.appointments.messages import MOST_PATIENTS, GuestDetails
from signaling.appointments.told import Invited
from signaling.refusals import Refused


class Inviting:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def invite(self, caller: Caller, appointment: str, revision: int, asked: GuestDetails) -> Booked:
        """Raises Refused."""
        with asking():
            whole = await self._desk.own(caller, appointment)
            self._desk.check_open(whole, revision)
            if len(whole.invited) >= MOST_PATIENTS:
                raise Refused("too_many_guests")
            patients = {guest.patient_id for guest in whole.invited if guest.relation == "patient"}
            if asked.patient is not None and asked.patient not in patients:
                raise Refused("no_such_patient")
            check_zone(asked.zone)
            now = self._desk.clock.wall()
            guest = self._desk.people.guest(self._desk.new_id(), whole.appointment.id, asked)
            link = self._desk.link(guest, now)
            await self._desk.record("appointment.change", caller, whole, what="guest", relation=asked.relation)
            async with self._desk.database.together():
                await self._desk.appointments.invite(self._desk.next(whole, now), guest, link)
                after = await self._desk.appointments.get(appointment)
                new = [each for each in self._desk.invited(after) if each.guest.id == guest.id]
                await self._desk.told.changed("made", after.appointment, new)
        booked = Booked([after], [(after.appointment, each) for each in new])
        self._desk.tell_of_links(caller, booked.invited)
        return booked

    async def leave_out(self, caller: Caller, appointment: str, guest: str, revision: int) -> Booked:
        """Raises Refused."""
        with asking("no_such_guest"):
            whole = await self._desk.own(caller, appointment)
            self._desk.check_open(whole, revision)
            gone = self._desk.guest(whole, guest)
            if gone.relation == "patient" and sum(each.relation == "patient" for each in whole.invited) == 1:
                raise Refused("last_patient")
            now = self._desk.clock.wall()
            await self._desk.record("appointment.change", caller, whole, what="guest", relation=gone.relation)
            async with self._desk.database.together():
                await self._desk.appointments.leave_out(self._desk.next(whole, now), guest)
                void = await self._desk.links.revoke([guest], "left_out", now)
                after = await self._desk.appointments.get(appointment)
                left = Invited(gone, self._desk.people.contact(whole, gone), whole.links.get(guest), None)
                await self._desk.told.changed("cancelled", after.appointment, [left])
        self._desk.keep_out(void, [after])
        return Booked([after])

    async def new_link(self, caller: Caller, appointment: str, guest: str, devices: int | None) -> Booked:
        """A new link for one person, whose old ones are void. Raises Refused."""
        with asking("no_such_guest"):
            whole = await self._desk.own(caller, appointment)
            if whole.appointment.state is AppointmentState.CANCELLED:
                raise Refused("appointment_over")
            who = self._desk.guest(whole, guest)
            link = self._desk.link(who, self._desk.clock.wall(), devices)
            await self._desk.record("link.issue", caller, whole, subject=link.id, relation=who.relation)
            async with self._desk.database.together():
                void = await self._desk.links.issue(link)
                after = await self._desk.appointments.get(appointment)
        self._desk.keep_out(void, [after])
        return Booked(
            [after], [(after.appointment, each) for each in self._desk.invited(after) if each.guest.id == guest]
        )

    async def revoke_links(self, caller: Caller, appointment: str, guest: str) -> Whole:
        """Raises Refused."""
        with asking("no_such_guest"):
            whole = await self._desk.own(caller, appointment)
            who = self._desk.guest(whole, guest)
            await self._desk.record("link.revoke", caller, whole, subject=who.id, relation=who.relation)
            async with self._desk.database.together():
                void = await self._desk.links.revoke([guest], "staff", self._desk.clock.wall())
                after = await self._desk.appointments.get(appointment)
        self._desk.keep_out(void, [after])
        return after
