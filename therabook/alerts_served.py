"""Unusual activity, put together: from settings to the rules, and to what hears for them.

Not here: what is unusual (`signaling/alerts`).
"""

from __future__ import annotations

import os
from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinic import Database
from clinic.alerts.store import AlertStore
from signaling.alerts.alerts import Alerts
from signaling.alerts.places import Places
from signaling.alerts.rules import DAYS, Hours, Thresholds, rules
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.metrics import Metrics
from therabook.settings import BadSettings, Settings


def alerts(settings: Settings, store: Database, audit: Audit, metrics: Metrics, clock: Clock) -> Alerts:
    """Hears of every event from now on. Raises BadSettings."""
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
    """When the clinic works; None: always. Raises BadSettings."""
    try:
        zone = ZoneInfo(settings.alert_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSettings(f"alert_zone: there is no time zone {settings.alert_zone}") from None
    unknown = sorted(set(settings.alert_days) - set(DAYS))
    if unknown:
        raise BadSettings(f"alert_days: {', '.join(unknown)} is no day; write {', '.join(DAYS)}")
    if settings.alert_hours == "always":
        return None
    begins, _, ends = settings.alert_hours.partition("-")
    return Hours(time.fromisoformat(begins), time.fromisoformat(ends), frozenset(settings.alert_days), zone)
