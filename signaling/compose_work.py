"""The work on one job: a film or a mix of a recording is made, sealed with a key of its own, and kept.

While it lasts the job's lease is renewed. Whoever loses that (to another worker, or because somebody in the recording
was shredded) stops at once and leaves nothing behind. Not here: which job is next (`composing.py`), the film itself
(`recording/compose`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from clinic import ClinicError, Job, Jobs, JobState, Output, OutputKind, Unavailable, Unknown, Whole
from clinic.jobs import ATTEMPTS
from recording.age import AgeError, Identity
from recording.compose import ComposeFailed, run
from recording.keys import KeyRefused, KeyUnavailable
from recording.sealed import files_of
from signaling.capture_books import output_context, patiently
from signaling.clock import Clock
from signaling.compose_order import order_for, usable
from signaling.vault import Vault

log = structlog.get_logger("composing")

LEASE = 30.0
"""Seconds for which a job is one's own. So long does a film wait that a crash of the service has interrupted; shorter,
and a database that is away for a moment costs the work that was done."""

RENEW = 2.0
"""Seconds between two renewals, which also say how far it is."""

MADE: Mapping[str, OutputKind] = {"compose": "mp4", "audio": "audio"}
"""What comes of each kind of job."""

FAULT = "Something went wrong in the service."

Progress = Callable[[float], None]
"""Is told how much is done, from 0 to 1."""

Bring = Callable[[str, str], Awaitable[None]]
"""Sees to it that a file of a recording (its id, the file's name) is on the local disk, and stays there until it is
given back. Raises OSError."""

GiveBack = Callable[[str, str], None]
"""Once for each `Bring`."""


async def at_hand(_recording: str, _name: str) -> None:
    """Every file is on the local disk."""


def left_there(_recording: str, _name: str) -> None:
    """And there it stays."""


@dataclass(frozen=True)
class ComposeWork:
    vault: Vault
    jobs: Jobs
    clock: Clock
    bring: Bring = at_hand
    give_back: GiveBack = left_there
    renew: float = RENEW

    async def do(self, job: Job, lent: Mapping[str, Identity] | None, progress: Progress) -> JobState:
        """Works on a job that was claimed for LEASE. `lent`: the identities by person, where the server cannot unwrap
        their keys.

        Returns what became of it: done; waiting (it is tried again after a rest); failed; cancelled (it is somebody
        else's, or nobody's any more).
        """
        done = 0.0

        def on(part: float) -> None:
            nonlocal done
            done = part
            progress(part)

        making = asyncio.get_running_loop().create_task(self._make(job, lent, on))
        try:
            mine = True
            while mine and not (await asyncio.wait([making], timeout=self.renew))[0]:
                mine = await self._renewed(job, done)
        finally:
            making.cancel()
            await asyncio.wait([making])
        if making.cancelled():
            await self.remove(job)
            return JobState.CANCELLED
        return await self._end(job, making)

    async def remove(self, job: Job) -> None:
        """What was made and is not kept: nobody has its key."""
        files = files_of(self.vault.folder / job.recording_id, job.id)
        try:
            await asyncio.to_thread(files.main.unlink, missing_ok=True)
        except OSError as error:
            log.warning("what is of no use could not be removed", error_type=type(error).__name__)

    async def _make(self, job: Job, lent: Mapping[str, Identity] | None, progress: Progress) -> Output:
        vault, recording = self.vault, job.recording_id
        whole = await vault.recordings.get(recording)
        identities = await self._identities(whole, lent)
        own = Identity.generate(vault.entropy)
        wrapped = await vault.keys.wrap(own.secret, output_context(recording, job.id))
        folder = vault.folder / recording
        order = order_for(whole, job, identities, folder, own.recipient)
        brought = []
        try:
            for clip in order.clips:
                await self.bring(recording, clip.name)
                brought.append(clip.name)
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
            made = await run(order, progress)
        finally:
            for name in brought:
                self.give_back(recording, name)
        if made.troubles:
            log.warning("not all of a recording could be used", troubles=len(made.troubles))
        return Output(
            id=job.id,
            recording_id=recording,
            kind=MADE[job.kind],
            made_at=self.clock.wall(),
            size=made.size,
            sha256=made.sha256,
            wrapped_key=wrapped,
            file=f"{recording}/{job.id}",
        )

    async def _identities(self, whole: Whole, lent: Mapping[str, Identity] | None) -> dict[str, Identity]:
        """Of those whose keys are still there, and who have a track that can be used."""
        heard = {track.person_id for track in usable(whole)}
        people = [person for person in whole.people if person.person_id in heard]
        if lent is not None:
            return {person.person_id: lent[person.person_id] for person in people if person.person_id in lent}
        return {person.person_id: await self.vault.identity(person) for person in people}

    async def _end(self, job: Job, making: asyncio.Task[Output]) -> JobState:
        try:
            output = making.result()
        except (ComposeFailed, KeyUnavailable, KeyRefused, AgeError) as error:
            return await self._failed(job, str(error))
        except ClinicError as error:
            log.warning("the records cannot be reached", error_type=type(error).__name__)
            return await self._failed(job, "The clinic's records cannot be reached.")
        except OSError as error:
            why = (error.strerror or type(error).__name__).rstrip(".")
            return await self._failed(job, f"A file could not be used: {why}.")
        except Exception as error:  # a fault of ours ends this job and nothing else
            log.error("fault", error_type=type(error).__name__, exc_info=error)
            return await self._failed(job, FAULT)
        try:
            kept = await patiently(lambda: self.jobs.finish(job, output)) or await self._has(output)
        except ClinicError as error:
            log.warning("what was made could not be kept", error_type=type(error).__name__)
            return JobState.WAITING  # the lease runs out, and it is made once more
        if not kept:
            await self.remove(job)
            return JobState.CANCELLED
        return JobState.DONE

    async def _has(self, output: Output) -> bool:
        """Whether it was kept, although the database was away when it should have said so."""
        whole = await patiently(lambda: self.vault.recordings.get(output.recording_id))
        return any(each.id == output.id and each.wrapped_key is not None for each in whole.outputs)

    async def _renewed(self, job: Job, progress: float) -> bool:
        try:
            return await self.jobs.renew(job, self.clock.wall(), LEASE, progress)
        except Unavailable:
            return True  # nobody else can take it either

    async def _failed(self, job: Job, sentence: str) -> JobState:
        log.warning("not composed", kind=job.kind, attempts=job.attempts, why=sentence)
        await self.remove(job)
        try:
            if not await patiently(lambda: self.jobs.fail(job, sentence, self.clock.wall())):
                return JobState.CANCELLED
        except (Unavailable, Unknown):
            return JobState.WAITING
        return JobState.FAILED if job.attempts >= ATTEMPTS else JobState.WAITING
