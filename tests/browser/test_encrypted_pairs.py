"""End-to-end encryption between real browsers, Chromium and Firefox in all four pairings: everybody is seen and heard
whatever happens in a call, and who encrypts under a key that nobody has is not, not for one frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import FIREFOX, IN_DETAIL, INTERPRETER, OTHER_FIREFOX, PATIENT, Content
from tests.browser.encrypted import (
    SCRIPT,
    came,
    counts,
    is_end_to_end,
    is_told,
    nothing_comes_through,
    opened_everything,
    runs_dry,
    spoils,
)
from tests.browser.firefox import FirefoxPerson
from tests.browser.lossy_wire import LossyWire
from tests.browser.person import ChromiumPerson, Person, eventually
from tests.browser.service import Service
from tests.browser.wire import own_address

pytestmark = pytest.mark.timeout(180)

PAIRINGS = [(therapist, patient) for therapist in ("Chromium", "Firefox") for patient in ("Chromium", "Firefox")]

LOSS = 0.05
SEED = 6

SMALL, LARGE = 90, 720
"""Heights at which somebody is looked at, and of the pictures that come then: not above `LIMIT`, and above it."""
LIMIT = 200

Pair = tuple[Person, Person]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind_a_wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), *LossyWire.flags_for(own_address()))
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


@pytest_asyncio.fixture(loop_scope="session", params=PAIRINGS, ids="-".join)
async def pair(request: pytest.FixtureRequest, person: MakePerson, tmp_path: Path) -> AsyncIterator[Pair]:
    """A therapist and a patient."""
    async with AsyncExitStack() as foxes:

        async def one(browser: str, name: str, content: Content, of_firefox: Content) -> Person:
            if browser == "Chromium":
                return await person(name, content)
            return await foxes.enter_async_context(FirefoxPerson(name, tmp_path, None, of_firefox))

        doctor = await one(request.param[0], "Dr. Blue", IN_DETAIL, FIREFOX)
        patient = await one(request.param[1], "Sam Reed", PATIENT, OTHER_FIREFOX)
        for someone in (doctor, patient):
            await someone.prepare(SCRIPT)
        yield doctor, patient
        for someone in (doctor, patient):
            assert someone.errors == [], f"the page of {someone.name} reported errors"


@pytest_asyncio.fixture(loop_scope="session")
async def guest(person: MakePerson) -> ChromiumPerson:
    """A third, who comes and goes: each time there are new keys."""
    interpreter = await person("Ines Ito", INTERPRETER)
    await interpreter.prepare(SCRIPT)
    return interpreter


async def link(service: Service, role: str, session: str) -> str:
    return await service.link(role, session, max_participants=3)


async def all_see_and_hear_each_other(*people: Person) -> None:
    each_other = [(someone, [other for other in people if other is not someone]) for someone in people]
    await asyncio.gather(*(someone.sees_and_hears(*others) for someone, others in each_other))


async def comes_again(guest: ChromiumPerson, doctor: Person) -> None:
    """Who has left, by the way that the page offers."""
    await guest.press("Join again")
    await guest.fill("Your name", guest.name)
    await guest.press("Join session")
    await doctor.admit(guest)


async def gets_at(viewer: Person, other: Person, height: int) -> None:
    """The viewer looks at the other at this height, and gets pictures of a size that fits."""
    await viewer.evaluate("heights => window.insight.looks(heights)", {other.name: height})

    async def look() -> bool:
        found = (await came(viewer, other)).height
        return 0 < found <= LIMIT if height <= LIMIT else found > LIMIT

    await eventually(look, f"{viewer.name} gets {other.name} at a height of {height}", seconds=15)
    await viewer.sees(other)


async def test_a_call_goes_on_whoever_comes_and_goes_and_whatever_is_lost(
    behind_a_wire: Service, session: str, pair: Pair, guest: ChromiumPerson
) -> None:
    service, (doctor, patient) = behind_a_wire, pair
    async with LossyWire(service, SEED, own_address()) as wire:
        await doctor.join(await link(service, "therapist", session))
        await patient.join(await link(service, "patient", session))
        await doctor.admit(patient)
        await all_see_and_hear_each_other(doctor, patient)

        await guest.join(await link(service, "interpreter", session))
        await doctor.admit(guest)
        await all_see_and_hear_each_other(doctor, patient, guest)
        for someone in (doctor, patient, guest):
            await is_end_to_end(someone)

        await gets_at(patient, doctor, SMALL)
        await gets_at(patient, doctor, LARGE)
        await opened_everything(guest, doctor, patient)

        await guest.leave()
        await all_see_and_hear_each_other(doctor, patient)
        await opened_everything(doctor, patient, gone=[guest])
        await opened_everything(patient, doctor, gone=[guest])

        wire.loss = LOSS
        before = [await came(patient, doctor), await came(doctor, patient)]
        await asyncio.sleep(5)
        await all_see_and_hear_each_other(doctor, patient)
        after = [await came(patient, doctor), await came(doctor, patient)]
        assert wire.dropped > 50
        wire.loss = 0.0
        for earlier, later in zip(before, after, strict=True):
            assert later.decoded - earlier.decoded > 25, (earlier, later)

        await comes_again(guest, doctor)
        await all_see_and_hear_each_other(doctor, patient, guest)
        for someone in (doctor, patient, guest):
            await is_end_to_end(someone)
            await opened_everything(someone, *({doctor, patient, guest} - {someone}))


async def test_nothing_is_decoded_of_who_encrypts_under_another_key_than_they_gave_away(
    service: Service, session: str, pair: Pair, guest: ChromiumPerson
) -> None:
    doctor, patient = pair
    await doctor.join(await link(service, "therapist", session))
    await spoils(doctor, True)
    await patient.join(await link(service, "patient", session))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)

    async def packets() -> bool:
        found = await came(patient, doctor)
        return min(found.camera_packets, found.sound_packets) > 50

    await eventually(packets, f"something comes of {doctor.name}")
    await nothing_comes_through(patient, doctor, seconds=8)
    found, told = await came(patient, doctor), await counts(patient)
    assert (found.frames, found.decoded, found.key_frames, found.played, found.energy) == (0, 0, 0, 0, 0)
    assert (told.opened, told.clear) == (0, 0)
    assert told.dropped["not-authentic"] > 100
    assert await patient.picture(doctor.name) is None

    # the next key is the one that was given away
    await spoils(doctor, False)
    await guest.join(await link(service, "interpreter", session))
    await doctor.admit(guest)
    await all_see_and_hear_each_other(doctor, patient, guest)
    found = await came(patient, doctor)
    assert min(found.frames, found.decoded, found.key_frames, found.played, found.energy) > 0, found

    # and in the middle of a call
    await spoils(doctor, True)
    await guest.leave()
    await runs_dry(patient, doctor)
    before = await counts(patient)
    await nothing_comes_through(patient, doctor, seconds=4)
    await is_told(patient, f"What {doctor.name} sends cannot be opened here")
    told = await counts(patient)
    assert (told.opened, told.clear) == (before.opened, 0)
    assert told.dropped["not-authentic"] > before.dropped["not-authentic"]
    await doctor.sees_and_hears(patient)

    await spoils(doctor, False)
    await comes_again(guest, doctor)
    await all_see_and_hear_each_other(doctor, patient, guest)
    await is_end_to_end(patient)
