"""The log itself."""

from __future__ import annotations

from collections.abc import Sequence

from clinic.audit.events import Event


class AuditLog:
    """In memory until its database is there."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def append(self, events: Sequence[Event]) -> None:
        self.events += events
