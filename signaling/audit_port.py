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


class Audit:
    def __init__(self, append: Append, clock: Clock) -> None:
        """`append` returns when the events are durable, in their order; it may be called again before that. Raises
        ClinicError, and then none of them is."""
        self._append = append
        self._clock = clock
        self._waiting: deque[Event] = deque()
        self._on_their_way = 0
        """Events that were told, and that the log is about to take."""
        self._lost = 0
        self._come = asyncio.Event()
        self._tries: set[asyncio.Task[bool]] = set()
        self._failing_since: float | None = None
        self._gap_told = False
        """Whether a word of the outage is on its way."""
        self.hearers: list[Hear] = []
        """Are told of each event, once it is written or waits for it. They return at once and never raise."""

    @property
    def failing(self) -> bool:
        """Whether the last try to write failed."""
        return self._failing_since is not None

    @property
    def unwritten(self) -> int:
        """How many events wait to be written, or could not be kept and wait to be counted."""
        return len(self._waiting) + self._on_their_way + self._lost

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
        # what happened before it goes first, unless that is the heap of an outage
        first = self._take(TOGETHER) if len(self._waiting) < TOGETHER else []
        if not await self._try(first, event):
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
        self._come.set()
        try:
            event = _event(kind, self._clock.wall(), actor_kind, actor, session, patient, subject, details)
        except BadValue as error:
            # a fault of ours, which ends no call: it is seen here, and counted there
            log.error("an event cannot be kept", kind=kind, problem=str(error))
            self._lost += 1
            return
        if len(self._waiting) + self._on_their_way >= BACKLOG:
            self._lost += 1
        else:
            self._waiting.append(event)
        self._hear(event)

    async def run(self) -> None:
        """Writes what was told, until cancelled."""
        while True:
            await self._come.wait()
            if not await self.flush():
                await asyncio.sleep(TRY_AGAIN)

    async def flush(self) -> bool:
        """Writes what is waiting; False if it could not be."""
        if self._tries:
            await asyncio.wait(list(self._tries))
        self._come.clear()
        while self._waiting or self._lost:
            if not await self._try(self._take(TOGETHER)):
                self._come.set()
                return False
        return True

    def _take(self, most: int) -> list[Event]:
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    async def _try(self, told: list[Event], more: Event | None = None) -> bool:
        """Whoever gives up waiting for it changes nothing."""
        self._on_their_way += len(told)
        task = asyncio.get_running_loop().create_task(self._write(told, more))
        self._tries.add(task)
        task.add_done_callback(self._tries.discard)
        return await asyncio.shield(task)

    async def _write(self, told: list[Event], more: Event | None) -> bool:
        """What was told waits again if it cannot be written."""
        events = told if more is None else [*told, more]
        lost, self._lost = self._lost, 0
        gap = self._failing_since if not self._gap_told else None
        if gap is not None:
            self._gap_told = True
            waited = len(self._waiting) + self._on_their_way
            events = [*events, self._gap(seconds=round(self._clock.wall() - gap), waited=waited, count=lost)]
        elif lost:
            events = [*events, self._gap(count=lost)]
        written = await self._appended(events) if events else True
        self._on_their_way -= len(told)
        if not written:
            self._waiting.extendleft(reversed(told))
            self._lost += lost
            self._come.set()
        if gap is not None:
            self._gap_told = False
        return written

    async def _appended(self, events: Sequence[Event]) -> bool:
        try:
            await self._append(events)
        except ClinicError as error:
            self._fails(type(error).__name__)
            return False
        except Exception as error:  # a fault of ours: nothing is shown that is not written, and no call ends by it
            log.exception("fault", error_type=type(error).__name__)
            self._fails(type(error).__name__)
            return False
        if self._failing_since is not None:
            log.info("the audit log can be written again")
        self._failing_since = None
        return True

    def _fails(self, error_type: str) -> None:
        if self._failing_since is None:
            self._failing_since = self._clock.wall()
            log.error("the audit log cannot be written", error_type=error_type)

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
