"""The clinic's own records over HTTP, put together: each noun adds its routes here.

Not here: what any of them answers.
"""

from __future__ import annotations

from clinic import Database
from clinic.alerts.store import AlertStore
from clinic.audit.log import AuditLog
from signaling.alerts.api import AlertsApi
from signaling.api_access import ApiAccess
from signaling.audit.api import AuditApi
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.route import Route
from therabook.settings import Settings


def routes(
    settings: Settings, store: Database, access: ApiAccess, audit: Audit, audit_log: AuditLog, clock: Clock
) -> list[Route]:
    """`audit` is told what happens; `audit_log` is what searches and exports read."""
    return [
        *AuditApi(log=audit_log, audit=audit, access=access).routes(),
        *AlertsApi(store=AlertStore(store), audit=audit, access=access, clock=clock).routes(),
    ]
