"""Alerts: what the rules have noticed, told to the audit log, counted, kept until somebody looks, and announced.

Hears of each event as it is told; never waits and never raises, because whoever tells it is in a call. Not here: the
rules (`rules.py`), and what is asked over HTTP (`api.py`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog
from prometheus_client import Counter

from clinic import ClinicError, Conflict
from clinic.alerts.records import Alert
from clinic.alerts.store import AlertStore
from clinic.audit.events import Event
from signaling.alerts.places import WITHIN, Places
from signaling.alerts.rules import RULES, Raised, Rule
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.told_door import Came

log = structlog.get_logger("alerts")

WAITING = 1000
"""Notices that wait for a database that is away. The audit log has the others all the same."""

TRY_AGAIN = 10.0
"""Seconds after which the database is tried again."""

Notify = Callable[[Alert], Awaitable[None]]
"""Tells people of it, as by mail. Never raises."""


async def nobody(_alert: Alert) -> None:
    """Whoever wants to know looks."""


class Alerts:
    def __init__(
        self,
        *,
        rules: Sequence[Rule],
        places: Places,
        audit: Audit,
        store: AlertStore,
        clock: Clock,
        new_id: Callable[[], str],
        counter: Counter,
        notify: Notify = nobody,
    ) -> None:
        self._rules = rules
        self._places = places
        self._audit = audit
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._counter = counter
        self.notify = notify
        self._waiting: deque[Alert] = deque(maxlen=WAITING)
        self._come = asyncio.Event()
        for rule in RULES:
            counter.labels(rule)  # it is there, and 0, from the beginning

    def hear(self, event: Event) -> None:
        """For `Audit.hearers`."""
        for rule in self._rules:
            raised = rule.hear(event)
            if raised is not None:
                self._raise(raised)

    def used(self, came: Came, address: str) -> None:
        """For `ToldDoor`, and for the cookies of staff."""
        if self._places.used(came.token, address, self._clock.steady(), returns=came.returns):
            now = self._clock.wall()
            self._raise(Raised("two_places", now, 2, WITHIN, came.kind, came.who, came.session))

    async def run(self) -> None:
        """Keeps and announces, until cancelled."""
        while True:
            await self._come.wait()
            if not await self.flush():
                await asyncio.sleep(TRY_AGAIN)

    async def flush(self) -> bool:
        """False if the database is away."""
        self._come.clear()
        while self._waiting:
            alert = self._waiting[0]
            try:
                await self._store.keep(alert)
            except Conflict:
                pass  # it was kept the last time, and we were not told
            except ClinicError as error:
                log.error("an alert cannot be kept", rule=alert.rule, error_type=type(error).__name__)
                self._come.set()
                return False
            if self._waiting and self._waiting[0] is alert:
                self._waiting.popleft()
            await self.notify(alert)
        return True

    def _raise(self, raised: Raised) -> None:
        alert = Alert(
            id=self._new_id(),
            rule=raised.rule,
            at=raised.at,
            actor_kind=raised.actor_kind,
            actor=raised.actor,
            session=raised.session,
            count=raised.count,
            seconds=round(raised.seconds),
        )
        self._counter.labels(raised.rule).inc()
        log.warning("unusual activity", rule=raised.rule)
        self._waiting.append(alert)
        self._come.set()
        self._audit.told(
            "alert.raise",
            "server",
            "alerts",
            session=raised.session,
            subject=alert.id,
            rule=raised.rule,
            whose=raised.actor,
            count=raised.count,
            seconds=alert.seconds,
        )
