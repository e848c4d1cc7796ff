"""The feed: hears what happens, and keeps for each endpoint that wants it what is to be delivered.

Calls never wait for it: what they tell is kept in the background, in its order, also after a database was away for a
while; what a crash interrupts in that is found in the journal, and what a crash has ended is told as ended. What a
change of an appointment tells is kept in the transaction of that change. Not here: delivering.
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
from signaling.webhooks.journal import Going, Journal
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

RESTART = "restart"
"""Why something ended that was going on when the service ended."""

OF_APPOINTMENTS: dict[What, Kind] = {
    "made": "appointment.made",
    "moved": "appointment.moved",
    "cancelled": "appointment.cancelled",
}


class Feed:
    def __init__(
        self, store: DeliveryStore, journal: Journal, new_id: Callable[[], str], clock: Clock, keep_trying: float
    ) -> None:
        """`keep_trying`: seconds for which a delivery is tried."""
        self._store = store
        self._journal = journal
        self._new_id = new_id
        self._clock = clock
        self._keep_trying = keep_trying
        self._waiting: deque[WebhookEvent] = deque()
        self._lost = 0
        self._come = asyncio.Event()
        self._going = Going()
        self._ending: dict[str, str] = {}
        """Sessions that were ended for all, and why."""

    def take_up(self) -> None:
        """Once, before anything is heard: what the last run of the service has left. What was going on then has ended:
        people come back as those who join. Waits for the disk. Raises OSError."""
        waiting, self._going = self._journal.read()
        self._waiting.extend(waiting)
        for recording, session in list(self._going.recordings.items()):
            self.tell("recording.finished", session, recording=recording, why=RESTART)
        for session, roles in list(self._going.sessions.items()):
            for role in list(roles):
                self.tell("person.left", session, role=role, why=RESTART)
            self.tell("session.ended", session, why=RESTART)
        self._journal.begin_anew(self._waiting, self._going)

    def hear(self, event: Event) -> None:
        """What the audit log was told (`Audit.hearers`). Returns at once."""
        session = event.session
        if event.kind == "call.end" and session is not None:
            self._ending[session] = str(event.details.get("why", ""))
            return
        kind = FROM_AUDIT.get(event.kind)
        if kind is None or session is None:
            return
        if kind == "person.joined" and not self._going.sessions.get(session):
            self.tell("session.started", session)
        self.tell(kind, session, **_data(kind, event))
        if kind == "person.left" and not self._going.sessions.get(session):
            why = str(event.details.get("why", ""))
            self.tell("session.ended", session, why=self._ending.pop(session, why))

    def tell(self, kind: Kind, session: str, **data: Detail) -> None:
        """From whatever goes on in any case. Returns at once."""
        event = self._event(kind, session, data)
        self._going.hear(event)
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(event)
            self._journal.waits(event)
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
            kept = await self.flush()
            self._journal.look(self._waiting, self._going)
            if not kept:
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
            self._journal.kept(some[-1])
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
            log.warning("webhooks wait for the next start of the service", count=len(self._waiting))
        self._journal.begin_anew(self._waiting, self._going)
        await self._journal.close()

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
