"""The clinic's own records over HTTP, put together: each noun adds its routes here.

Not here: what any of them answers.
"""

from __future__ import annotations

from clinic import Database
from clinic.audit.log import AuditLog
from signaling.api_access import ApiAccess
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.route import Route
from therabook import alerts_served, usage_served
from therabook.settings import Settings


def routes(
    settings: Settings, store: Database, access: ApiAccess, audit: Audit, audit_log: AuditLog, clock: Clock
) -> list[Route]:
    """`audit` is told what happens; `audit_log` is what searches and exports read."""
    return [
        *alerts_served.routes(store, access, audit, audit_log, clock),
        *usage_served.routes(settings, store, access, audit, clock, audit_log),
    ]
