"""Settings of what is unusual (docs/unusual-activity.md).

Not here: how settings are read (`settings.py`), the rules themselves (`signaling/alerts`).
"""

from __future__ import annotations

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from signaling.alerts.rules import DAYS
from therabook.setting_kinds import Words


class AlertSettings(BaseSettings):
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
        description="When the clinic works, in its time zone: an export at any other time is worth a notice. always: "
        "never.",
    )
    alert_days: Words = Field(
        (), description="On which days it works, comma-separated, as mon,tue,wed,thu,fri. Default: every day."
    )

    @field_validator("alert_days")
    @classmethod
    def _are_days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        if not set(days) <= set(DAYS):
            raise ValueError(f"days are {', '.join(DAYS)}")
        return days
