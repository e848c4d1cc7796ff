"""Keeps how connections were: each minute while people are there, so that a crash loses little, and when they are gone.

Nobody waits for it. A database that is away is asked again at the next look; what those had who are gone is remembered
until it is kept, within bounds (`quality_watch.py`). Not here: what is kept, and for how long (`housekeeping.py`).
"""

from __future__ import annotations

import asyncio

import structlog

from clinic import ClinicError, Qualities, Quality, Unavailable
from signaling.clock import Clock
from signaling.quality_watch import QualityWatch

log = structlog.get_logger("quality")

LOOK = 2.0
"""Seconds between two looks at what is to be kept: a report is whole so soon after a session."""

PORTION = 200
"""Records in one transaction. More, and other changes wait longer for their turn."""


class QualityKeeper:
    def __init__(self, watch: QualityWatch, qualities: Qualities, clock: Clock) -> None:
        self._watch = watch
        self._qualities = qualities
        self._clock = clock
        self._away = False

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            await asyncio.sleep(LOOK)
            await self.look()

    async def look(self) -> None:
        """Keeps what is due."""
        await self._keep(self._watch.take(self._clock.steady(), self._clock.wall()))

    async def close(self) -> None:
        """Keeps everything, also of those who are still there: the service ends."""
        await self._keep(self._watch.take(self._clock.steady(), self._clock.wall(), everybody=True))

    async def report(self, session: str, since: float | None, until: float | None) -> list[Quality]:
        """All that is known of a session, in the order in which people came. Raises ClinicError."""
        kept = await self._qualities.of_session(session, since=since, until=until)
        now = [
            record
            for record in self._watch.of_session(session, self._clock.steady(), self._clock.wall())
            if (since is None or record.came_at >= since) and (until is None or record.came_at < until)
        ]
        known = {(each.person_id, each.came_at): each for each in [*kept, *now]}
        return sorted(known.values(), key=lambda each: (each.came_at, each.person_id))

    async def _keep(self, records: list[Quality]) -> None:
        for start in range(0, len(records), PORTION):
            portion = records[start : start + PORTION]
            try:
                await self._qualities.keep(portion)
            except Unavailable as error:
                if not self._away:
                    log.error("quality cannot be kept now", error_type=type(error).__name__)
                self._away = True
                return
            except ClinicError as error:  # a fault of ours, which would be the same next time
                log.error("quality cannot be kept at all", error_type=type(error).__name__, records=len(portion))
                self._watch.kept(portion, lost=True)
                continue
            self._watch.kept(portion)
            if self._away:
                log.info("quality is kept again")
            self._away = False
