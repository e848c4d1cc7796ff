"""Appointments as the API tells of them: names opened, times with their offset.

Not here: who may read them (`api.py`).
"""

from __future__ import annotations

from clinic.appointments.calendar import clock_at
from clinic.appointments.records import Appointment, Guest, Link, Whole
from signaling.appointments.booking import Booked
from signaling.appointments.messages import (
    AppointmentAnswer,
    BookedAnswer,
    GuestAnswer,
    Issued,
    LinkState,
    Overlap,
    PatientAnswer,
)
from signaling.appointments.people import People
from signaling.appointments.told import Contact, Invited
from signaling.appointments.visits import as_role


def appointment_answer(people: People, whole: Whole) -> AppointmentAnswer:
    appointment = whole.appointment
    return AppointmentAnswer(
        id=appointment.id,
        external_id=appointment.external_id,
        series=appointment.series_id,
        number=appointment.series_number,
        session=appointment.session,
        therapist=appointment.therapist,
        therapist_name=people.name_of_therapist(appointment),
        kind=appointment.kind,
        start=with_offset(appointment.starts_at, appointment.zone),
        end=with_offset(appointment.ends_at, appointment.zone),
        starts_at=appointment.starts_at,
        minutes=appointment.minutes,
        zone=appointment.zone,
        state=appointment.state.value,
        revision=appointment.revision,
        guests=[
            _guest_answer(guest, people.contact(whole, guest), whole.links.get(guest.id)) for guest in whole.guests
        ],
        met_at=appointment.met_at,
        over_at=appointment.over_at,
    )


def booked_answer(people: People, booked: Booked) -> BookedAnswer:
    return BookedAnswer(
        appointments=[appointment_answer(people, whole) for whole in booked.wholes],
        links=[issued(appointment, each) for appointment, each in booked.invited if each.url is not None],
        overlaps=[Overlap(appointment=appointment.id, other=other) for appointment, other in booked.overlaps],
        series=booked.wholes[0].appointment.series_id if booked.wholes else None,
        again=booked.again,
    )


def issued(appointment: Appointment, invited: Invited) -> Issued:
    return Issued(
        appointment=appointment.id,
        guest=invited.guest.id,
        relation=invited.guest.relation,
        patient=invited.guest.patient_id,
        url=invited.url.get_secret_value() if invited.url is not None else "",
    )


def patient_answer(patient: str, contact: Contact) -> PatientAnswer:
    return PatientAnswer(
        id=patient,
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        language=contact.language,
        zone=contact.zone,
    )


def with_offset(at: float, zone: str) -> str:
    """As 2026-03-05T10:00:00+01:00."""
    return clock_at(at, zone).isoformat(timespec="seconds")


def _guest_answer(guest: Guest, contact: Contact, link: Link | None) -> GuestAnswer:
    state = None
    if link is not None:
        state = LinkState(
            id=link.id,
            made_at=link.made_at,
            opened_at=link.opened_at,
            revoked_at=link.revoked_at,
            revoked_because=link.revoked_because,
        )
    return GuestAnswer(
        id=guest.id,
        relation=guest.relation,
        role=as_role(guest),
        patient=guest.patient_id,
        name=contact.name,
        email=contact.email,
        phone=contact.phone,
        language=contact.language,
        zone=contact.zone,
        left_out=guest.left_out_at is not None,
        link=state,
        came_at=guest.came_at,
        let_in_at=guest.let_in_at,
        gone_at=guest.gone_at,
    )
