"""The check before a call, in real browsers at a real service: with devices, without permission, without a link, by
keyboard, on a phone. Screenshots of each state are in `build/screenshots-check/`."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import PATIENT
from tests.browser.firefox import FirefoxPerson
from tests.browser.looking import look_at
from tests.browser.person import ChromiumPerson, eventually
from tests.browser.service import Service
from tests.browser.states import WITHOUT_PERMISSION
from tests.browser.test_accessibility import _tab_to

FOLDER = BUILD / "screenshots-check"
DONE = 30_000
"""Milliseconds for a whole check on a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def _folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def plain(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Not the demonstration, in which nobody needs a link."""
    running = Service(tmp_path_factory.mktemp("plain"), demo=False)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


def item(someone: ChromiumPerson, name: str) -> Locator:
    title = someone.page.get_by_role("heading", level=2, name=re.compile(f"^{name}"))
    return someone.page.get_by_role("list", name="What is tested").get_by_role("listitem").filter(has=title)


async def look(name: str, someone: ChromiumPerson) -> None:
    assert await look_at(someone.page, name, FOLDER) == []


async def at_the_check(service: Service, session: str, someone: ChromiumPerson) -> None:
    await someone.open(await service.link("patient", session))
    await someone.page.get_by_role("link", name="Test my connection").click()
    await expect(someone.page.get_by_role("heading", name="Test my connection", level=1)).to_be_visible()


@pytest.mark.timeout(180)
async def test_a_person_tests_everything_and_goes_on_to_their_session(
    service: Service, session: str, person: MakePerson
) -> None:
    patient = await person(
        "Sam Reed", PATIENT, permissions=["clipboard-read", "clipboard-write", "camera", "microphone"]
    )
    await at_the_check(service, session, patient)
    await patient.reads("Nothing has been tested yet")
    await look("before", patient)

    await patient.press("Start the test")
    for name in ("Camera", "Microphone", "Connection to the clinic", "Direct connection", "Second way"):
        await expect(item(patient, name)).to_contain_text("Works", timeout=DONE)
    await expect(item(patient, "Way around firewalls")).to_contain_text("This clinic has set up no relay")
    await expect(item(patient, "Quality")).to_contain_text(re.compile(r"About [\d.]+ Mbit/s there"), timeout=DONE)
    figures = await item(patient, "Quality").inner_text()
    up, down = (float(each) for each in re.findall(r"([\d.]+) Mbit/s", figures))
    assert up > 0.3, figures
    assert 0.2 < down <= up + 0.5, figures

    await patient.press("Play a sound")
    await patient.reads("Did you hear the sound?")
    await look("asks-for-the-sound", patient)
    await patient.press("Yes")
    await expect(item(patient, "Speaker")).to_contain_text("You heard it")
    await look("done", patient)

    await patient.press("Copy the result")
    await patient.is_offered("Result copied")
    copied = await patient.page.evaluate("navigator.clipboard.readText()")
    assert "Direct connection: Works." in copied
    for private in ("Sam", session, "127.0.0.1", "fake_device", "Fake"):
        assert private not in copied

    await patient.page.get_by_role("link", name="Back to my session").click()
    await patient.is_offered("Join session")
    assert "token" not in patient.page.url


@pytest.mark.timeout(120)
async def test_a_person_who_said_no_to_the_browser_is_told_the_steps_and_the_connection_is_tested_all_the_same(
    service: Service, session: str, person: MakePerson
) -> None:
    denied = await person("Sam Reed", PATIENT, WITHOUT_PERMISSION)
    await at_the_check(service, session, denied)
    await denied.press("Start the test")
    await expect(item(denied, "Camera")).to_contain_text("Does not work", timeout=DONE)
    await expect(item(denied, "Microphone")).to_contain_text("Does not work")
    await expect(item(denied, "Quality")).to_contain_text("Mbit/s", timeout=DONE)
    await denied.reads("Nobody would hear you: your microphone does not work.")
    await denied.is_offered("Try again")
    await look("denied", denied)


@pytest.mark.timeout(120)
async def test_a_machine_without_camera_and_microphone(service: Service, session: str, person: MakePerson) -> None:
    nobody = await person("Sam Reed", PATIENT)
    await nobody.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };"
        "navigator.mediaDevices.enumerateDevices = async () => [];"
    )
    await at_the_check(service, session, nobody)
    await nobody.press("Start the test")
    await expect(item(nobody, "Camera")).to_contain_text("Does not work", timeout=DONE)
    await nobody.reads("No camera and no microphone found")
    await expect(item(nobody, "Direct connection")).to_contain_text("Works", timeout=DONE)
    await expect(item(nobody, "Quality")).to_contain_text("Mbit/s", timeout=DONE)


@pytest.mark.timeout(120)
async def test_a_silent_microphone_is_noticed(service: Service, session: str, person: MakePerson) -> None:
    silent = await person("Sam Reed", PATIENT)
    await silent.page.add_init_script(
        """const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {
          const stream = await ask(wanted);
          if (!stream.getAudioTracks().length) return stream;
          const context = new AudioContext();
          const silence = context.createMediaStreamDestination().stream.getAudioTracks()[0];
          stream.removeTrack(stream.getAudioTracks()[0]);
          stream.addTrack(silence);
          return stream;
        };"""
    )
    await at_the_check(service, session, silent)
    await silent.press("Start the test")
    await expect(item(silent, "Microphone")).to_contain_text("nothing can be heard from it", timeout=DONE)
    await expect(item(silent, "Microphone")).to_contain_text("Look for a mute switch")


@pytest.mark.timeout(120)
async def test_without_a_link_devices_can_still_be_tested(person: MakePerson, plain: Service) -> None:
    stranger = await person("Sam Reed", PATIENT)
    await stranger.open(f"{plain.url}/check")
    await stranger.press("Start the test")
    await expect(item(stranger, "Camera")).to_contain_text("Works", timeout=DONE)
    await expect(item(stranger, "Direct connection")).to_contain_text("Open the test from the link to your session")
    await stranger.reads("To test the connection too, open your link")
    await expect(stranger.page.get_by_role("link", name="Back to my session")).to_have_count(0)
    await look("without-a-link", stranger)


@pytest.mark.timeout(120)
async def test_a_link_that_has_expired_is_said_so(person: MakePerson, plain: Service) -> None:
    patient = await person("Sam Reed", PATIENT)
    patient.expects_network_errors()
    await patient.open(f"{plain.url}/check#token={plain.expired_token()}")
    await patient.press("Start the test")
    await patient.reads("Your link has expired or is not valid", seconds=30)
    await expect(item(patient, "Direct connection")).to_contain_text("Not tested")


@pytest.mark.timeout(120)
async def test_the_whole_check_with_the_keyboard_alone(service: Service, session: str, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    await at_the_check(service, session, patient)
    await _tab_to(patient, "Start the test")
    await patient.page.keyboard.press("Enter")
    await expect(item(patient, "Quality")).to_contain_text("Mbit/s", timeout=DONE)
    await _tab_to(patient, "Play a sound")
    await patient.page.keyboard.press("Space")
    await _tab_to(patient, "No")
    await patient.page.keyboard.press("Enter")
    await expect(item(patient, "Speaker")).to_contain_text("Turn the volume up")
    await _tab_to(patient, "Test again")
    await patient.page.keyboard.press("Enter")
    await expect(patient.button("Test again")).to_be_visible(timeout=DONE)


@pytest.mark.timeout(120)
async def test_what_is_found_is_announced(service: Service, session: str, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    await at_the_check(service, session, patient)
    await patient.page.evaluate(
        """() => {
          window.announced = [];
          for (const region of document.querySelectorAll("[aria-live]"))
            new MutationObserver(() => window.announced.push(region.textContent))
              .observe(region, { childList: true, subtree: true });
        }"""
    )
    await patient.press("Start the test")
    await expect(patient.button("Test again")).to_be_visible(timeout=DONE)
    said = " ".join(await patient.page.evaluate("window.announced"))
    assert "Testing. Say a few words" in said
    assert "All is well" in said or "You can join" in said


@pytest.mark.timeout(120)
async def test_a_check_leaves_nothing_at_the_server(service: Service, session: str, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    await at_the_check(service, session, patient)
    await patient.press("Start the test")
    await expect(patient.button("Test again")).to_be_visible(timeout=DONE)

    async def peers() -> int:
        text = await service.get("/metrics")
        return int(float(re.findall(r'^therabook_media_total{what="peers"} (\S+)', text, re.M)[0]))

    async def gone() -> bool:
        return await peers() == 0

    await eventually(gone, "the server has no peers left")


@pytest.mark.timeout(120)
async def test_firefox_tests_everything_too(service: Service, session: str, tmp_path: Path) -> None:
    async with FirefoxPerson("Fay Fox", tmp_path) as fox:
        await fox.open(f"{service.url}/check#token={await service.token('patient', session)}")
        await fox.press("Start the test")

        async def measured() -> str | None:
            text = str(await fox.evaluate("() => document.querySelector('[role=list]').innerText"))
            return text if "Mbit/s" in text else None

        found = await eventually(measured, "Firefox measures its connection")
    assert "Picture and sound take the direct way" in found
    assert "Where the direct way is blocked, this one is open" in found
    assert float(re.findall(r"at least ([\d.]+) Mbit/s", found)[0]) > 0.2
