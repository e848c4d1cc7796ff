"""Composing: films and mixes of recordings that are over, one after another, beside everything else.

What is to be made is remembered in the database, so what a crash has interrupted is taken up again. Where the server
cannot unwrap keys (sealed mode) those of a recording are lent here when it ends. They are kept in memory, and nowhere
else, until its film is made; without them nothing is begun, and the recording stays as it is until somebody brings the
clinic's key. Not here: the work on one job (`compose_work.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from clinic import BadValue, ClinicError, Job, JobKind, JobState, RecordingState
from clinic.jobs import OPEN
from recording.age import Identity
from recording.keys import KeyUnavailable
from signaling.compose_order import usable
from signaling.compose_work import LEASE, MADE, ComposeWork
from signaling.messages import Film

log = structlog.get_logger("composing")

LOOK = 5.0
"""Seconds between two looks for work that nobody has called for: after a rest, or a crash of another worker."""

LENT = 12 * 3600.0
"""Seconds after which lent keys are forgotten, whatever became of the film. A long evening's sessions wait for each
other; by the next morning there must be nothing left."""

TELL = 1.0
"""Seconds between two messages about progress."""

Tell = Callable[[str, Film | None], None]
"""Is told how far the film of a session's last recording is; None: there will be none."""


@dataclass
class _Lent:
    identities: Mapping[str, Identity] = field(repr=False)
    until: float
    jobs: set[str] = field(default_factory=set)
    """Those that need them."""


class Composing:
    """`start`, then `recorded` and `ask` at any time, then `close`."""

    def __init__(
        self, *, work: ComposeWork, new_id: Callable[[], str], tell: Tell, automatic: bool, look: float = LOOK
    ) -> None:
        """`automatic`: every recording gets a film when it ends."""
        self._work = work
        self._jobs = work.jobs
        self._recordings = work.vault.recordings
        self._unwraps = work.vault.keys.can_unwrap
        self._clock = work.clock
        self._new_id = new_id
        self._tell = tell
        self._automatic = automatic
        self._look = look
        self._lent: dict[str, _Lent] = {}
        self._asking = asyncio.Lock()
        self._wake = asyncio.Event()
        self._current: Job | None = None
        self._told_at = 0.0
        self.made: Callable[[str, str], None] = lambda session, recording: None
        """Is told of a session and its recording when there is a film of it."""
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._worker = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """What is being made is made again after the next start; or not, if what opens it is forgotten with this."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])
        await self._guarded(self._leave())
        self._lent.clear()

    async def ask(self, recording: str, kind: JobKind, *, names: bool, time: bool) -> str:
        """For a film (`compose`) or a mix of its sounds (`audio`), with `names` and the `time` in it. Returns the job's
        id; what was asked for already, and is not made yet, is not made twice.

        Raises clinic.Unknown, IllegalMove while it is captured or after shredding, BadValue for another kind,
        Unavailable, and KeyUnavailable if nobody here can open the recording.
        """
        if kind not in MADE:
            raise BadValue("nothing of this kind is made")
        options = {"names": names, "time": time}
        async with self._asking:
            whole = await self._recordings.get(recording)
            lent = self._lent.get(recording)
            if not self._unwraps and lent is None:
                raise KeyUnavailable(
                    "This server cannot open the recording any more. Compose it with the clinic's key."
                )
            for there in whole.jobs:
                if there.state in OPEN and (there.kind, there.options) == (kind, options):
                    return there.id
            job = Job(self._new_id(), kind, recording, self._clock.wall(), options)
            if lent is not None:
                lent.jobs.add(job.id)
            await self._jobs.add(job)
        self._say(whole.recording.session, job, JobState.WAITING)
        self._wake.set()
        return job.id

    def lend(self, recording: str, identities: Mapping[str, Identity]) -> None:
        """What opens a recording, by person, until what is asked for next is made. Kept only where the server cannot
        unwrap it anyway."""
        if not self._unwraps:
            self._lent[recording] = _Lent(dict(identities), self._clock.wall() + LENT)

    async def recorded(self, recording: str, identities: Mapping[str, Identity]) -> None:
        """A recording has ended, and `identities` open it. Asks for its film. Never raises: see `capture.Ended`."""
        if not self._automatic:
            return
        self.lend(recording, identities)
        if not await self._guarded(self._ask_by_itself(recording)):
            self._lent.pop(recording, None)

    # One after another -----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        await self._guarded(self._catch_up())
        while True:
            self._wake.clear()
            if not await self._guarded(self._next()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._look):
                        await self._wake.wait()

    async def _guarded(self, work: Coroutine[Any, Any, bool]) -> bool:
        """False also for what went wrong."""
        try:
            return await work
        except (ClinicError, KeyUnavailable) as error:
            log.warning("composing is late", error_type=type(error).__name__)
        except Exception as error:  # a fault of ours must not end the making of other films
            log.error("fault", error_type=type(error).__name__, exc_info=error)
        return False

    async def _next(self) -> bool:
        """Whether there was anything to do."""
        now = self._clock.wall()
        for lost in await self._jobs.give_up(now):
            await self._over(lost, JobState.FAILED)
        if not self._unwraps:
            await self._put_away(now)
            if not self._lent:
                return False
        job = await self._jobs.claim(now, LEASE, None if self._unwraps else tuple(self._lent))
        if job is None:
            return False
        await self._do(job)
        return True

    async def _do(self, job: Job) -> None:
        session = (await self._recordings.get(job.recording_id)).recording.session
        lent = self._lent.get(job.recording_id)
        self._current = job
        self._say(session, job, JobState.RUNNING)
        state = await self._work.do(
            job, None if lent is None else lent.identities, lambda part: self._progress(session, job, part)
        )
        self._current = None
        if state is JobState.DONE:
            log.info("composed", kind=job.kind)
        await self._over(job, state)

    async def _over(self, job: Job, state: JobState) -> None:
        session = (await self._recordings.get(job.recording_id)).recording.session
        self._say(session, job, state)
        lent = self._lent.get(job.recording_id)
        if lent is not None and state not in OPEN:
            lent.jobs.discard(job.id)
            if not lent.jobs:
                del self._lent[job.recording_id]

    async def _put_away(self, now: float) -> None:
        """Keys that nothing needs any more, and work that nobody here can do."""
        async with self._asking:
            for recording, lent in list(self._lent.items()):
                there = {job.id for job in await self._jobs.of_recording(recording) if job.state in OPEN}
                if lent.until <= now or (lent.jobs and not lent.jobs & there):
                    self._lent.pop(recording, None)
        for job in await self._jobs.free(now):
            if job.recording_id not in self._lent:
                await self._cancel(job)

    async def _cancel(self, job: Job) -> None:
        if await self._jobs.cancel(job):
            await self._work.remove(job)
            await self._over(job, JobState.CANCELLED)

    async def _catch_up(self) -> bool:
        """Asks for the films of recordings that a crash has kept from being asked for."""
        if not self._automatic or not self._unwraps:
            return False
        page = await self._recordings.find(states=[RecordingState.CAPTURED])
        while True:
            for each in page.recordings:
                await self._ask_by_itself(each.id)
            if page.next is None:
                return True
            page = await self._recordings.find(states=[RecordingState.CAPTURED], after=page.next)

    async def _ask_by_itself(self, recording: str) -> bool:
        """Once in a recording's life, and only if there is something to be made of it."""
        whole = await self._recordings.get(recording)
        if whole.jobs or not usable(whole):
            return False
        await self.ask(recording, "compose", names=False, time=False)
        return True

    async def _leave(self) -> bool:
        """Whoever comes next need not wait for leases to run out, and finds nothing that nobody can do."""
        for recording in list(self._lent):
            for job in await self._jobs.of_recording(recording):
                if job.state in OPEN:
                    await self._cancel(job)
        if self._current is not None and self._unwraps:
            await self._jobs.renew(self._current, self._clock.wall(), 0.0, 0.0)
        return True

    # Telling ---------------------------------------------------------------------------------------------------

    def _progress(self, session: str, job: Job, part: float) -> None:
        if self._clock.steady() - self._told_at >= TELL:
            self._say(session, job, JobState.RUNNING, part)

    def _say(self, session: str, job: Job, state: JobState, part: float = 0.0) -> None:
        if job.kind != "compose":
            return
        self._told_at = self._clock.steady()
        match state:
            case JobState.WAITING:
                self._tell(session, Film(state="waiting", progress=0.0))
            case JobState.RUNNING:
                self._tell(session, Film(state="running", progress=round(part, 2)))
            case JobState.DONE:
                self._tell(session, Film(state="done", progress=1.0))
                self.made(session, job.recording_id)
            case JobState.FAILED:
                self._tell(session, Film(state="failed", progress=0.0))
            case JobState.CANCELLED:
                self._tell(session, None)
