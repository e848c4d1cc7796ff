"""The way into the audit log for everybody else.

`record` waits until an event is on the disk: access to records comes after it, or not at all. `told` does not wait: a
running call goes on whatever the log does, and what could not be written is written when it can be again.
Not here: what the log is (`clinic/audit`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from clinic import BadValue, ClinicError
from clinic.audit.events import KINDS, ActorKind, Detail, Event
from signaling.clock import Clock
from signaling.refusals import Refused

log = structlog.get_logger("audit")

Append = Callable[[Sequence[Event]], Awaitable[None]]

BACKLOG = 100_000
"""Events of running calls that are kept while the log cannot be written: a day of a large clinic. Beyond it they are
counted only, and the count is written."""

TOGETHER = 500
"""Events that are written in one go."""

TRY_AGAIN = 2.0
"""Seconds after which the log is tried again."""


class Audit:
    def __init__(self, append: Append, clock: Clock) -> None:
        """`append` returns when the events are durable, in their order. Raises ClinicError."""
        self._append = append
        self._clock = clock
        self._waiting: deque[Event] = deque()
        self._lost = 0
        self._come = asyncio.Event()
        self._flushing = asyncio.Lock()
        self.failing = False
        """Whether the last try to write failed."""

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
        event = self._event(kind, actor_kind, actor, session, patient, subject, details)
        if not await self._write([event]):
            raise Refused("audit_unavailable")

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
        if len(self._waiting) >= BACKLOG:
            self._lost += 1
            return
        self._waiting.append(self._event(kind, actor_kind, actor, session, patient, subject, details))
        self._come.set()

    async def run(self) -> None:
        """Writes what was told, until cancelled."""
        while True:
            await self._come.wait()
            if not await self.flush():
                await asyncio.sleep(TRY_AGAIN)

    async def flush(self) -> bool:
        """Writes what is waiting; False if it could not be. Whoever stops it in between takes nothing back."""
        async with self._flushing:
            while self._waiting:
                some = [self._waiting[each] for each in range(min(TOGETHER, len(self._waiting)))]
                writing = asyncio.create_task(self._write_told(some))
                try:
                    written = await asyncio.shield(writing)
                except asyncio.CancelledError:
                    if await writing:
                        self._forget(len(some))
                    raise
                if not written:
                    return False
                self._forget(len(some))
            if self._lost:
                lost = self._lost
                gap = self._event("audit.gap", "server", "audit", None, None, None, {"count": lost})
                if not await self._write([gap]):
                    return False
                self._lost -= lost
            self._come.clear()
            return True

    @property
    def unwritten(self) -> int:
        """How many events wait to be written."""
        return len(self._waiting) + self._lost

    def _forget(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()

    async def _write_told(self, events: Sequence[Event]) -> bool:
        """One that nobody could ever write must not keep all others waiting: it is left out, and counted."""
        try:
            return await self._write(events)
        except BadValue:
            if len(events) > 1:
                return all([await self._write_told([each]) for each in events])
            log.error("an event cannot be written", kind=events[0].kind)
            self._lost += 1
            return True

    async def _write(self, events: Sequence[Event]) -> bool:
        try:
            await self._append(events)
        except BadValue:
            raise  # the fault of whoever told it, not of the log
        except ClinicError as error:
            if not self.failing:
                log.error("the audit log cannot be written", error_type=type(error).__name__)
            self.failing = True
            return False
        self.failing = False
        return True

    def _event(
        self,
        kind: str,
        actor_kind: ActorKind,
        actor: str,
        session: str | None,
        patient: str | None,
        subject: str | None,
        details: dict[str, Any],
    ) -> Event:
        if kind not in KINDS:
            raise ValueError(f"{kind} is no kind of event")
        return Event(kind, self._clock.wall(), actor_kind, actor, session, patient, subject, details)
