"""A recorded call of two through the service as a process of its own, each of whose packets is known: what was sent at
which moment, and what of it is in the files afterwards.

Not here: what happens to the call.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence

from sfu import Source
from signaling import messages as m
from signaling.vault import Vault
from tests.signaling.kept import until
from tests.signaling.numbered import PATTERN_BYTES, RATE, NumberedCaller, Numbers, find, heard_everything
from tests.signaling.process import Process
from tests.signaling.test_recorded_call import hang_up, phase, start

Sent = list[dict[Source, int]]
"""How many packets, of each caller and source; the next one has this number."""

NAMES = ("Dr. Blue", "Alex")

MOST_LOST = 1.0
"""Seconds."""

LAST = 0.2
"""Seconds before a moment in which something was sent: it is on its way."""


class Call:
    """Of a therapist and a patient."""

    def __init__(self, process: Process, doctor: NumberedCaller, patient: NumberedCaller) -> None:
        self.process = process
        self.doctor = doctor
        self.patient = patient

    @property
    def callers(self) -> tuple[NumberedCaller, NumberedCaller]:
        return self.doctor, self.patient

    def sent(self) -> Sent:
        return [each.sent for each in self.callers]

    async def sends(self, count: int) -> None:
        """Waits until each has sent so many more packets of each source: a busy machine sends them later."""
        goals = [number + count for number in self._numbers()]
        await until(lambda: all(number >= goal for number, goal in zip(self._numbers(), goals, strict=True)))

    def _numbers(self) -> list[int]:
        return [number for sent in self.sent() for number in sent.values()]

    async def shows(self, wanted: str, **more: object) -> m.Recording:
        """To both, the same."""
        doctors, patients = await asyncio.gather(*(phase(each.client, wanted, **more) for each in self.callers))
        assert (doctors.phase, doctors.problem) == (patients.phase, patients.problem)
        return doctors

    async def stops_recording(self) -> None:
        await self.doctor.client.says(m.Record(action="stop"))
        await self.doctor.client.state(lambda state: state.recording is None)

    async def loses_nothing(self) -> None:
        await heard_everything(self.callers)
        await hang_up(*self.callers)


@contextlib.asynccontextmanager
async def a_recorded_call(process: Process, names: tuple[str, str] = NAMES) -> AsyncIterator[Call]:
    """It is being recorded when the block begins."""
    async with a_call(process, names) as call:
        await start(*call.callers)
        await phase(call.patient.client, "running")
        yield call


@contextlib.asynccontextmanager
async def a_call(process: Process, names: tuple[str, str] = NAMES) -> AsyncIterator[Call]:
    """Both are present."""
    server = process.server
    doctor, patient = [NumberedCaller(await server.client(), secrets.token_bytes(PATTERN_BYTES)) for _ in names]
    try:
        await doctor.joins(server.token("therapist"), names[0])
        await patient.joins(server.token("patient"), names[1])
        state = await doctor.client.state(lambda state: state.waiting)
        await doctor.client.says(m.Admit(person=state.waiting[0].id))
        await patient.client.state(lambda state: state.phase == "present")
        yield Call(process, doctor, patient)
    finally:
        await hang_up(doctor, patient)


class Kept:
    """What the files hold of each caller, in whichever tracks."""

    def __init__(self, numbers: list[Numbers]) -> None:
        self.numbers = numbers

    def lost(self, begin: Sent, end: Sent) -> float:
        """Seconds, of the source that has lost the most, of what was sent between two moments."""
        return max(
            len(set(range(first[source], last[source])) - numbers[source]) / RATE[source]
            for numbers, first, last in zip(self.numbers, begin, end, strict=True)
            for source in RATE
        )

    def has_no_gap(self, begin: Sent, end: Sent) -> None:
        """From the first packet that is there, which was sent soon after `begin`, to the end."""
        for numbers, first, last in zip(self.numbers, begin, end, strict=True):
            for source, rate in RATE.items():
                kept = numbers[source]
                assert kept, source
                assert min(kept) - first[source] <= MOST_LOST * rate, source
                assert not set(range(min(kept), last[source] - round(LAST * rate))) - kept, source


async def what_is_kept(vault: Vault, callers: Sequence[NumberedCaller]) -> Kept:
    """Of the only recording there is. Every file of it can be read, finished or not."""
    found: list[Numbers] = [{source: set() for source in RATE} for _ in callers]
    (recording,) = (await vault.recordings.find()).recordings
    whole = await vault.recordings.get(recording.id)
    for person in whole.people:
        identity = await vault.identity(person)
        for track in whole.tracks:
            if track.person_id != person.person_id:
                continue
            with vault.open(track, identity) as reader:
                data = reader.read_at(0, reader.size)
            for numbers, caller in zip(found, callers, strict=True):
                for source, those in find(data, caller.pattern).items():
                    numbers[source] |= those
    return Kept(found)
