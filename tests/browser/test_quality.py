"""The quality of a call on record: afterwards there are both people, both directions, and what real browsers said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import ChromiumPerson, Person, eventually
from tests.browser.service import Service
from tests.browser.wire import MediaWire

Report = dict[str, dict[str, Any]]
"""People by role."""

OFTEN = ("--tokens-per-minute", "10000")

WAITS_FOR = 5.0
"""Seconds that a browser must have told of."""


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        yield person


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """One that may be asked as often as a test looks."""
    running = Service(tmp_path_factory.mktemp("service"), *OFTEN)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def unreachable(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service that tells its clients an address for media at which nobody listens."""
    running = Service(tmp_path_factory.mktemp("service"), *MediaWire.FLAGS, *OFTEN)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


async def report(service: Service, session: str) -> Report:
    key = (service.data / "api-key").read_text().strip()
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http,
        http.get(f"{service.url}/api/sessions/{session}/quality") as answer,
    ):
        said = await answer.json()
        assert answer.status == 200, said
        return {each["role"]: each for each in said["people"]}


async def told_of(service: Service, session: str) -> None:
    """Both browsers have said how the call is, with pictures in both directions."""

    async def look() -> bool:
        found = await report(service, session)
        both = [found.get(role, {}).get("quality") for role in ("therapist", "patient")]
        return all(each and each["received"].get("camera", {}).get("seconds", 0) >= WAITS_FOR for each in both)

    await eventually(look, "both browsers tell how the call is", seconds=40)


def is_plausible(person: dict[str, Any], other: dict[str, Any]) -> None:
    """A minute's call on one machine: nothing is lost on the way, and nothing can be very fast."""
    quality = person["quality"]
    assert (person["connected"], person["failure"]) == (True, None)
    assert 20 <= quality["join_ms"] <= 20_000
    assert 0 <= quality["connect_ms"] <= 20_000
    assert quality["measured_s"] >= WAITS_FOR
    assert 0 < quality["round_trip_ms"]["p50"] < 500
    assert sum(quality["transports"].values()) == pytest.approx(quality["told_s"], abs=1.0)
    assert set(quality["transports"]) == {"udp"}
    assert set(quality["candidates"]) <= {"host", "prflx"}
    for way in ("up", "down"):
        assert 50_000 < quality[way]["bitrate"]["p95"] < 10_000_000, (way, quality[way])
        assert quality[way]["loss"]["p50"] < 0.05, (way, quality[way])
    camera, voice = quality["sent"]["camera"], quality["sent"]["microphone"]
    assert 30_000 < camera["bitrate"]["most"] < 5_000_000
    assert 2 < camera["frame_rate"]["most"] <= 61
    assert sum(camera["sizes"].values()) > 0
    assert 5_000 < voice["bitrate"]["most"] < 200_000
    picture, sound = quality["received"]["camera"], quality["received"]["microphone"]
    assert 20_000 < picture["bitrate"]["most"] < 5_000_000
    assert 2 < picture["frame_rate"]["most"] <= 61
    assert sum(picture["sizes"].values()) > 0
    assert 0 <= picture["freezes"] < 200
    assert 5_000 < sound["bitrate"]["most"] < 200_000
    assert 0 <= sound["concealed"]["p50"] < 0.3
    assert set(quality["others"]) == {other["person"]}
    assert quality["others"][other["person"]]["bitrate"] > 20_000


async def call(service: Service, session: str, doctor: ChromiumPerson, patient: Person) -> Report:
    """A call of some seconds, which the therapist ends; what is on record about it."""
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    await told_of(service, session)
    await doctor.end_for_everyone()

    async def gone() -> Report | None:
        found = await report(service, session)
        return found if found["therapist"]["state"] == "gone" else None

    return await eventually(gone, "the therapist is gone")


@pytest.mark.timeout(150)
async def test_after_a_call_the_report_has_both_people_in_both_directions(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    found = await call(service, session, doctor, patient)
    assert {role: each["gone"] for role, each in found.items()} == {"therapist": "ended", "patient": "ended"}
    is_plausible(found["therapist"], found["patient"])
    is_plausible(found["patient"], found["therapist"])
    metrics = await service.get("/metrics")
    assert 'therabook_joins_total{result="connected"}' in metrics
    assert "therabook_join_seconds_count" in metrics


@pytest.mark.timeout(150)
async def test_firefox_tells_as_much_as_chromium(
    service: Service, session: str, person: MakePerson, fox: FirefoxPerson
) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    found = await call(service, session, doctor, fox)
    is_plausible(found["therapist"], found["patient"])
    is_plausible(found["patient"], found["therapist"])


@pytest.mark.timeout(150)
async def test_somebody_whose_media_never_got_through_is_there_with_the_failure(
    unreachable: Service, session: str, person: MakePerson
) -> None:
    patient = await person("Sam Reed", PATIENT)
    await patient.join(await unreachable.link("patient", session))

    async def failed() -> dict[str, Any] | None:
        found = (await report(unreachable, session)).get("patient")
        return found if found and found["failure"] == "timeout" else None

    found = await eventually(failed, "nothing of the patient's media reaches the server", seconds=60)
    assert (found["state"], found["connected"]) == ("present", False)
    await patient.press("Leave waiting room")

    async def gone() -> dict[str, Any] | None:
        found = (await report(unreachable, session))["patient"]
        return found if found["state"] == "gone" else None

    found = await eventually(gone, "the patient is gone")
    assert (found["gone"], found["connected"], found["failure"]) == ("left", False, "timeout")
    assert found["quality"]["attempts"] >= 1
    assert 'therabook_joins_total{result="timeout"} 1.0' in await unreachable.get("/metrics")
