"""The deliverer: posts what is due to each endpoint, signed, one event of a session after another.

What is not taken is tried again after a rest that grows to hours, for days, and then given up. An endpoint that is down
is not tried by every session at once, and gets what waited as soon as it answers again. Not here: where requests may go
(`signaling/outward.py`), what is delivered (`feed.py`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from pydantic import SecretStr

from clinic import ClinicError
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from clinic.webhooks.records import Attempt, Delivery, Endpoint
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from signaling.outward import TIMEOUT, Outward, Unreachable, signed_headers
from signaling.sealed_columns import SealBroken
from signaling.webhooks.secrets import Seals, opened, place

log = structlog.get_logger("webhooks")

LOOK = 1.0
"""Seconds between two looks at what is due: webhooks come that late at most."""

LEASE = 4 * TIMEOUT
"""Seconds for which a delivery is taken."""

AT_ONCE = 8
"""Requests to one endpoint at the same time, each of another session."""

FIRST_REST = 5.0
LONGEST_REST = 6 * 3600.0
"""Seconds before another attempt; each rest is about three times the one before."""

DOWN_AFTER = 3
"""Attempts that fail one after another, until an endpoint is taken to be down."""

DOWN_REST = 60.0
"""Seconds for which nothing is tried then."""

GONE = 410
"""With this an endpoint says that it wants nothing any more: it is switched off."""

LAST_WORDS = TIMEOUT


def rest(attempts: int, chance: float) -> float:
    """Seconds until the next attempt after so many: 5 s, 15 s, 45 s ... 6 h. `chance` in [0, 1)."""
    return min(LONGEST_REST, FIRST_REST * 3.0 ** min(attempts - 1, 20)) * (0.75 + 0.5 * chance)


def body_of(delivery: Delivery) -> bytes:
    """The same each time that it is delivered, also when it is replayed."""
    told = {
        "id": delivery.event_id,
        "type": delivery.kind,
        "timestamp": datetime.fromtimestamp(delivery.at, UTC).isoformat(timespec="milliseconds"),
        "session": delivery.session,
        "sequence": delivery.sequence,
        "data": dict(sorted(delivery.data.items())),
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class _Known:
    """What is remembered of an endpoint between two looks."""

    failures: int = 0
    """One after another."""
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@dataclass
class Deliverer:
    endpoints: Endpoints
    store: DeliveryStore
    seals: Seals
    outward: Outward
    audit: Audit
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    _known: dict[str, _Known] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            try:
                await self.look()
            except ClinicError as error:
                log.error("webhooks wait: the database cannot be read", error_type=type(error).__name__)
            await asyncio.sleep(LOOK)

    async def look(self) -> int:
        """Begins what is due and fits in; how many that were. An endpoint that is slow holds up no other. Raises
        ClinicError."""
        begun = 0
        endpoints = await self.endpoints.all()
        for endpoint in endpoints:
            known = self._known.setdefault(endpoint.id, _Known())
            free = AT_ONCE - len(known.tasks)
            if not endpoint.active or free <= 0:
                continue
            for delivery in await self.store.claim(endpoint.id, self.clock.wall(), LEASE, free):
                task = asyncio.get_running_loop().create_task(self._deliver(endpoint, known, delivery))
                begun += 1
                known.tasks.add(task)
                task.add_done_callback(known.tasks.discard)
        there = {endpoint.id for endpoint in endpoints}
        self._known = {id: known for id, known in self._known.items() if id in there or known.tasks}
        self.metrics.webhooks_waiting.set(await self.store.waiting())
        return begun

    async def settle(self) -> None:
        """Delivers until nothing is due now. Raises ClinicError."""
        while True:
            before = self._on_their_way()
            begun = await self.look()
            if tasks := self._on_their_way():
                await asyncio.wait(tasks)
            elif not begun and not before:
                return  # and nothing that ended during the look can have made anything due after it

    async def close(self) -> None:
        """Waits for what is on its way."""
        if tasks := self._on_their_way():
            _, late = await asyncio.wait(tasks, timeout=LAST_WORDS)
            for task in late:
                task.cancel()

    def _on_their_way(self) -> list[asyncio.Task[None]]:
        return [task for known in self._known.values() for task in known.tasks]

    async def _deliver(self, endpoint: Endpoint, known: _Known, delivery: Delivery) -> None:
        """One attempt, and as long as it is taken the next of its session."""
        try:
            await self._attempt(endpoint, known, delivery)
        except ClinicError as error:
            # it is found again when the lease is over, and delivered once more
            log.error("what became of a webhook cannot be kept", error_type=type(error).__name__)
        except Exception as error:  # a fault of ours, in one delivery
            log.exception("fault", error_type=type(error).__name__)

    async def _attempt(self, endpoint: Endpoint, known: _Known, delivery: Delivery) -> None:
        status, error = None, None
        begun = self.clock.steady()
        try:
            url, secrets = self._opened(endpoint)
            body = body_of(delivery)
            headers = signed_headers(secrets, delivery.event_id, int(self.clock.wall()), body)
            answer = await self.outward.post(url, body, headers)
            status, error = answer.status, None if answer.taken else "answer"
        except Unreachable as unreachable:
            error = unreachable.why
        except SealBroken:
            log.error("a webhook cannot be opened: the data key is another one")
            error = "sealed"
        now = self.clock.wall()
        attempt = Attempt(delivery.id, now, status, round((self.clock.steady() - begun) * 1000), error)
        if error is None:
            await self._taken(known, delivery, attempt)
        else:
            await self._refused(known, delivery, attempt)

    def _opened(self, endpoint: Endpoint) -> tuple[str, list[SecretStr]]:
        """Raises SealBroken."""
        url = self.seals.open(endpoint.url_sealed, place("url", endpoint.id))
        return url, opened(endpoint.secrets_sealed, self.seals, endpoint.id).now(self.clock.wall())

    async def _taken(self, known: _Known, delivery: Delivery, attempt: Attempt) -> None:
        self.metrics.webhooks.labels("delivered").inc()
        was_down, known.failures = known.failures >= DOWN_AFTER, 0
        await self.store.delivered(delivery, attempt)
        if was_down:
            await self.store.hurry(delivery.endpoint_id, attempt.at)

    async def _refused(self, known: _Known, delivery: Delivery, attempt: Attempt) -> None:
        known.failures += 1
        again = attempt.at + rest(delivery.attempts, self.chance())
        gone = attempt.status == GONE
        if gone or again >= delivery.give_up_at:
            if await self.store.failed(delivery, attempt, None):
                self.metrics.webhooks.labels("given_up").inc()
                log.error("a webhook is given up", kind=delivery.kind, reason=attempt.error)
                self.audit.told(
                    "webhook.fail",
                    "server",
                    "webhooks",
                    session=delivery.session,
                    subject=delivery.endpoint_id,
                    event=delivery.event_id,
                    what=delivery.kind,
                    attempts=delivery.attempts,
                    code=attempt.error,
                    status=attempt.status,
                )
        else:
            self.metrics.webhooks.labels("put_off").inc()
            await self.store.failed(delivery, attempt, again)
        if gone:
            await self.endpoints.change(delivery.endpoint_id, attempt.at, active=False)
            self.audit.told("webhook.change", "server", "webhooks", subject=delivery.endpoint_id, what="gone")
        elif known.failures >= DOWN_AFTER:
            until = attempt.at + DOWN_REST * (0.75 + 0.5 * self.chance())
            await self.store.put_off(delivery.endpoint_id, until)
