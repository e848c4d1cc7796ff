"""A recorder can open what was sent while everybody wanted to be recorded, and nothing else: not with all the keys that
there are in the memory of the server and its writer, whenever one looks.

The keys are known from the pages. Those that are found in memory at any moment are what somebody has who copies it;
with them it is tried to open what was on the wire before, during and after.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from recording.e2ee import CannotOpen, KeyRing, Secret, Source, open_frame
from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.overheard import (
    HearingMediaWire,
    Overheard,
    OverheardService,
    Sent,
    an_overheard_service,
    offered_by,
)
from tests.browser.person import ChromiumPerson
from tests.browser.sender_keys import UsedKey, tell_keys, used_by, uses_another
from tests.browser.test_consent import asks, is_recorded
from tests.leaks.memory import MAY_LOOK, found_in
from tests.leaks.searched import family

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not MAY_LOOK, reason="only root may look into the memory of the service, which hides it"),
]

LASTS = 2.0
"""Seconds of each stretch."""

ON_ITS_WAY = 1.0
"""Seconds for what was encrypted under the key before."""


@dataclass(frozen=True)
class Stretch:
    """A while in which nothing changes."""

    name: str
    recorded: bool
    keys: frozenset[UsedKey]
    first: int
    end: int
    """Places in what was heard."""
    in_memory: frozenset[UsedKey]
    """Of all keys so far, those that are in memory at the end of it, or what is made of them."""


class Timeline:
    """What was sent in each stretch, and which keys were in memory."""

    def __init__(self, service: OverheardService, wire: HearingMediaWire, people: list[ChromiumPerson]) -> None:
        self.stretches: list[Stretch] = []
        self._service = service
        self._wire = wire
        self._people = people
        self._now: list[UsedKey] = []
        self._known: set[UsedKey] = set()

    async def passes(self, name: str, *, recorded: bool) -> None:
        """For a while, once everybody uses another key than in the stretch before."""
        before: Sequence[UsedKey | None] = self._now or [None] * len(self._people)
        self._now = [await uses_another(who, last) for who, last in zip(self._people, before, strict=True)]
        self._known |= set(self._now)
        await asyncio.sleep(ON_ITS_WAY)
        first = len(self._wire.heard)
        await asyncio.sleep(LASTS)
        assert [(await used_by(each))[-1] for each in self._people] == self._now, "nothing has changed"
        end = len(self._wire.heard)
        # on a thread: what people send passes here
        in_memory = await asyncio.to_thread(self._look)
        self.stretches.append(Stretch(name, recorded, frozenset(self._now), first, end, in_memory))

    def _look(self) -> frozenset[UsedKey]:
        secrets = {f"{key.id}{name}": secret for key in self._known for name, secret in key.secrets().items()}
        found = {int(name.split()[0]) for name in found_in(family(self._service.pid), secrets)}
        return frozenset(key for key in self._known if key.id in found)


@pytest_asyncio.fixture(loop_scope="session")
async def overheard_service(tmp_path: Path) -> AsyncIterator[OverheardService]:
    async with an_overheard_service(tmp_path, "--no-recordings-compose") as running:
        yield running


async def test_what_a_recorder_had_opens_nothing_from_before_and_nothing_that_is_sent_later(
    overheard_service: OverheardService, session: str, person: MakePerson
) -> None:
    service = overheard_service
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    async with HearingMediaWire(service) as wire:
        for someone, role in ((doctor, "therapist"), (patient, "patient")):
            await tell_keys(someone)
            await someone.join(await service.link(role, session))
        await doctor.admit(patient)
        await doctor.sees(patient)
        await patient.sees(doctor)
        timeline = Timeline(service, wire, [doctor, patient])
        await timeline.passes("before", recorded=False)
        await _records(doctor, patient)
        await timeline.passes("recorded", recorded=True)
        await doctor.recording.click()
        await doctor.press("Pause recording")
        await expect(patient.recording).to_contain_text("Recording paused")
        await timeline.passes("paused", recorded=False)
        await doctor.recording.click()
        await doctor.press("Go on recording")
        await is_recorded(doctor, patient)
        await timeline.passes("recorded again", recorded=True)
        await doctor.recording.click()
        await doctor.press("Stop recording")
        await expect(patient.recording).to_have_count(0)
        await timeline.passes("stopped", recorded=False)
        await _records(doctor, patient)
        await timeline.passes("another recording", recorded=True)
        await patient.recording.click()
        await patient.press("Stop recording me")
        await expect(patient.recording).to_have_count(0)
        await timeline.passes("withdrawn", recorded=False)
        offered = await offered_by(doctor, patient)
        for someone in (doctor, patient):
            await someone.page.close()
    sent = Overheard(wire.heard, service.srtp_keys, offered)
    assert sent.unopened == 0
    _memory_held_nothing_else(timeline.stretches)
    _they_open_nothing_else(timeline.stretches, sent.frames)


async def _records(doctor: ChromiumPerson, patient: ChromiumPerson) -> None:
    await asks(doctor)
    await patient.press("Agree")
    await is_recorded(doctor, patient)


def _memory_held_nothing_else(stretches: list[Stretch]) -> None:
    allowed: set[UsedKey] = set()
    for stretch in stretches:
        if stretch.recorded:
            allowed |= stretch.keys
            assert stretch.keys <= stretch.in_memory, "it can be found there"
        assert stretch.in_memory <= allowed, stretch.name
        freed = len(stretch.in_memory - stretch.keys)
        print(f"{stretch.name}: {freed} of {len(allowed - stretch.keys)} keys of before are still in memory")


def _they_open_nothing_else(stretches: list[Stretch], sent: list[Sent]) -> None:
    ring = KeyRing()
    for key in {key for stretch in stretches for key in stretch.in_memory}:
        ring.add(key.number, key.id, Secret(key.key))
    for stretch in stretches:
        frames = [each for each in sent if stretch.first <= each.at < stretch.end]
        numbers = sorted(key.number for key in stretch.keys)
        opened = Counter(number for frame in frames for number in numbers if _opens(ring, number, frame))
        print(f"{stretch.name}: {len(frames)} frames were sent, {sum(opened.values())} could be opened")
        assert len(frames) > 100
        if stretch.recorded:
            assert opened.total() == len(frames)
            assert all(opened[number] > 30 for number in numbers)
        else:
            assert opened.total() == 0


def _opens(ring: KeyRing, number: int, frame: Sent) -> bool:
    source = Source.MICROPHONE if frame.codec == "opus" else Source.CAMERA
    try:
        return bool(open_frame(ring, number, frame.codec, source, frame.data, now=0.0))
    except CannotOpen:
        return False
