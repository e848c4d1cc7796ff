"""Records of the practice as kinds: minutes, messages, deliveries, alerts, sign-ins, and what appointments have.

Not here: what any of them is for, and what goes with an appointment (`clinic/appointments/kept.py`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ScalarSelect, select

from clinic.accounts.tables import StaffSessionRow
from clinic.alerts.tables import AlertRow
from clinic.appointments.kept import kept_rows as of_appointments
from clinic.appointments.tables import AppointmentRow, TelehealthConsentRow
from clinic.database import Database
from clinic.keeping.kept_rows import KeptRows
from clinic.messages.records import OPEN as OPEN_MESSAGES
from clinic.messages.tables import MessageRow
from clinic.usage.kept import KeptUsage
from clinic.webhooks.records import OPEN as OPEN_DELIVERIES
from clinic.webhooks.tables import AttemptRow, DeliveryRow


def kept_rows(database: Database) -> dict[str, KeptRows]:
    """By kind, in an order in which they can be removed."""
    own = {
        each.kind: each
        for each in (
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
        )
    }
    return {**own, **of_appointments(database)}


def _of_appointment(wanted: Any, appointment: Any) -> ScalarSelect[Any]:
    return select(wanted).where(AppointmentRow.id == appointment).scalar_subquery()


def _of_session(wanted: Any, session: Any) -> ScalarSelect[Any]:
    return select(wanted).where(AppointmentRow.session == session).scalar_subquery()
