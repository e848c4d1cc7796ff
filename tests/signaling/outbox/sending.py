"""A sender with everything around it, whose clock is moved by hand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from clinic import Database
from clinic.audit.events import Event
from clinic.messages.outbox import Outbox
from clinic.messages.records import Message
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from signaling.outbox.mail import Mail
from signaling.outbox.notices import Notices, Ways
from signaling.outbox.sender import Sender
from signaling.outbox.sending import Provider
from signaling.sealed_columns import SealedColumns
from tests.signaling.outbox.letters import HOST, NOW, server_of, wording
from tests.signaling.outbox.mail_server import MailServerForTests

WAYS = Ways(mail=True, sms=True, reminders=(1440, 60))


class Office:
    """What writes and what sends, on one database."""

    def __init__(
        self,
        database: Database,
        seals: SealedColumns,
        provider: Provider | MailServerForTests,
        ways: Ways = WAYS,
        **changes: Any,
    ) -> None:
        self.now = NOW
        self.events: list[Event] = []
        self.clock = Clock(steady=lambda: self.now, wall=lambda: self.now)
        self.metrics = Metrics()
        self.audit = Audit(self._append, self.clock)
        self.outbox = Outbox(database)
        ids = itertools.count(1)
        self.notices = Notices(self.outbox, seals, ways, lambda: f"message-{next(ids)}", self.clock)
        if isinstance(provider, MailServerForTests):
            provider = Mail(server_of(provider), HOST)
        values: dict[str, Any] = {
            "channel": "mail",
            "outbox": self.outbox,
            "provider": provider,
            "wording": wording(),
            "opens": seals,
            "audit": self.audit,
            "clock": self.clock,
            "metrics": self.metrics,
            "chance": lambda: 0.5,
        }
        self.sender = Sender(**(values | changes))

    async def look(self, later: float = 0.0) -> int:
        """Sends what is due after so many seconds."""
        self.now += later
        tried = await self.sender.look()
        await self.audit.flush()
        return tried

    async def messages(self, about: str = "appointment-1") -> list[tuple[str, str, str]]:
        """Kind, channel and state of each."""
        return [(each.kind, each.channel, each.state.value) for each in await self.outbox.about(about)]

    async def kept(self, about: str = "appointment-1") -> list[Message]:
        return await self.outbox.about(about)

    def told(self) -> list[str]:
        return [event.kind for event in self.events]

    async def _append(self, events: Sequence[Event]) -> None:
        self.events += events
