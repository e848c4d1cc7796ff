"""Records of the practice as kinds: appointments with who came, check-ins, notes, minutes, messages, deliveries,
alerts, sign-ins.

What others are found by goes last: an appointment stays while notes of it or answers at its check-in do. Not here:
what any of them is for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, exists, select, update

from clinic.accounts.tables import StaffSessionRow
from clinic.alerts.tables import AlertRow
from clinic.appointments.tables import (
    AppointmentRow,
    CheckInRow,
    DeviceRow,
    GuestRow,
    LinkRow,
    PatientRow,
    TelehealthConsentRow,
)
from clinic.database import Database
from clinic.keeping.holds import standing
from clinic.keeping.kept_rows import KeptRows, Through
from clinic.keeping.records import Gone, Subject
from clinic.messages.records import OPEN as OPEN_MESSAGES
from clinic.messages.tables import MessageRow
from clinic.notes.tables import NoteRow, NoteVersionRow
from clinic.usage.kept import KeptUsage
from clinic.webhooks.records import OPEN as OPEN_DELIVERIES
from clinic.webhooks.tables import AttemptRow, DeliveryRow


def kept_rows(database: Database) -> dict[str, KeptRows]:
    """By kind, in an order in which they can be removed."""
    return {
        each.kind: each
        for each in (
            KeptRows(
                database,
                "notes",
                NoteRow,
                at=NoteRow.changed_at,
                session=_of_appointment(AppointmentRow.session, NoteRow.appointment_id),
                therapist=NoteRow.author,
                children=(NoteVersionRow.note_id,),
            ),
            KeptRows(
                database,
                "checkins",
                CheckInRow,
                at=CheckInRow.at,
                patient=select(GuestRow.patient_id).where(GuestRow.id == CheckInRow.guest_id).scalar_subquery(),
                session=_of_appointment(AppointmentRow.session, CheckInRow.appointment_id),
                therapist=_of_appointment(AppointmentRow.therapist, CheckInRow.appointment_id),
            ),
            KeptUsage(database),
            KeptRows(
                database,
                "messages",
                MessageRow,
                at=MessageRow.created_at,
                patient=MessageRow.patient,
                session=_of_appointment(AppointmentRow.session, MessageRow.about),
                therapist=_of_appointment(AppointmentRow.therapist, MessageRow.about),
                hidden=("key", "to_sealed", "content_sealed"),
                only=(MessageRow.state.not_in(OPEN_MESSAGES),),
            ),
            KeptRows(
                database,
                "webhooks",
                DeliveryRow,
                at=DeliveryRow.at,
                session=DeliveryRow.session,
                therapist=_of_session(AppointmentRow.therapist, DeliveryRow.session),
                children=(AttemptRow.delivery_id,),
                only=(DeliveryRow.state.not_in(OPEN_DELIVERIES),),
            ),
            KeptRows(
                database,
                "telehealth",
                TelehealthConsentRow,
                at=TelehealthConsentRow.at,
                patient=TelehealthConsentRow.patient_id,
            ),
            KeptRows(
                database,
                "alerts",
                AlertRow,
                at=AlertRow.at,
                session=AlertRow.session,
                therapist=AlertRow.actor,
                only=(AlertRow.closed_at.is_not(None),),
            ),
            KeptRows(
                database,
                "sign_ins",
                StaffSessionRow,
                at=StaffSessionRow.expires_at,
                therapist=StaffSessionRow.account_id,
                hidden=("token_hash",),
            ),
            KeptRows(
                database,
                "appointments",
                AppointmentRow,
                at=AppointmentRow.ends_at,
                session=AppointmentRow.session,
                therapist=AppointmentRow.therapist,
                children=(
                    Through(DeviceRow.link_id, LinkRow.id, LinkRow.appointment_id),
                    LinkRow.appointment_id,
                    GuestRow.appointment_id,
                ),
                only=(_none(CheckInRow.appointment_id), _none(NoteRow.appointment_id)),
            ),
            KeptPatients(
                database,
                "patients",
                PatientRow,
                at=PatientRow.changed_at,
                patient=PatientRow.id,
                only=(~exists().where(GuestRow.patient_id == PatientRow.id),),
            ),
        )
    }


class KeptPatients(KeptRows):
    """Who patients are. One who shared an appointment with others stays known there by their id, without a name."""

    async def delete_of_patient(self, who: Subject, limit: int, *, by: str, reason: str, now: float) -> Gone:
        gone = await super().delete_of_patient(who, limit, by=by, reason=reason, now=now)
        if gone.ids or gone.held:
            return gone
        async with self._database.writing() as session:
            row = await session.get(PatientRow, who.patient)
            if row is None:
                return gone
            if (await standing(session, removing=True)).cover(at=row.changed_at, patients=(who.patient,)):
                return Gone(held=1)
            emptied = {"name_sealed": None, "email_sealed": None, "phone_sealed": None}
            await session.execute(update(PatientRow).where(PatientRow.id == who.patient).values(emptied))
            return Gone(left=1, tables=("patient",))


def _of_appointment(wanted: Any, appointment: Any) -> ScalarSelect[Any]:
    return select(wanted).where(AppointmentRow.id == appointment).scalar_subquery()


def _of_session(wanted: Any, session: Any) -> ScalarSelect[Any]:
    return select(wanted).where(AppointmentRow.session == session).scalar_subquery()


def _none(appointment: Any) -> ColumnElement[bool]:
    """Nothing of this kind belongs to it any more."""
    return ~exists().where(appointment == AppointmentRow.id)
