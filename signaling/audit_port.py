"""The way into the audit log for everybody else.

`record` waits until an event is on the disk: access to records comes after it, or not at all. `told` does not wait: a
running call goes on whatever the log does, and what could not be written is written when it can be again, with a word
of how long that was. Not here: what the log is (`clinic/audit`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import structlog

from clinic import BadValue, ClinicError
from clinic.audit.canonical import draft
from clinic.audit.events import KINDS, ActorKind, Detail, Event
from signaling.clock import Clock
from signaling.refusals import Refused

log = structlog.get_logger("audit")

Append = Callable[[Sequence[Event]], Awaitable[object]]

Hear = Callable[[Event], None]

BACKLOG = 100_000
"""Events of running calls that are kept while the log cannot be written: a day of a large clinic. Beyond it they are
counted only, and the count is written."""

TOGETHER = 500
"""Events that are written in one go."""

TRY_AGAIN = 2.0
"""Seconds after which the log is tried again."""

LAST_WORDS = 5.0
"""Seconds that a server which stops gives the log to take what is still waiting."""


class Audit:
    def __init__(self, append: Append, clock: Clock) -> None:
        """`append` returns when the events are durable, in their order. Raises ClinicError."""
        self._append = append
        self._clock = clock
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._come = asyncio.Event()
        self._one_writes = asyncio.Lock()
        self._failing_since: float | None = None
        self.hearers: list[Hear] = []
        """Are told of each event, once it is written or waits for it. They return at once and never raise."""

    @property
    def failing(self) -> bool:
        """Whether the last try to write failed."""
        return self._failing_since is not None

    @property
    def waiting(self) -> int:
        """Events that are not written yet."""
        return len(self._waiting)

    async def record(
        self,
        kind: str,
        actor_kind: ActorKind,
        actor: str,
        *,
        session: str | None = None,
        patient: str | None = None,
        subject: str | None = None,
        **details: Detail,
    ) -> None:
        """Before something is shown or changed. Raises Refused: `audit_unavailable`, and then nothing may be."""
        event = _event(kind, self._clock.wall(), actor_kind, actor, session, patient, subject, details)
        async with self._one_writes:
            # what happened before it goes first, unless that is the heap of an outage
            first = list(self._waiting) if len(self._waiting) < TOGETHER else []
            written = await self._write([*first, event])
            if written:
                self._done(len(first))
        if not written:
            raise Refused("audit_unavailable", retry_after=30.0)
        self._hear(event)

    def told(
        self,
        kind: str,
        actor_kind: ActorKind,
        actor: str,
        *,
        session: str | None = None,
        patient: str | None = None,
        subject: str | None = None,
        **details: Detail,
    ) -> None:
        """From a call that goes on in any case. Returns at once."""
        try:
            event = _event(kind, self._clock.wall(), actor_kind, actor, session, patient, subject, details)
        except BadValue as error:
            # a fault of ours, which ends no call: it is seen here, and counted there
            log.error("an event cannot be kept", kind=kind, problem=str(error))
            self._lost += 1
            self._come.set()
            return
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(event)
        self._come.set()
        self._hear(event)

    async def run(self) -> None:
        """Writes what was told, until cancelled."""
        while True:
            await self._come.wait()
            if not await self.flush():
                await asyncio.sleep(TRY_AGAIN)

    async def flush(self) -> bool:
        """Writes what is waiting; False if it could not be."""
        async with self._one_writes:
            while self._waiting:
                some = [self._waiting[each] for each in range(min(TOGETHER, len(self._waiting)))]
                if not await self._write(some):
                    return False
                self._done(len(some))
            if self._lost:
                lost = self._lost
                if not await self._write([self._gap(count=lost)]):
                    return False
                self._lost -= lost
            self._come.clear()
            return True

    async def close(self) -> None:
        """Writes what is waiting, if it can be soon. What cannot is lost, and said."""
        try:
            async with asyncio.timeout(LAST_WORDS):
                done = await self.flush()
        except TimeoutError:
            done = False
        if not done:
            log.error("events were not written before the end", events=len(self._waiting) + self._lost)

    def _done(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()

    async def _write(self, events: Sequence[Event]) -> bool:
        """Called by one at a time."""
        since = self._failing_since
        if since is not None:
            events = [*events, self._gap(seconds=round(self._clock.wall() - since), waited=len(self._waiting))]
        try:
            await self._append(events)
        except ClinicError as error:
            if since is None:
                log.error("the audit log cannot be written", error_type=type(error).__name__)
                self._failing_since = self._clock.wall()
            return False
        except Exception as error:  # a fault of ours: nothing is shown that is not written, and no call ends by it
            log.exception("fault", error_type=type(error).__name__)
            self._failing_since = self._failing_since or self._clock.wall()
            return False
        if since is not None:
            log.info("the audit log can be written again")
        self._failing_since = None
        return True

    def _gap(self, **details: Detail) -> Event:
        return Event("audit.gap", self._clock.wall(), "server", "audit", details=details)

    def _hear(self, event: Event) -> None:
        for hear in self.hearers:
            hear(event)


def _event(
    kind: str,
    at: float,
    actor_kind: ActorKind,
    actor: str,
    session: str | None,
    patient: str | None,
    subject: str | None,
    details: dict[str, Detail],
) -> Event:
    """Raises BadValue for what the log would not take: later it would stand in the way of all others."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of event")
    event = Event(kind, at, actor_kind, actor, session, patient, subject, details)
    draft(event)
    return event
