"""Settings of the clinic's own records: a group for each noun. They stand after those of calls and recordings.

Not here: how settings are read (`settings.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator

from therabook.alert_settings import AlertSettings
from therabook.keeping_settings import KeepingSettings
from therabook.outgoing_settings import OutgoingSettings
from therabook.setting_kinds import NO_FLAG


class PracticeSettings(AlertSettings, KeepingSettings, OutgoingSettings):
    # The audit log
    audit_url: SecretStr | None = Field(
        None,
        json_schema_extra=NO_FLAG,
        description="The audit log's own database: postgresql://USER:PASSWORD@HOST/NAME, or sqlite:///FILE. "
        "Default: DATA_DIR/audit.db.",
    )
    audit_origin: str | None = Field(
        None,
        pattern=r"^[!-*,-~]{1,100}$",
        description="What the audit log calls itself in its signed heads, as clinic.example.org/audit. Never change "
        "it: verifiers and witnesses know the log by it. Default: therabook/ and the beginning of its key's hash.",
    )
    audit_witness_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s\"'<>]+$",
        description="Address of a witness (`therabook audit witness` on another machine) that signs the audit log's "
        "heads too and refuses one that contradicts what it has signed. Default: none.",
    )
    audit_witness_key: str | None = Field(
        None, description="The witness's public key, as it prints it when it starts: NAME+HASH+KEY."
    )
    audit_witness_seconds: int = Field(
        30, ge=1, le=86_400, description="How often a new head is shown to the witness, if there is one."
    )

    # Appointments and visits
    visit_opens_minutes: int = Field(
        15, ge=0, le=1440, description="Minutes before an appointment from which on its links lead in."
    )
    visit_closes_minutes: int = Field(30, ge=0, le=1440, description="Minutes after its end until which they do.")
    visit_devices: int = Field(
        1,
        ge=1,
        le=5,
        description="On how many devices a link works: those that opened it first. Others need a new link.",
    )
    visit_new_links: bool = Field(
        False,
        description="When an appointment is moved, its links are void and everybody gets new ones. Otherwise the old "
        "ones are good for the new time.",
    )
    visits_per_minute: int = Field(
        30, ge=1, le=100_000, description="Requests with patients' links from one address: who guesses is slowed down."
    )
    overlaps: Literal["allow", "warn", "refuse"] = Field(
        "warn",
        description="When a therapist has another appointment at the same time. warn: it is made, and the answer says "
        "so. refuse: it is not made, unless the request says despite_conflict.",
    )
    late_minutes: int = Field(5, ge=0, le=240, description="Minutes after the start from which on somebody is late.")
    checkin: bool = Field(
        True,
        description="Before each visit patients are asked how they want to be called, where they are, for a number to "
        "call back, for an emergency contact, and for consent to be seen by video.",
    )
    telehealth_text: Path | None = Field(
        None, description="Text file with what patients agree to at check-in: its first line is the title."
    )

    # What the practice is called on paper, and its calendar
    clinic_name: str | None = Field(
        None, max_length=200, description="The clinic's name on statements of minutes. Default: that of the brand."
    )
    clinic_address: str = Field(
        "", max_length=500, description="Its address there, lines separated by semicolons: 1 High Street; Springfield."
    )
    time_zone: str = Field(
        "UTC",
        description="The clinic's time zone, as America/New_York: where its days and months begin.",
    )

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("is no time zone; write one such as America/New_York or UTC")
        return name
