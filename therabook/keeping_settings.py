"""Settings of keeping: how long records are kept, and for whom backups are encrypted.

Not here: how settings are read (`settings.py`), what the law wants (`clinic/keeping/kinds.py`).
"""

from __future__ import annotations

from pydantic import Field

from therabook.account_settings import AccountSettings
from therabook.setting_kinds import Words


class KeepingSettings(AccountSettings):
    retention: Words = Field(
        (),
        description="How long kinds of records are kept unless somebody decides otherwise, comma-separated: "
        "messages=30, consents=never. In days. docs/keeping.md names the kinds, their defaults and what the law wants.",
    )
    backup_recipients: Words = Field(
        (),
        description="Public age keys (age1...) to which `therabook backup` encrypts, comma-separated. Their secret "
        "halves are kept away from this machine.",
    )
    backup_days: int = Field(7, ge=1, le=366, description="Days after which `therabook doctor` misses a newer backup.")
