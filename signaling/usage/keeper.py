"""Looks at all sessions for the meter, and keeps what it has measured: every few seconds, so that a crash loses little.

It only looks: a fault here is logged and ends no call. Nobody waits for the database; what ended while it is away is
remembered until it can be kept. Not here: what counts (`meter.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from clinic import ClinicError, Unavailable
from clinic.usage.records import WholeSitting
from clinic.usage.store import Usages
from sfu import MediaServer
from signaling.clock import Clock
from signaling.sessions import Sessions
from signaling.usage.evidence import Evidence
from signaling.usage.meter import LOOK, Meter

log = structlog.get_logger("usage")

HEAR = 0.25
"""Seconds between two looks at who is heard: more often than a silent microphone sends."""

PORTION = 50
"""Sittings in one transaction. More, and other changes wait longer for their turn."""

AppointmentOf = Callable[[str], Awaitable[str | None]]
"""The appointment of a session, if there is one. Raises ClinicError."""


class UsageKeeper:
    def __init__(
        self,
        meter: Meter,
        usages: Usages,
        sessions: Sessions,
        media: MediaServer,
        clock: Clock,
        appointment_of: AppointmentOf,
    ) -> None:
        self._meter = meter
        self._usages = usages
        self._sessions = sessions
        self._media = media
        self._clock = clock
        self._appointment_of = appointment_of
        self._evidence = Evidence()
        self._looked_at = clock.steady()
        self._adopted = False
        self._away = False
        self.ready: Callable[[str, str | None], None] = lambda session, appointment: None
        """Is told of a session, and of its appointment, when a sitting of it has ended and is kept."""

    async def look_regularly(self) -> None:
        """For as long as the service runs. Never waits for the database: a look that comes late measures less."""
        while True:
            await asyncio.sleep(HEAR)
            try:
                self.look()
            except Exception as error:  # a fault of ours: minutes are missing then, calls go on
                log.exception("usage not measured", error_type=type(error).__name__)

    async def keep_regularly(self) -> None:
        """Likewise."""
        while True:
            await asyncio.sleep(LOOK)
            await self.keep()

    def look(self) -> None:
        """Who is heard; and, when that is due, what of everybody flows."""
        self._evidence.hear(self._media.levels())
        now = self._clock.steady()
        if now - self._looked_at >= LOOK:
            self._looked_at = now
            self._meter.look(self._evidence.look(self._sessions.rooms, self._media.reports()), now, self._clock.wall())

    async def keep(self, *, everybody: bool = False) -> None:
        """What is due. Before the first time: what an earlier run of the server has left is taken up."""
        try:
            if not self._adopted:
                unended = await self._usages.unended()
                self._meter.adopt(unended, self._clock.steady(), self._clock.wall())
                self._adopted = True
            taken = self._meter.take(self._clock.steady(), everybody=everybody)
            for start in range(0, len(taken), PORTION):
                await self._keep(taken[start : start + PORTION])
        except Unavailable as error:
            if not self._away:
                log.error("usage cannot be kept now", error_type=type(error).__name__)
            self._away = True
            return
        if self._away:
            log.info("usage is kept again")
        self._away = False

    async def close(self) -> None:
        """Keeps everything; nothing has ended, for people come back when the service is there again."""
        await self.keep(everybody=True)

    async def _keep(self, portion: list[WholeSitting]) -> None:
        try:
            named = [await self._named(whole) for whole in portion]
            await self._usages.keep(named)
        except Unavailable:
            raise
        except ClinicError as error:  # a fault of ours, which would be the same next time
            log.error("usage cannot be kept at all", error_type=type(error).__name__, sittings=len(portion))
            self._meter.kept(portion, lost=True)
            return
        self._meter.kept(portion)
        for each in named:
            if each.sitting.ended_at is not None:
                self.ready(each.sitting.session, each.sitting.appointment)

    async def _named(self, whole: WholeSitting) -> WholeSitting:
        if whole.sitting.appointment is not None:
            return whole
        appointment = await self._appointment_of(whole.sitting.session)
        return whole if appointment is None else replace(whole, sitting=replace(whole.sitting, appointment=appointment))
