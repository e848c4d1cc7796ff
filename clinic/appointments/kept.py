"""Appointments, check-ins, notes and patients as kinds of records: when they were, whose they are, what goes first.

An appointment of several patients is nobody's alone: it stays when one of them is deleted, without saying who that was.
One with notes or answers stays as long as these. Not here: how long that is (`clinic/keeping`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, case, exists, func, null, select

from clinic.appointments.tables import AppointmentRow, CheckInRow, GuestRow, LinkRow, PatientRow
from clinic.database import Database
from clinic.keeping.kept_rows import KeptRows
from clinic.notes.tables import NoteRow, NoteVersionRow


def kept_rows(database: Database) -> dict[str, KeptRows]:
    """By kind, what refers to others first."""
    needed = exists().where(NoteRow.appointment_id == AppointmentRow.id) | exists().where(
        CheckInRow.appointment_id == AppointmentRow.id
    )
    return {
        each.kind: each
        for each in (
            KeptRows(
                database,
                "notes",
                NoteRow,
                at=NoteRow.changed_at,
                patient=_only_patient(NoteRow.appointment_id),
                session=_of(NoteRow.appointment_id, AppointmentRow.session),
                therapist=NoteRow.author,
                children=(NoteVersionRow.note_id,),
                among=_among(NoteRow.appointment_id),
            ),
            KeptRows(
                database,
                "checkins",
                CheckInRow,
                at=CheckInRow.at,
                patient=func.coalesce(_patient_of_guest(), _only_patient(CheckInRow.appointment_id)),
                session=_of(CheckInRow.appointment_id, AppointmentRow.session),
                therapist=_of(CheckInRow.appointment_id, AppointmentRow.therapist),
                among=_among(CheckInRow.appointment_id),
            ),
            KeptRows(
                database,
                "appointments",
                AppointmentRow,
                at=AppointmentRow.ends_at,
                patient=case((needed, null()), else_=_only_patient(AppointmentRow.id)),
                session=AppointmentRow.session,
                therapist=AppointmentRow.therapist,
                children=(LinkRow.appointment_id, GuestRow.appointment_id),
                hidden=("therapist_name_sealed",),
                only=(~needed,),
                among=_among(AppointmentRow.id),
            ),
            KeptRows(
                database,
                "patients",
                PatientRow,
                at=PatientRow.changed_at,
                patient=PatientRow.id,
                only=(~exists().where(GuestRow.patient_id == PatientRow.id),),
            ),
        )
    }


def _only_patient(appointment: SQLColumnExpression[Any]) -> ScalarSelect[Any]:
    """NULL where there are several."""
    return (
        select(func.min(GuestRow.patient_id))
        .where(GuestRow.appointment_id == appointment, GuestRow.relation == "patient")
        .having(func.count() == 1)
        .scalar_subquery()
    )


def _among(appointment: SQLColumnExpression[Any]) -> Callable[[str], ColumnElement[bool]]:
    """That they were invited to it."""
    return lambda patient: appointment.in_(select(GuestRow.appointment_id).where(GuestRow.patient_id == patient))


def _patient_of_guest() -> ScalarSelect[Any]:
    return select(GuestRow.patient_id).where(GuestRow.id == CheckInRow.guest_id).scalar_subquery()


def _of(appointment: SQLColumnExpression[Any], column: SQLColumnExpression[Any]) -> ScalarSelect[Any]:
    return select(column).where(AppointmentRow.id == appointment).scalar_subquery()
