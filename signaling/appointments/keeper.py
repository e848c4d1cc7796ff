"""Keeps who came to which appointment, and what became of it: looks at the rooms every two seconds, and each minute at
what is over.

It only looks: a database that is away is asked again, and no call waits for it. Not here: what it finds
(`attendance.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import structlog

from clinic import ClinicError
from clinic.appointments.appointments import Appointments
from clinic.appointments.comings import Comings
from clinic.appointments.records import Appointment, AppointmentState
from signaling.appointments.attendance import Attendance, seen_in
from signaling.appointments.rules import VisitRules
from signaling.clock import Clock

if TYPE_CHECKING:
    from signaling.room import Room

log = structlog.get_logger("appointments")

LOOK = 2.0
"""Seconds between two looks at who is there."""

CONCLUDE = 60.0
"""Seconds between two looks at what is over."""


class AttendanceKeeper:
    def __init__(
        self,
        attendance: Attendance,
        rooms: Callable[[], Iterable[Room]],
        *,
        comings: Comings,
        appointments: Appointments,
        rules: VisitRules,
        clock: Clock,
    ) -> None:
        self._attendance = attendance
        self._rooms = rooms
        self._comings = comings
        self._appointments = appointments
        self._rules = rules
        self._clock = clock
        self.missed: Callable[[Appointment], None] = lambda appointment: None
        """Is told of an appointment at which they were never there together."""
        self._concluded_at: float | None = None
        self._away = False

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """What is to be kept now. What cannot be kept now is kept later."""
        self._attendance.look(seen_in(self._rooms()), self._clock.wall())
        comings, meetings = self._attendance.take()
        try:
            if comings or meetings:
                await self._comings.keep(comings, meetings)
            comings, meetings = [], []
            steady = self._clock.steady()
            if self._concluded_at is None or steady - self._concluded_at >= CONCLUDE:
                await self._conclude(self._clock.wall())
                self._concluded_at = steady
        except ClinicError as error:
            if not self._away:
                log.error("who comes cannot be kept now", error_type=type(error).__name__)
            self._away = True
            self._attendance.again(comings, meetings)
            return
        self._away = False

    async def close(self) -> None:
        """The service ends: keeps what is not kept yet."""
        await self.look()

    async def _conclude(self, now: float) -> None:
        for appointment in await self._appointments.over(now - self._rules.closes):
            state = AppointmentState.MISSED if appointment.met_at is None else AppointmentState.SEEN
            if await self._appointments.conclude(appointment.id, state, now) and state is AppointmentState.MISSED:
                self.missed(appointment)
