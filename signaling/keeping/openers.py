"""What patients may see of what is sealed about them: their own names and addresses, and what they said at check-in.

Not here: therapists' notes, which nobody has a right to, and which are left out of an export by default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from signaling.keeping.parts import Opener
from signaling.sealed_columns import SealBroken, SealedColumns


def openers_of(sealed: SealedColumns) -> dict[str, Opener]:
    """By kind."""

    def opened(record: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
        """`places`: by column, where it was sealed for."""
        shown = dict(record)
        for column, place in places.items():
            value = shown.pop(column, None)
            if isinstance(value, bytes):
                try:
                    shown[column.removesuffix("_sealed")] = sealed.open(value, place)
                except SealBroken:
                    shown[column.removesuffix("_sealed")] = None
        return shown

    def patient(record: Mapping[str, Any]) -> Mapping[str, Any]:
        id = record["id"]
        return opened(record, {f"{name}_sealed": f"patient.{name}/{id}" for name in ("name", "email", "phone")})

    def appointment(record: Mapping[str, Any]) -> Mapping[str, Any]:
        return opened(record, {"therapist_name_sealed": f"appointment.therapist/{record['id']}"})

    def checkin(record: Mapping[str, Any]) -> Mapping[str, Any]:
        shown = opened(record, {"answers_sealed": f"checkin/{record['id']}"})
        if isinstance(shown.get("answers"), str):
            shown["answers"] = json.loads(shown["answers"])
        return shown

    return {"patients": patient, "appointments": appointment, "checkins": checkin}
