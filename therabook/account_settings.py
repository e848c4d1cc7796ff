"""Settings of accounts: how staff sign in, how long they stay signed in, and single sign-on.

Not here: how settings are read (`settings.py`).
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from therabook.setting_kinds import NO_FLAG


class AccountSettings(BaseSettings):
    staff_second_factor: Literal["required", "optional"] = Field(
        "required",
        description="Whether everybody of the clinic who signs in by password must show a second factor too: a passkey "
        "or an authenticator app.",
    )
    staff_passwords: bool = Field(
        True, description="Staff sign in by password or passkey. --no-staff-passwords: by single sign-on only."
    )
    staff_password_memory: int = Field(
        64, ge=19, le=1024, description="MiB of memory that the hash of a password takes (argon2id); two at once."
    )
    staff_idle_minutes: int = Field(
        15, ge=1, le=480, description="Staff who do nothing for this long are signed out (automatic logoff)."
    )
    staff_session_hours: int = Field(12, ge=1, le=168, description="After this staff sign in again in any case.")
    staff_invitation_hours: int = Field(
        72, ge=1, le=720, description="How long the link for a new member of staff is good. It works once."
    )
    staff_emergency_minutes: int = Field(30, ge=5, le=240, description="How long emergency access lasts.")
    staff_requests_per_minute: int = Field(
        600, ge=10, le=100_000, description="Requests for records by one person, or with one key."
    )
    staff_sync_administrators: bool = Field(
        False,
        description="The booking system's key may make administrators and auditors too (POST /api/accounts/sync).",
    )
    staff_oidc_issuer: str | None = Field(
        None,
        pattern=r"^https?://[^\s\"'<>?#]+$",
        description="Single sign-on by OpenID Connect: the provider's issuer, as https://login.example.org. It sends "
        "people back to PUBLIC_URL/api/staff/sign-on/back. Default: none.",
    )
    staff_oidc_client_id: str | None = Field(None, description="What the provider calls this server.")
    staff_oidc_client_secret: SecretStr | None = Field(
        None, json_schema_extra=NO_FLAG, description="The secret that goes with it. Default: none, by PKCE alone."
    )
    staff_oidc_name: str = Field(
        "Single sign-on", min_length=1, max_length=60, description="What the button for it says."
    )
    staff_oidc_second_factor: Literal["provider", "here"] = Field(
        "provider",
        description="Who sees to the second factor of people who come by single sign-on: the provider, or this server.",
    )

    @model_validator(mode="after")
    def _sign_in_is_possible(self) -> Self:
        if self.staff_oidc_issuer is not None and self.staff_oidc_client_id is None:
            raise ValueError("staff_oidc_issuer needs staff_oidc_client_id")
        if not self.staff_passwords and self.staff_oidc_issuer is None:
            raise ValueError("staff_passwords = no needs staff_oidc_issuer: nobody could sign in")
        return self
