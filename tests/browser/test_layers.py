"""Layers with real browsers: only what somebody watches is encoded, and everybody gets the size that they see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, IN_DETAIL, INTERPRETER, PATIENT
from tests.browser.firefox import FirefoxPerson
from tests.browser.machine import turns
from tests.browser.person import ChromiumPerson, Person, eventually
from tests.browser.service import Service

INSIGHT = Path(__file__).with_name("insight.js").read_text()

pytestmark = pytest.mark.timeout(180)


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        await person.prepare(INSIGHT)
        yield person


async def with_insight(someone: ChromiumPerson) -> ChromiumPerson:
    await someone.prepare(INSIGHT)
    return someone


async def sending(someone: Person) -> dict[str, dict[str, int]]:
    return dict(await someone.evaluate("() => window.insight.sending()"))


async def receiving(viewer: Person, other: Person) -> dict[str, Any]:
    return dict(await viewer.evaluate("name => window.insight.receiving(name)", other.name))


async def looks(viewer: Person, **heights: int) -> None:
    """By the names of people, with underscores for spaces."""
    by_name = {name.replace("_", " "): height for name, height in heights.items()}
    await viewer.evaluate("heights => window.insight.looks(heights)", by_name)


async def encodes(someone: Person, *rids: str) -> bool:
    """Whether exactly these encodings grow in the next second."""
    before = await sending(someone)
    await someone.evaluate("() => new Promise((resolve) => setTimeout(resolve, 1000))")
    after = await sending(someone)
    return {rid for rid, each in after.items() if each["frames"] > before.get(rid, {"frames": 0})["frames"]} == set(
        rids
    )


async def within(seconds: float, look: Callable[[], Awaitable[bool]], what: str) -> float:
    """How long it took."""
    began = time.monotonic()
    await eventually(look, what, seconds=seconds)
    return time.monotonic() - began


async def test_in_a_call_of_two_one_encoding_is_made_and_none_while_nobody_watches(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor = await with_insight(await person("Dr. Blue", DOCTOR))
    patient = await with_insight(await person("Sam Reed", PATIENT))
    await doctor.join(await service.link("therapist", session))

    async def nothing() -> bool:
        return await encodes(doctor)

    await eventually(nothing, "who is alone encodes nothing", seconds=20)
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)
    await patient.sees_and_hears(doctor)
    for someone in (doctor, patient):

        async def one(someone: ChromiumPerson = someone) -> bool:
            return await encodes(someone, "f")

        await eventually(one, f"{someone.name} encodes one picture", seconds=10)


async def test_three_people_send_what_is_seen_and_everyone_gets_the_size_of_their_tile(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor = await with_insight(await person("Dr. Blue", DOCTOR))
    patient = await with_insight(await person("Sam Reed", IN_DETAIL))
    interpreter = await with_insight(await person("Ines Ito", INTERPRETER))
    await doctor.join(await service.link("therapist", session, max_participants=3))
    await patient.join(await service.link("patient", session, max_participants=3))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await interpreter.join(await service.link("interpreter", session, max_participants=3))
    await doctor.admit(interpreter)
    await interpreter.sees(patient)

    # The pages tell by themselves what they show whenever anything moves, so it is said again before every look.
    async def shown_in_two_sizes() -> None:
        await looks(doctor, Sam_Reed=150)
        await looks(interpreter, Sam_Reed=720)

    async def small() -> bool:
        await shown_in_two_sizes()
        return bool(0 < (await receiving(doctor, patient))["height"] <= 180)

    async def large() -> bool:
        await shown_in_two_sizes()
        return int((await receiving(interpreter, patient))["height"]) > 180

    await eventually(small, "a small tile gets a small picture", seconds=15)
    await eventually(large, "and a large one a large one", seconds=15)
    await doctor.sees(patient)
    await interpreter.sees(patient)

    async def both() -> bool:
        await shown_in_two_sizes()
        return await encodes(patient, "q", "f")

    await eventually(both, "both sizes are made, and not the third", seconds=20)

    await looks(doctor, Sam_Reed=0)
    await looks(interpreter, Sam_Reed=0)
    began = time.monotonic()

    async def told() -> bool:
        return bool((await patient.evaluate("() => window.insight.wanted"))["camera"] == [])

    assert await within(3, told, "nobody watches") < 2.5, f"told after {time.monotonic() - began:.1f} s"

    async def none() -> bool:
        return await encodes(patient)

    await eventually(none, "and nothing is made", seconds=5)
    frames = (await receiving(interpreter, patient))["frames"]
    await looks(interpreter, Sam_Reed=720)

    async def again() -> bool:
        return bool((await receiving(interpreter, patient))["frames"] > frames)

    assert await within(5, again, "the picture is back") < 1.5
    await interpreter.sees(patient)
    await doctor.hears(patient, interpreter)


async def test_a_small_camera_is_seen_whole_by_who_shows_it_large_and_half_by_who_shows_it_small(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor = await with_insight(await person("Dr. Blue", DOCTOR))
    patient = await with_insight(await person("Sam Reed", PATIENT))
    interpreter = await with_insight(await person("Ines Ito", INTERPRETER))
    for each, role in ((doctor, "therapist"), (patient, "patient"), (interpreter, "interpreter")):
        await each.join(await service.link(role, session, max_participants=3))
        if each is not doctor:
            await doctor.admit(each)
    await doctor.sees(patient)
    await interpreter.sees(patient)

    async def heights(viewer: Person, shown: int) -> int:
        await looks(viewer, Sam_Reed=shown)
        return int((await receiving(viewer, patient))["height"])

    async def both() -> bool:
        return (await heights(doctor, 150), await heights(interpreter, 720)) == (180, 360)

    await eventually(both, "one gets half of it and the other all of it", seconds=20)
    frames = [(await receiving(viewer, patient))["frames"] for viewer in (doctor, interpreter)]
    for _ in range(5):
        assert await both(), "and that stays"
        await asyncio.sleep(1)
    after = [(await receiving(viewer, patient))["frames"] for viewer in (doctor, interpreter)]
    assert all(now > before + 40 for before, now in zip(frames, after, strict=True))


async def test_a_publisher_with_firefox_is_seen_in_both_sizes(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    doctor = await with_insight(await person("Dr. Blue", DOCTOR))
    interpreter = await with_insight(await person("Ines Ito", INTERPRETER))
    await doctor.join(await service.link("therapist", session, max_participants=3))
    await fox.join(await service.link("patient", session, max_participants=3))
    await doctor.admit(fox)
    await doctor.sees(fox)
    await interpreter.join(await service.link("interpreter", session, max_participants=3))
    await doctor.admit(interpreter)
    await interpreter.sees(fox)

    async def small() -> bool:
        await looks(doctor, Fay_Fox=100)
        await looks(interpreter, Fay_Fox=720)
        return bool(0 < (await receiving(doctor, fox))["height"] < (await receiving(interpreter, fox))["height"])

    await eventually(small, "a small tile gets a small picture of Firefox's", seconds=20)
    await doctor.sees(fox)
    await interpreter.sees(fox)
    await looks(doctor, Fay_Fox=0)
    await looks(interpreter, Fay_Fox=0)

    async def told() -> bool:
        return bool((await fox.evaluate("() => window.insight.wanted"))["camera"] == [])

    await eventually(told, "nobody watches", seconds=5)
    before = (await receiving(interpreter, fox))["frames"]
    await looks(interpreter, Fay_Fox=720)

    async def again() -> bool:
        return bool((await receiving(interpreter, fox))["frames"] > before)

    await eventually(again, "the picture is back", seconds=5)
    await interpreter.sees(fox)


async def test_a_phone_captures_no_more_than_is_watched(service: Service, session: str, person: MakePerson) -> None:
    phone = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
    doctor = await with_insight(await person("Dr. Blue", DOCTOR))
    patient = await with_insight(await person("Sam Reed", PATIENT, **phone))
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)

    async def lines() -> int:
        return int(await patient.evaluate("() => window.insight.capturing()"))

    whole = await lines()
    assert whole >= 360

    async def half() -> bool:
        return await lines() <= whole / 2

    async def all_of_it() -> bool:
        return await lines() == whole and int((await sending(patient))["f"]["height"]) == whole

    await turns(doctor, "hidden")
    await eventually(half, "nobody watches, and less is captured", seconds=15)
    await turns(doctor, "visible")
    await eventually(all_of_it, "somebody watches again, and all of it is captured and sent", seconds=15)
    await doctor.sees(patient)
