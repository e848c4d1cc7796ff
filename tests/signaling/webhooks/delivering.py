"""What hears and what delivers, with everything around it, whose clock is moved by hand; and what receivers check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretBytes, SecretStr

from clinic import Database
from clinic.audit.events import Event
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from clinic.webhooks.records import Endpoint
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from signaling.outward import Outward, written_secret
from signaling.sealed_columns import SealedColumns
from signaling.spool import Spool
from signaling.webhooks.deliverer import Deliverer
from signaling.webhooks.feed import Feed
from signaling.webhooks.journal import Journal
from signaling.webhooks.secrets import Secrets, place
from tests.signaling.receiver import Request

NOW = 1_780_000_000.0
DAYS = 3 * 86_400.0
SECRET = written_secret(bytes(range(32)))


class Office:
    def __init__(self, database: Database, waiting: Path, timeout: float = 15.0, first: int = 1) -> None:
        """`waiting`: the journal's file. `first`: the number in the first event's id."""
        self.now = NOW
        self.events: list[Event] = []
        ids = itertools.count(first)
        self.clock = Clock(steady=lambda: self.now, wall=lambda: self.now)
        self.seals = SealedColumns(SecretBytes(bytes(range(32))), os.urandom)
        self.endpoints, self.store = Endpoints(database), DeliveryStore(database)
        self.audit = Audit(self._append, self.clock)
        self.metrics = Metrics()
        self.journal = Journal(Spool(waiting))
        self.feed = Feed(self.store, self.journal, lambda: f"event-{next(ids)}", self.clock, DAYS)
        self.feed.take_up()
        self.outward = Outward(private=True, timeout=timeout)
        self.deliverer = Deliverer(
            endpoints=self.endpoints,
            store=self.store,
            seals=self.seals,
            outward=self.outward,
            audit=self.audit,
            clock=self.clock,
            metrics=self.metrics,
            chance=lambda: 0.5,
        )

    async def endpoint(self, url: str, id: str = "endpoint-1", secret: SecretStr = SECRET, **changes: Any) -> None:
        values: dict[str, Any] = {
            "url_sealed": self.seals.seal(url, place("url", id)),
            "secrets_sealed": Secrets(secret).sealed(self.seals, id),
            "kinds": (),
            "active": True,
            "created_at": NOW,
            "changed_at": NOW,
        }
        await self.endpoints.add(Endpoint(**({"id": id} | values | changes)))

    def hears(self, kind: str, session: str = "session-1", subject: str | None = None, **details: Any) -> None:
        """As the audit log is told."""
        self.feed.hear(Event(kind, self.now, "link", "somebody", session, "patient-1", subject, details))

    async def settle(self, later: float = 0.0) -> None:
        """Delivers what is due after so many seconds."""
        self.now += later
        await self.feed.flush()
        await self.deliverer.settle()
        await self.audit.flush()

    async def states(self, id: str = "endpoint-1") -> dict[str, str]:
        page = await self.store.page(id, limit=200)
        return {each.event_id: each.state.value for each in reversed(page.deliveries)}

    async def close(self) -> None:
        await self.feed.close()
        await self.deliverer.close()
        await self.outward.close()

    async def _append(self, events: Sequence[Event]) -> None:
        self.events += events


def genuine(request: Request, secret: SecretStr = SECRET) -> bool:
    """As a receiver checks it, from nothing but the specification."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    key = base64.b64decode(secret.get_secret_value().removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(each == f"v1,{wanted}" for each in headers["webhook-signature"].split(" "))


def told(requests: Sequence[Request]) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in requests]
