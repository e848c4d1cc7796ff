"""Settings of the clinic's own records: a group for each noun. They stand after those of calls and recordings.

Not here: how settings are read (`settings.py`).
"""

from __future__ import annotations

from zoneinfo import available_timezones

from pydantic import Field, SecretStr, field_validator

from therabook.keeping_settings import KeepingSettings
from therabook.setting_kinds import NO_FLAG


class PracticeSettings(KeepingSettings):
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
