"""Usage, from settings to what the server wants: the meter with its keeper, and the routes.

Not here: what counts, and what is answered (`signaling/usage`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clinic import Database
from clinic.accounts import Accounts
from clinic.audit.log import AuditLog
from clinic.usage.codes import CodeTables
from clinic.usage.store import Usages
from clinic.usage.sums import UsageSums
from sfu import MediaServer
from signaling import keys
from signaling.api_access import ApiAccess
from signaling.appointments.staff import StaffByAccount
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.route import Route
from signaling.sealed_columns import SealedColumns
from signaling.sessions import Sessions
from signaling.usage.api import UsageApi
from signaling.usage.codes import DEFAULT
from signaling.usage.keeper import AppointmentOf, UsageKeeper
from signaling.usage.meter import Meter
from signaling.usage.printed import Letterhead
from signaling.usage.routes import usage_routes
from therabook.settings import Settings


def keeper(
    settings: Settings,
    store: Database,
    sessions: Sessions,
    media: MediaServer,
    clock: Clock,
    appointment_of: AppointmentOf,
) -> UsageKeeper:
    return UsageKeeper(Meter(new_id, day_of(settings)), Usages(store), sessions, media, clock, appointment_of)


def routes(
    settings: Settings,
    store: Database,
    access: ApiAccess,
    audit: Audit,
    clock: Clock,
    audit_log: AuditLog,
) -> list[Route]:
    """Raises signaling.keys.BadKey."""

    async def audit_head() -> str | None:
        return (await audit_log.head()).note or None

    records_key = keys.records_key(settings.data_dir)
    api = UsageApi(
        access=access,
        audit=audit,
        usages=Usages(store),
        sums=UsageSums(store),
        code_tables=CodeTables(store),
        key=signing_key(settings),
        letterhead=letterhead(settings),
        clock=clock,
        audit_head=audit_head,
        names_of=StaffByAccount(Accounts(store), SealedColumns(records_key, os.urandom)).names,
    )
    return usage_routes(api)


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """Made at its first use. Raises signaling.keys.BadKey."""
    return Ed25519PrivateKey.from_private_bytes(keys.usage_key(settings.data_dir).get_secret_value())


def letterhead(settings: Settings) -> Letterhead:
    return Letterhead(
        clinic=settings.clinic_name or settings.brand_name,
        address="\n".join(line.strip() for line in settings.clinic_address.split(";")),
        zone=ZoneInfo(settings.time_zone),
        currency=DEFAULT.currency,
    )


def day_of(settings: Settings) -> Callable[[float], str]:
    """Of a moment, the day in the clinic's calendar."""
    zone = ZoneInfo(settings.time_zone)
    return lambda moment: datetime.fromtimestamp(moment, UTC).astimezone(zone).strftime("%Y-%m-%d")
