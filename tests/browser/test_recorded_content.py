"""A recorded call of known content, and the film that the service makes of it by itself, frame by frame: encrypted end
to end, as every call of browsers that can.

Two browsers show numbered pictures that flash once a second, and beep with the flash (`numbered.js`). During the call
packets get lost; the patient mutes, turns the camera off and reloads the page; the therapist's pictures become smaller
and the therapist shares a screen. Whatever the film should show follows from when those things were done.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, expect

from clinic import Recordings, Whole, open_database, sqlite_url
from recording.age import Identity, open_bytes
from recording.keys import ClinicKey
from signaling.capture_books import output_context
from tests.browser.conftest import Launch
from tests.browser.content import DOCTOR, PATIENT, Content
from tests.browser.film import LIT, RATE, Seen, Shown, beeps, flashes, lengths, watch, widths
from tests.browser.lossy_wire import LossyWire
from tests.browser.person import RECOGNISE, ChromiumPerson, eventually
from tests.browser.protection import badge
from tests.browser.service import Service
from tests.browser.test_consent import asks, is_recorded
from tests.browser.test_recording import command, the_recording_of
from tests.recording.media.probe import complaints

pytestmark = pytest.mark.timeout(240)

NUMBERED = Path(__file__).with_name("numbered.js").read_text()
FLAGS = ("--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required")

DOCTORS_CAMERA, PATIENTS_CAMERA, DOCTORS_SCREEN = 1, 2, 3
PITCHES = {DOCTORS_CAMERA: 1000, PATIENTS_CAMERA: 1800}
LATE = {DOCTORS_CAMERA: 0, PATIENTS_CAMERA: RATE // 2}
"""Pictures from the full second to the flash."""

LOSS = 0.03
SEED = 4

APART_MS = 40
"""Between flash and beep, at most, as far as it is the recording's doing."""

BROWSER_MS = 1000 / RATE
"""What single ones may be off beside that: a browser takes a picture at the next turn of its page, and sound in blocks
of 10 ms and more, and tells the time of an Opus frame of 20 ms at its end; a film has a frame each 33 ms."""

SETTLE_MS = 1000
"""After something was done, until its effect must be in the film: a key frame is asked for and comes."""


@dataclass
class Recorded:
    """Times in milliseconds since the numbers began."""

    done: dict[str, tuple[float, float]]
    """What was done: when it was asked for, and when the page said that it was so."""
    film: bytes
    tracks: dict[str, bytes]
    """Exported, by the names of their files."""
    whole: Whole
    lost: int
    """Datagrams."""
    late: dict[int, dict[str, dict[str, float]]]
    """Of each camera: how late its page was with flashes and beeps, by their first numbers."""
    shown: Sequence[Shown]
    began_ms: float = field(init=False)
    """When the film began, by the numbers in it."""

    def __post_init__(self) -> None:
        lead = [seen.made_ms - at for at, seen in pictures(self.shown, DOCTORS_CAMERA)]
        self.began_ms = statistics.median(lead)

    def between(self, since: str, until: str) -> list[Shown]:
        """The frames from when the one was so, to when the other was asked for. Those at the end are left out: a
        picture that lost packets there never became whole."""
        end = min(self._asked(until), self.shown[-1].at_ms - SETTLE_MS)
        return [each for each in self.shown if self._settled(since) <= each.at_ms < end]

    def heard(self, pitch: int, since: str, until: str) -> list[float]:
        start, end = self._settled(since) - SETTLE_MS / 2, self._asked(until)
        return [at for at in beeps(self.film, pitch) if start <= at < end]

    def _asked(self, what: str) -> float:
        return self.done[what][0] - self.began_ms

    def _settled(self, what: str) -> float:
        return self.done[what][1] - self.began_ms + SETTLE_MS


def pictures(shown: Sequence[Shown], source: int) -> list[tuple[float, Seen]]:
    """(when in the film, what) for each frame in which that source is seen."""
    return [(each.at_ms, seen) for each in shown for seen in each.all if seen.source == source]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def behind_a_wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    running = Service(tmp_path_factory.mktemp("service"), *LossyWire.FLAGS)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


class Call:
    """Two people, what they do, and when."""

    def __init__(self, doctor: ChromiumPerson, patient: ChromiumPerson, epoch_ms: float) -> None:
        self.doctor = doctor
        self.patient = patient
        self.done: dict[str, tuple[float, float]] = {}
        self.late: dict[int, dict[str, dict[str, float]]] = {}
        self._epoch_ms = epoch_ms

    async def does(self, what: str, someone: ChromiumPerson, button: str, then: str = "") -> None:
        """Presses a button, after which another one is there."""
        await someone.open_what_holds(button)
        asked = self.now()
        await someone.press(button)
        if then:
            await someone.open_what_holds(then)
            await someone.is_offered(then)
        self.done[what] = asked, self.now()

    async def lasts(self, seconds: float) -> None:
        """What is so stays so, and is recorded."""
        await asyncio.sleep(seconds)

    async def remembers(self, someone: ChromiumPerson, source: int) -> None:
        """What the page knows of itself, before it is gone."""
        late = self.late.setdefault(source, {"flashes": {}, "beeps": {}})
        for what, times in (await someone.evaluate("() => window.known.own")).items():
            late[what] |= times

    def now(self) -> float:
        return time.time() * 1000 - self._epoch_ms


async def sees(someone: ChromiumPerson, other: ChromiumPerson) -> None:
    """The other's picture is there, and moves."""
    frames: set[int] = set()

    async def look() -> bool:
        raw = await someone.evaluate("name => window.recognise.tile(name)", other.name)
        if raw:
            frames.add(raw["frames"])
        return len(frames) >= 4

    await eventually(look, f"{someone.name} sees {other.name} move")


async def hold(call: Call, wire: LossyWire) -> None:
    """What is recorded."""
    doctor, patient = call.doctor, call.patient
    await call.lasts(1)
    wire.loss = LOSS
    await call.lasts(3)

    await call.does("muted", patient, "Mute microphone", "Unmute microphone")
    await call.lasts(2)
    await call.does("unmuted", patient, "Unmute microphone", "Mute microphone")
    await call.lasts(1)

    await call.does("camera off", patient, "Turn camera off", "Turn camera on")
    await call.lasts(3.5)
    await call.does("camera on", patient, "Turn camera on", "Turn camera off")
    await sees(doctor, patient)
    await call.lasts(1)

    asked = call.now()
    await doctor.evaluate("by => window.known.shrink(by)", 2)
    call.done["smaller"] = asked, call.now()

    await call.does("screen", doctor, "Share screen", "Stop sharing")
    await call.lasts(3.5)
    await call.does("no screen", doctor, "Stop sharing", "Share screen")
    await call.lasts(1)

    await call.remembers(patient, PATIENTS_CAMERA)
    asked = call.now()
    await patient.page.reload()
    await sees(patient, doctor)
    await sees(doctor, patient)
    call.done["reloaded"] = asked, call.now()
    await call.lasts(4)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded(
    behind_a_wire: Service, browser_of: Launch, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Recorded]:
    service, session = behind_a_wire, f"s-{os.urandom(6).hex()}"
    contexts: list[BrowserContext] = []
    epoch_ms = float(round(time.time() * 1000))

    async def someone(name: str, content: Content, camera: int) -> ChromiumPerson:
        browser = await browser_of(content, *FLAGS)
        context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
        contexts.append(context)
        context.set_default_timeout(20_000)
        known = {
            "epoch": epoch_ms,
            "camera": camera,
            "screen": DOCTORS_SCREEN,
            "pitch": PITCHES[camera],
            "late": LATE[camera],
        }
        await context.add_init_script(f"{RECOGNISE}\nwindow.known = {json.dumps(known)};\n{NUMBERED}")
        return ChromiumPerson(await context.new_page(), name, content)

    doctor = await someone("Dr. Blue", DOCTOR, DOCTORS_CAMERA)
    patient = await someone("Sam Reed", PATIENT, PATIENTS_CAMERA)
    call = Call(doctor, patient, epoch_ms)
    wire = LossyWire(service, SEED)
    async with wire:
        await doctor.join(await service.link("therapist", session))
        await patient.join(await service.link("patient", session))
        await doctor.admit(patient)
        await sees(doctor, patient)
        await sees(patient, doctor)
        await asks(doctor)
        await patient.press("Agree")
        await is_recorded(doctor, patient)
        for each in (doctor, patient):
            await expect(badge(each)).to_contain_text("End to end")
        call.done["recorded"] = call.now(), call.now()
        await hold(call, wire)
        await doctor.page.get_by_role("button", name=re.compile("^Recording")).first.click()
        await call.does("stopped", doctor, "Stop recording")
        await call.remembers(doctor, DOCTORS_CAMERA)
        await call.remembers(patient, PATIENTS_CAMERA)
        for context in contexts:
            await context.close()
    assert not doctor.errors + patient.errors

    recording = await the_recording_of(service, session)
    film, whole = await the_film_of(service, recording)
    folder = tmp_path_factory.mktemp("exported")
    await command(service, "export", recording, "--to", str(folder), "--clear")
    tracks = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    yield Recorded(call.done, film, tracks, whole, wire.dropped, call.late, watch(film))


async def the_film_of(service: Service, recording: str) -> tuple[bytes, Whole]:
    """The film that is made without anybody asking for it, opened with the clinic's key; and what is remembered."""
    store = open_database(sqlite_url(service.data / "clinic.db"))
    try:

        async def made() -> Whole | None:
            whole = await Recordings(store).get(recording)
            assert all(job.error is None for job in whole.jobs)
            return whole if whole.outputs else None

        whole = await eventually(made, "the film is made", seconds=90)
    finally:
        await store.close()
    (output,) = whole.outputs
    assert output.wrapped_key is not None
    key = ClinicKey.from_file(service.data / "recordings-key", os.urandom)
    identity = Identity(await key.unwrap(output.wrapped_key, output_context(recording, output.id)))
    sealed = (service.data / "recordings" / f"{output.file}.age").read_bytes()
    return open_bytes(sealed, [identity]), whole


async def test_packets_were_lost(recorded: Recorded) -> None:
    assert recorded.lost > 50


async def test_every_frame_shows_whole_pictures_of_those_who_were_there(recorded: Recorded) -> None:
    first = next(number for number, each in enumerate(recorded.shown) if each.cameras)
    assert recorded.shown[first].at_ms < SETTLE_MS
    unread = [each.at_ms for each in recorded.shown[first:] if not each.all]
    assert unread == []
    for each in recorded.shown[first:]:
        sources = [seen.source for seen in each.cameras]
        assert sorted(sources) in ([DOCTORS_CAMERA], [DOCTORS_CAMERA, PATIENTS_CAMERA]) or each.at_ms < SETTLE_MS
        assert each.screen is None or each.screen.source == DOCTORS_SCREEN
    assert len({tuple(seen.source for seen in each.cameras) for each in recorded.shown if len(each.cameras) == 2}) == 1


async def test_a_flash_belongs_to_its_number(recorded: Recorded) -> None:
    """So pictures are whole, and not the upper half of one with the lower half of another."""
    for each in recorded.shown:
        for seen in each.cameras:
            assert seen.lit == ((seen.number - LATE[seen.source]) % RATE < LIT), each


@pytest.mark.parametrize("source", [DOCTORS_CAMERA, PATIENTS_CAMERA, DOCTORS_SCREEN])
async def test_pictures_are_in_order_and_keep_coming(recorded: Recorded, source: int) -> None:
    seen = pictures(recorded.shown, source)
    steps = [later[1].number - earlier[1].number for earlier, later in pairwise(seen)]
    assert min(steps) >= 0
    # the patient's camera was off once, and whoever reloads stands still meanwhile or is gone
    waits = sorted(_waits(seen))[: -2 if source == PATIENTS_CAMERA else None]
    assert waits[-1] < 2 * SETTLE_MS, "a key frame that was asked for may be lost once"
    # a browser that is short of time lets a screen stand still rather than be blurred
    assert statistics.median(waits) < (500 if source == DOCTORS_SCREEN else 100)


def _waits(seen: Sequence[tuple[float, Seen]]) -> list[float]:
    """How long it was from each picture to the next one, in the film, milliseconds."""
    found = []
    since = seen[0][0]
    for (_, before), (at, now) in pairwise(seen):
        if now.number != before.number:
            found.append(at - since)
            since = at
    return found


async def test_all_are_shown_at_the_same_time_as_they_were(recorded: Recorded) -> None:
    """By the clock that both browsers and the numbers share."""
    for source in (DOCTORS_CAMERA, PATIENTS_CAMERA, DOCTORS_SCREEN):
        lag = sorted(at + recorded.began_ms - seen.made_ms for at, seen in pictures(recorded.shown, source))
        print(f"source {source}: {lag[len(lag) // 2]:.0f} ms after the doctor's camera, {lag[0]:.0f} to {lag[-1]:.0f}")
        assert abs(lag[0]) < 150, "none too early, and the best ones in time"
        if source != DOCTORS_SCREEN:
            assert abs(statistics.median(lag)) < 100
            assert lag[len(lag) * 3 // 4] < 250


async def test_a_camera_that_is_off_leaves_the_picture_to_the_other(recorded: Recorded) -> None:
    frames = recorded.between("camera off", "camera on")
    assert len(frames) > 60
    assert all([seen.source for seen in each.cameras] == [DOCTORS_CAMERA] for each in frames)
    for since, until in (("recorded", "muted"), ("camera on", "screen"), ("reloaded", "stopped")):
        frames = recorded.between(since, until)
        assert _mostly(len(each.cameras) == 2 for each in frames)
        assert all(each.screen is None for each in frames)


async def test_a_shared_screen_is_the_main_picture_beside_both_cameras(recorded: Recorded) -> None:
    frames = recorded.between("screen", "no screen")
    assert len(frames) > 45
    assert _mostly(each.screen is not None and len(each.cameras) == 2 for each in frames)
    assert all(each.screen is None for each in recorded.between("recorded", "screen"))
    assert all(each.screen is None for each in recorded.between("no screen", "stopped"))


def _mostly(so: Iterable[bool]) -> bool:
    """A picture that lost packets just before it was switched off did not become whole any more: it ends earlier."""
    frames = list(so)
    return sum(frames) >= 0.85 * len(frames)


async def test_pictures_that_become_smaller_go_on(recorded: Recorded) -> None:
    cameras = [data for name, data in recorded.tracks.items() if name.startswith("therapist") and "camera" in name]
    (camera,) = cameras
    seen = widths(camera)  # a call may begin with small ones, and a browser short of time makes them smaller by itself
    assert seen[-1] * 2 <= max(seen), seen
    numbers = [seen.number for each in recorded.between("smaller", "stopped") for seen in each.cameras]
    assert len(set(numbers)) > 60


@pytest.mark.parametrize("source", [DOCTORS_CAMERA, PATIENTS_CAMERA])
async def test_flash_and_beep_are_together(recorded: Recorded, source: int) -> None:
    heard = beeps(recorded.film, PITCHES[source])
    late = recorded.late[source]
    apart, own = [], []
    for number, flash in flashes(recorded.shown, source):
        first = str(number - (number - LATE[source]) % RATE)
        beep = min(heard, key=lambda at: abs(at - flash))
        if abs(beep - flash) < 400 and first in late["beeps"]:  # else it was muted
            own.append(late["beeps"][first] - late["flashes"][first])
            apart.append(beep - flash - own[-1])
    for what, times in (("in the page", own), ("added", apart)):
        middle = statistics.median(times)
        print(f"beep after flash, {what}: {middle:.0f} ms, {min(times):.0f} to {max(times):.0f}, of {len(times)}")
    assert len(apart) >= 8
    assert abs(statistics.median(apart)) <= APART_MS
    # a packet that is lost with the beginning of a beep cannot be told from one that is late
    assert sorted(map(abs, apart))[len(apart) * 9 // 10 - 1] <= APART_MS + BROWSER_MS


async def test_a_muted_microphone_is_silent_and_every_other_beep_is_heard(recorded: Recorded) -> None:
    assert recorded.heard(PITCHES[PATIENTS_CAMERA], "muted", "unmuted") == []
    for since, until in (("recorded", "muted"), ("unmuted", "reloaded"), ("reloaded", "stopped")):
        _one_each_second(recorded.heard(PITCHES[PATIENTS_CAMERA], since, until))
    _one_each_second(recorded.heard(PITCHES[DOCTORS_CAMERA], "recorded", "stopped"))


def _one_each_second(heard: Sequence[float]) -> None:
    assert len(heard) >= 2
    assert all(900 < later - earlier < 1100 for earlier, later in pairwise(heard))


async def test_it_is_as_long_as_it_was_recorded(recorded: Recorded) -> None:
    picture, sound = lengths(recorded.film)
    asked, stopped = ((at - recorded.began_ms) / 1000 for at in recorded.done["stopped"])
    assert abs(picture - sound) < 0.1
    assert asked - 0.5 < picture < stopped + 0.5
    assert recorded.done["recorded"][0] - recorded.began_ms < 1500, "it began when people were told"


async def test_another_reader_has_nothing_to_complain_of(recorded: Recorded, tmp_path: Path) -> None:
    assert complaints(tmp_path, recorded.film) == ""
    assert len(recorded.tracks) >= 7, "a microphone and a camera each, more after mute, camera and reload, a screen"
    for name, data in recorded.tracks.items():
        assert complaints(tmp_path, data) == "", name
