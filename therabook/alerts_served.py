"""Unusual activity, put together: from settings to the rules, and to what hears for them.

Not here: what is unusual (`signaling/alerts`).
"""

from __future__ import annotations

import os
from datetime import time
from zoneinfo import ZoneInfo

from clinic import Database
from clinic.alerts.store import AlertStore
from clinic.audit.log import AuditLog
from signaling.alerts.alerts import Alerts
from signaling.alerts.api import AlertsApi
from signaling.alerts.places import Places
from signaling.alerts.rules import DAYS, Hours, Thresholds, rules
from signaling.api_access import ApiAccess
from signaling.audit.api import AuditApi
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.metrics import Metrics
from signaling.route import Route
from therabook.settings import Settings


def alerts(settings: Settings, store: Database, audit: Audit, metrics: Metrics, clock: Clock) -> Alerts:
    """Hears of every event from now on."""
    thresholds = Thresholds(
        failed_joins=settings.alert_failed_joins,
        failed_sign_ins=settings.alert_failed_sign_ins,
        link_guesses=settings.alert_link_guesses,
        views=settings.alert_views,
    )
    made = Alerts(
        rules=rules(thresholds, hours(settings)),
        places=Places(os.urandom(32)),
        audit=audit,
        store=AlertStore(store),
        clock=clock,
        new_id=new_id,
        counter=metrics.alerts,
    )
    audit.hearers.append(made.hear)
    return made


def hours(settings: Settings) -> Hours | None:
    """When the clinic works; None: always."""
    if settings.alert_hours == "always":
        return None
    begins, _, ends = settings.alert_hours.partition("-")
    days = frozenset(settings.alert_days or DAYS)
    return Hours(time.fromisoformat(begins), time.fromisoformat(ends), days, ZoneInfo(settings.time_zone))


def routes(store: Database, access: ApiAccess, audit: Audit, audit_log: AuditLog, clock: Clock) -> list[Route]:
    """Of the audit log, and of what was unusual in it."""
    return [
        *AuditApi(log=audit_log, audit=audit, access=access).routes(),
        *AlertsApi(store=AlertStore(store), audit=audit, access=access, clock=clock).routes(),
    ]
