"""Settings of the clinic's own records: a group for each noun. They stand after those of calls and recordings.

Not here: how settings are read (`settings.py`).
"""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from therabook.setting_kinds import NO_FLAG


class PracticeSettings(BaseSettings):
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
