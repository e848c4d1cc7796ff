"""The feed: hears what happens, and keeps for each endpoint that wants it what is to be delivered.

Calls never wait for it: what they tell is kept in the background, in its order, also after a database was away for a
while. What a change of an appointment tells is kept in the transaction of that change. Not here: delivering.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import structlog

from clinic import ClinicError
from clinic.appointments.records import Appointment
from clinic.audit.events import Detail, Event
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.records import WebhookEvent
from signaling.appointments.told import Invited, What
from signaling.clock import Clock
from signaling.webhooks.kinds import DETAILS, FROM_AUDIT, SUBJECTS, Kind

log = structlog.get_logger("webhooks")

BACKLOG = 50_000
"""Events that are kept in memory while the database is away. Beyond it they are lost, and the log says so."""

TOGETHER = 200
"""Events that are kept in one transaction."""

TRY_AGAIN = 2.0
"""Seconds after which the database is tried again."""

LAST_WORDS = 5.0
"""Seconds that a server which stops gives to what is not kept yet."""

OF_APPOINTMENTS: dict[What, Kind] = {
    "made": "appointment.made",
    "moved": "appointment.moved",
    "cancelled": "appointment.cancelled",
}


class Feed:
    def __init__(self, store: DeliveryStore, new_id: Callable[[], str], clock: Clock, keep_trying: float) -> None:
        """`keep_trying`: seconds for which a delivery is tried."""
        self._store = store
        self._new_id = new_id
        self._clock = clock
        self._keep_trying = keep_trying
        self._waiting: deque[WebhookEvent] = deque()
        self._lost = 0
        self._come = asyncio.Event()
        self._people: dict[str, int] = {}
        """In each session, as far as was heard."""
        self._ending: dict[str, str] = {}
        """Sessions that were ended for all, and why."""

    def hear(self, event: Event) -> None:
        """What the audit log was told (`Audit.hearers`). Returns at once."""
        session = event.session
        if event.kind == "call.end" and session is not None:
            self._ending[session] = str(event.details.get("why", ""))
            return
        kind = FROM_AUDIT.get(event.kind)
        if kind is None or session is None:
            return
        if kind == "person.joined":
            self._people[session] = self._people.get(session, 0) + 1
            if self._people[session] == 1:
                self.tell("session.started", session)
        self.tell(kind, session, **_data(kind, event))
        if kind == "person.left":
            self._left(session, str(event.details.get("why", "")))

    def tell(self, kind: Kind, session: str, **data: Detail) -> None:
        """From whatever goes on in any case. Returns at once."""
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(self._event(kind, session, data))
        self._come.set()

    async def changed(self, what: What, appointment: Appointment, links: Sequence[Invited]) -> None:
        """As `Told` says, in the transaction of the change. Raises ClinicError."""
        event = self._event(
            OF_APPOINTMENTS[what],
            appointment.session,
            {
                "appointment": appointment.id,
                "external": appointment.external_id,
                "revision": appointment.revision,
                "starts_at": appointment.starts_at,
                "minutes": appointment.minutes,
            },
        )
        await self._store.add([event], self._keep_trying)

    async def run(self) -> None:
        """Keeps what was told, until cancelled."""
        while True:
            await self._come.wait()
            if not await self.flush():
                await asyncio.sleep(TRY_AGAIN)

    async def flush(self) -> bool:
        """Keeps what is waiting; False if it could not be."""
        while self._waiting:
            some = [self._waiting[each] for each in range(min(TOGETHER, len(self._waiting)))]
            try:
                await self._store.add(some, self._keep_trying)
            except ClinicError as error:
                log.error("webhooks cannot be kept", error_type=type(error).__name__, count=len(self._waiting))
                return False
            for _ in some:
                self._waiting.popleft()
        if self._lost:
            log.error("webhooks were lost: the database was away for too long", count=self._lost)
            self._lost = 0
        self._come.clear()
        return True

    async def close(self) -> None:
        """Keeps what is waiting, if it can be soon."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                kept = await self.flush()
        except TimeoutError:
            kept = False
        if not kept:
            log.error("webhooks were not kept before the end", count=len(self._waiting))

    def _left(self, session: str, why: str) -> None:
        people = self._people.get(session, 0) - 1
        if people > 0:
            self._people[session] = people
            return
        self._people.pop(session, None)
        self.tell("session.ended", session, why=self._ending.pop(session, why))

    def _event(self, kind: Kind, session: str, data: dict[str, Detail]) -> WebhookEvent:
        return WebhookEvent(self._new_id(), kind, session, self._clock.wall(), data)


def _data(kind: Kind, event: Event) -> dict[str, Detail]:
    """What of an event is told: what it is about, and words of ours."""
    data: dict[str, Detail] = {name: event.details[name] for name in DETAILS if name in event.details}
    about = SUBJECTS.get(kind.partition(".")[0])
    if about is not None and event.subject is not None:
        data[about] = event.subject
    if kind == "person.left" and "why" not in data:
        data["why"] = {"call.decline": "declined", "call.remove": "removed"}.get(event.kind, "left")
    return data
