"""Appointments of nobody, for tests to change what they are about."""

from __future__ import annotations

import hashlib
from typing import Any

from clinic.appointments.records import Appointment, Guest, Link, Patient

START = 1_780_300_800.0
"""2026-06-01 08:00 UTC, a Monday."""

HOUR = 3600.0


def appointment(id: str = "a1", starts_at: float = START, **changes: Any) -> Appointment:
    values: dict[str, Any] = {
        "session": f"v-{id}",
        "therapist": "t1",
        "kind": "individual",
        "minutes": 50,
        "zone": "Europe/Berlin",
        "made_at": START - 86_400,
        "changed_at": START - 86_400,
    }
    values |= {"id": id, "starts_at": starts_at}
    return Appointment(**(values | changes))


def patient(id: str = "p1", **changes: Any) -> Patient:
    values: dict[str, Any] = {
        "made_at": START - 86_400,
        "changed_at": START - 86_400,
        "name_sealed": b"sealed name",
        "language": "de",
    }
    return Patient(**({"id": id} | values | changes))


def guest(id: str = "g1", appointment_id: str = "a1", **changes: Any) -> Guest:
    values: dict[str, Any] = {"relation": "patient", "role": "patient", "patient_id": "p1"}
    return Guest(**({"id": id, "appointment_id": appointment_id} | values | changes))


def link(id: str = "l1", guest_id: str = "g1", appointment_id: str = "a1", **changes: Any) -> Link:
    values: dict[str, Any] = {"secret_sha256": hashed(id), "devices": 1, "made_at": START - 86_400}
    return Link(**({"id": id, "guest_id": guest_id, "appointment_id": appointment_id} | values | changes))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
