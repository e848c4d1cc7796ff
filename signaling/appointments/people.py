"""People of appointments: encrypted before they are kept, opened again for whoever may read them.

Not here: who may (`api.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import structlog

from clinic.appointments.records import Appointment, Guest, Patient, Whole
from signaling.appointments.messages import GuestDetails, PatientChange, PatientDetails
from signaling.appointments.rules import ROLE_OF
from signaling.appointments.told import Contact
from signaling.sealed_columns import SealBroken, SealedColumns

log = structlog.get_logger("appointments")


class People:
    def __init__(self, seals: SealedColumns) -> None:
        self._seals = seals

    # In ---------------------------------------------------------------------------------------------------------------

    def patient(self, patient: str, known: Patient | None, told: PatientDetails | PatientChange, now: float) -> Patient:
        """As they are known from now on. What was not said stays; what a change sets to null goes."""
        base = known or Patient(patient, made_at=now, changed_at=now)
        clears = isinstance(told, PatientChange)
        said = {
            name: getattr(told, name)
            for name in ("name", "email", "phone", "language", "zone")
            if name in told.model_fields_set and (clears or getattr(told, name) is not None)
        }
        changes: dict[str, Any] = {
            f"{name}_sealed": self._seals.maybe_seal(said[name], f"patient.{name}/{patient}")
            for name in ("name", "email", "phone")
            if name in said
        }
        changes |= {name: said[name] for name in ("language", "zone") if name in said}
        return replace(base, **changes, changed_at=max(now, base.changed_at)) if said or not known else base

    def guest(self, guest: str, appointment: str, told: GuestDetails) -> Guest:
        return Guest(
            id=guest,
            appointment_id=appointment,
            relation=told.relation,
            role=ROLE_OF[told.relation],
            patient_id=told.patient,
            name_sealed=self._seals.maybe_seal(told.name, f"guest.name/{guest}"),
            email_sealed=self._seals.maybe_seal(told.email, f"guest.email/{guest}"),
            phone_sealed=self._seals.maybe_seal(told.phone, f"guest.phone/{guest}"),
            language=told.language,
            zone=told.zone,
        )

    def therapist_name(self, appointment: str, name: str | None) -> bytes | None:
        return self._seals.maybe_seal(name, f"appointment.therapist/{appointment}")

    # Out --------------------------------------------------------------------------------------------------------------

    def contact(self, whole: Whole, guest: Guest) -> Contact:
        if guest.relation == "patient" and guest.patient_id is not None and guest.patient_id in whole.patients:
            return self.contact_of(whole.patients[guest.patient_id])
        return Contact(
            name=self.opened(guest.name_sealed, f"guest.name/{guest.id}"),
            email=self.opened(guest.email_sealed, f"guest.email/{guest.id}"),
            phone=self.opened(guest.phone_sealed, f"guest.phone/{guest.id}"),
            language=guest.language,
            zone=guest.zone,
        )

    def contact_of(self, patient: Patient) -> Contact:
        return Contact(
            name=self.opened(patient.name_sealed, f"patient.name/{patient.id}"),
            email=self.opened(patient.email_sealed, f"patient.email/{patient.id}"),
            phone=self.opened(patient.phone_sealed, f"patient.phone/{patient.id}"),
            language=patient.language,
            zone=patient.zone,
        )

    def name_of_therapist(self, appointment: Appointment) -> str | None:
        return self.opened(appointment.therapist_name_sealed, f"appointment.therapist/{appointment.id}")

    def seal(self, text: str, place: str) -> bytes:
        return self._seals.seal(text, place)

    def opened(self, sealed: bytes | None, place: str) -> str | None:
        """None, and a line in the log, for what does not open: one damaged value keeps nobody from their day."""
        try:
            return self._seals.maybe_open(sealed, place)
        except SealBroken:
            log.error("a sealed value does not open", column=place.partition("/")[0])
            return None
