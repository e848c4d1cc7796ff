"""Housekeeping: what recordings and records need from time to time, whoever is there or not.

Records whose time is over go (`keeping/sweep.py`), recordings past theirs are shredded, files that nothing opens any
more are removed, deleted keys are put out of the database's own files, and once a day a recording is chosen by lot and
read from beginning to end: a restore test, of which the log and the metrics tell. Not here: when a recording's time is
over (`capture_books.py` sets it), and how it is shredded and read (`vault.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from clinic import ClinicError, Recording, RecordingState, Viewing, Viewings
from recording.age import AgeError
from recording.keys import KeyRefused, KeyUnavailable
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.keeping.sweep import Sweep
from signaling.metrics import Metrics
from signaling.refusals import Refused
from signaling.vault import Vault

log = structlog.get_logger("housekeeping")

LOOK = 600.0
"""Seconds between two looks: a recording is deleted that late at most."""

DAY = 86_400.0

TEST_EVERY = DAY
"""Seconds between two restore tests."""

TROUBLES = (ClinicError, KeyUnavailable, KeyRefused, AgeError, OSError, Refused)
"""`Refused`: by the audit log, without which nothing is deleted."""

READABLE = (RecordingState.CAPTURED, RecordingState.READY)


@dataclass
class Housekeeping:
    vault: Vault
    viewings: Viewings
    scrub: Callable[[], Awaitable[bool]]
    """`Database.scrub`."""
    clock: Clock
    choose: Callable[[Sequence[Recording]], Recording]
    """One of several, by lot."""
    metrics: Metrics
    audit: Audit
    """Is told before anything is deleted or read; what it cannot write is not done, and due again next time."""
    sweep: Sweep | None = None
    """Of records of all kinds. None: there is nothing but recordings."""
    _unscrubbed: bool = field(default=True, init=False)
    _tested_at: float | None = field(default=None, init=False)

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK)

    async def look(self) -> None:
        """Everything that is due now. What cannot be done is logged, and due again next time."""
        now = self.clock.wall()
        await self._guarded("records", self._sweep(now))
        await self._guarded("retention", self._shred(now))
        await self._guarded("files", self._remove())
        if self._tested_at is None or now - self._tested_at >= TEST_EVERY:
            self._tested_at, self._unscrubbed = now, True
            await self._guarded("restore test", self._test(now))
        if self._unscrubbed:
            await self._guarded("scrub", self._scrub())

    async def _shred(self, now: float) -> None:
        for recording in await self.vault.retention.due(now):
            await self._guarded("retention", self._shred_one(recording, now))

    async def _shred_one(self, recording: Recording, now: float) -> None:
        await self.audit.record(
            "recording.delete", "server", "retention", session=recording.session, subject=recording.id, of="everybody"
        )
        await self.vault.shred(recording.id, None, by="retention", reason="Its time was over.", now=now)
        self._unscrubbed = True
        self.metrics.recordings_shredded.inc()
        log.info("shredded: its time was over")

    async def _remove(self) -> None:
        await self.vault.remove(await self.vault.retention.files_to_remove())

    async def _sweep(self, now: float) -> None:
        if self.sweep is not None:
            await self.sweep.run(now)

    async def _scrub(self) -> None:
        self._unscrubbed = not await self.scrub()

    async def _test(self, now: float) -> None:
        """Of one recording. Where the server cannot open any, that is the business of whoever can."""
        if not self.vault.keys.can_unwrap:
            return
        page = await self.vault.recordings.find(states=READABLE, limit=200)
        if not page.recordings:
            return
        chosen = self.choose(page.recordings)
        await self.audit.record("recording.verify", "server", "restore test", session=chosen.session, subject=chosen.id)
        await self.viewings.keep(Viewing(chosen.id, "restore test", "system", "verified", now))
        checked = await self.vault.verify(chosen.id)
        bad = [each for each in checked if each.problem is not None]
        self.metrics.restore_tests.labels("failed" if bad else "passed").inc()
        if bad:
            log.error("restore test failed: a recording cannot be read", tracks=len(bad), recording=chosen.id)
        else:
            log.info("restore test passed", tracks=len(checked))

    async def _guarded(self, what: str, work: Awaitable[None]) -> None:
        try:
            await work
        except TROUBLES as error:
            log.error("housekeeping is late", what=what, error_type=type(error).__name__)
