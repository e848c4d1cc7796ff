"""Settings of what the server sends by itself: e-mail, SMS, webhooks.

Not here: how settings are read (`settings.py`), what is sent (`outgoing_served.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from therabook.setting_kinds import NO_FLAG, Words


class OutgoingSettings(BaseSettings):
    # Messages: e-mail, SMS
    smtp_host: str | None = Field(
        None,
        description="The mail server that invitations and reminders are handed to. Default: none are sent by mail.",
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port; 465 is usual with smtp_security = tls.")
    smtp_security: Literal["starttls", "tls", "off"] = Field(
        "starttls",
        description="starttls: encrypted before anything is said, or nothing is sent. tls: from the first byte. off: "
        "for a mail server on this machine only.",
    )
    smtp_user: str | None = Field(None, description="Who we are there. Default: no login.")
    smtp_password: SecretStr | None = Field(None, json_schema_extra=NO_FLAG, description="The password for it.")
    smtp_ca: Path | None = Field(
        None, description="PEM file of the authorities that vouch for it. Default: those of the system."
    )
    smtp_from: str | None = Field(
        None, description="Whom mail comes from, as no-reply@clinic.example. Replies go there too."
    )
    smtp_at_once: int = Field(2, ge=1, le=20, description="Mails that are handed over at the same time.")
    sms: Literal["off", "webhook", "form"] = Field(
        "off",
        description="How SMS are sent. webhook: a signed request to a service of your own (docs/messages.md). form: a "
        "form, as most providers take it.",
    )
    sms_url: str | None = Field(None, description="Its address, https only.")
    sms_secret: SecretStr | None = Field(
        None,
        json_schema_extra=NO_FLAG,
        description="webhook: what signs requests, whsec_ and base64. form: the password, or without sms_user a token.",
    )
    sms_user: str | None = Field(None, description="form: the user, or account, with which it is sent.")
    sms_form_to: str = Field(
        "To", pattern=r"^[!-~]{1,60}$", description="form: what the field for the number is called."
    )
    sms_form_text: str = Field("Body", pattern=r"^[!-~]{1,60}$", description="form: the field for the text.")
    sms_form_more: Words = Field(
        (), description="form: fields that are always sent, as From=+15550100. Comma-separated."
    )
    sms_at_once: int = Field(2, ge=1, le=20, description="SMS that are handed over at the same time.")
    message_both: bool = Field(
        False, description="By e-mail and by SMS, whoever has both. Otherwise SMS go to those without an address."
    )
    message_language: str = Field(
        "en", pattern=r"^[a-z]{2,8}(-[a-z0-9]{1,8})*$", description="In which people are written to who have not said."
    )
    message_templates: Path | None = Field(
        None,
        description="Folder of files LANGUAGE.toml with your own words (docs/messages.md). Default: ours.",
    )
    reminder_minutes: Words = Field(
        ("1440", "60"), description="Minutes before an appointment at which people are reminded, comma-separated."
    )
    alert_mail: Words = Field(
        (), description="Addresses that are told when something unusual is noticed (not what). Comma-separated."
    )

    # Webhooks
    webhook_private_addresses: bool = Field(
        False,
        description="Webhooks and SMS may be sent to addresses inside of the clinic's own network, and there without "
        "TLS. Whoever manages webhooks can then have this server send requests there.",
    )
    webhook_ca: Path | None = Field(
        None, description="PEM file of the authorities that vouch for them. Default: those of the system."
    )
    webhook_days: int = Field(3, ge=1, le=30, description="Days for which a webhook is tried before it is given up.")

    @field_validator("reminder_minutes")
    @classmethod
    def _are_minutes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(value) > 5 or not all(each.isdecimal() and 10 <= int(each) <= 30 * 1440 for each in value):
            raise ValueError("at most five numbers of minutes, from 10 to 43200")
        return value

    @field_validator("sms_form_more")
    @classmethod
    def _are_fields(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all("=" in each[1:] for each in value):
            raise ValueError("write NAME=VALUE")
        return value
