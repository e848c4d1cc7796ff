"""Settings of the clinic's own records: a group for each noun. They stand after those of calls and recordings.

Not here: how settings are read (`settings.py`).
"""

from __future__ import annotations

from pydantic import Field, SecretStr

from therabook.account_settings import AccountSettings
from therabook.setting_kinds import NO_FLAG, Words


class PracticeSettings(AccountSettings):
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

    # Unusual activity (docs/unusual-activity.md)
    alert_failed_joins: int = Field(
        20,
        ge=0,
        le=10_000,
        description="Bad links at the door of one session within five minutes that are worth a notice; 0: never.",
    )
    alert_failed_sign_ins: int = Field(
        10,
        ge=0,
        le=10_000,
        description="Failed sign-ins to one account within 15 minutes that are worth a notice, and three times as many "
        "to all together; 0: never.",
    )
    alert_link_guesses: int = Field(
        20,
        ge=0,
        le=10_000,
        description="Links that there are none of, within 15 minutes, that are worth a notice; 0: never.",
    )
    alert_views: int = Field(
        40,
        ge=0,
        le=10_000,
        description="Different recordings, notes and patients that one person looks at within an hour and that are "
        "worth a notice; 0: never.",
    )
    alert_hours: str = Field(
        "07:00-21:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$|^always$",
        description="When the clinic works: an export at any other time is worth a notice. always: never.",
    )
    alert_days: Words = Field(
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        description="On which days, comma-separated: mon, tue, wed, thu, fri, sat, sun.",
    )
    alert_zone: str = Field(
        "UTC", pattern=r"^[A-Za-z0-9_+/-]{1,64}$", description="The clinic's time zone, as America/New_York."
    )
