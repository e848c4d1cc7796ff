"""An alert, as it goes in and comes out: plain frozen values.

Not here: what is unusual (`signaling/alerts`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alert:
    id: str
    rule: str
    """Which rule noticed it."""
    at: float
    """Seconds since 1970."""
    actor_kind: str | None
    actor: str | None
    """Who did it, as the audit log calls them; None where that is nobody in particular."""
    session: str | None
    count: int
    """How often, at least; or of how many."""
    seconds: int
    """Within which time."""
    closed_at: float | None = None
    closed_by: str | None = None
    """An account's id."""


@dataclass(frozen=True)
class AlertPage:
    alerts: tuple[Alert, ...]
    next: str | None
    """For `after`; None: that was all."""
