"""Every state of the page of recordings as people see it, in `build/screenshots-recordings/`: wide, narrow, light and
dark; with nothing that axe calls a violation, targets that are large enough, and text at twice its size."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.clinic import Clinic, a_clinic, at_the_list, film, opens, row
from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import DOCTOR
from tests.browser.looking import SIZES, Accessible, OnAPhone, Photographs
from tests.browser.person import ChromiumPerson, eventually

Look = Callable[[str, ChromiumPerson], Awaitable[None]]

HELD = "session-kept-for-a-case-with-a-rather-long-name-2026-11"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    """With a recording in each state."""
    async with a_clinic(tmp_path_factory.mktemp("clinic")) as made:
        shelf, shown, now = made.shelf, made.media.shown, time.time()
        await made.keeps("ready", shown, days_ago=1)
        await shelf.add_output("ready", "audio", made.media.mix, now)
        await made.keeps("held", shown, days_ago=2, session=HELD)
        await shelf.retention.hold("held", by="ann@clinic", because="case 2026-17", now=now)
        await made.keeps("bare", days_ago=3)
        await made.keeps("being-made", days_ago=0.1)
        assert await shelf.jobs.renew(await shelf.begin_film("being-made", now), now, 1e10, 0.4)
        await made.keeps("failed", days_ago=4)
        await shelf.recordings.failed("failed", "The disk was full.")
        await made.keeps("deleted", shown, days_ago=5)
        await shelf.retention.shred_recording("deleted", by="ann@clinic", reason="asked for by the patient", now=now)
        await shelf.begin_session("now", "session-now", now - 600)
        yield made


async def walk(clinic: Clinic, make: MakePerson, look: Look, **settings: object) -> None:
    """Goes from state to state and looks at each."""
    nobody = await make("Nobody", DOCTOR, **settings)
    nobody.expects_network_errors()
    await nobody.open(f"{clinic.service.url}/recordings")
    await nobody.reads("Please open your link")
    await look("no-link", nobody)

    ann = await at_the_list(clinic, make, settings=settings)
    await expect(row(ann, "session-ready")).to_be_visible()
    await look("list", ann)
    await ann.fill("Session", "nothing has this name")
    await ann.reads("No recording fits")
    await look("nothing-found", ann)

    for name in ("ready", "held", "bare", "being-made", "failed", "deleted", "now"):
        await opens(ann, HELD if name == "held" else f"session-{name}")
        if await film(ann).count():
            await eventually(lambda: film(ann).evaluate("video => video.readyState >= 2"), "the film is there")
            await ann.page.get_by_role("region", name="Chapters").wait_for()
        await look(f"one-{name}", ann)
        if name == "ready":
            await _dialogs(ann, look)
        await ann.page.get_by_role("link", name="All recordings").click()

    auditor = await at_the_list(clinic, make, "auditor", settings=settings)
    await opens(auditor, "session-ready")
    await look("auditor", auditor)
    await auditor.press("Sign out")
    await look("signed-out", auditor)


async def _dialogs(ann: ChromiumPerson, look: Look) -> None:
    dialog = ann.page.get_by_role("dialog")
    await ann.press("Download: Film")
    await dialog.get_by_text("How to open it").click()
    await look("download", ann)
    await dialog.get_by_role("radio").last.check()
    await dialog.get_by_role("button", name="Download", exact=True).click()
    await look("download-decrypted", ann)
    await ann.page.keyboard.press("Escape")
    for name in ("Make another version", "Put on hold", "Delete"):
        await expect(dialog).to_have_count(0)
        await ann.press(name)
        await look(name.split()[0].lower(), ann)
        await ann.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


@pytest.mark.screenshots
@pytest.mark.timeout(600)
async def test_screenshots_of_every_state(clinic: Clinic, person: MakePerson) -> None:
    photographs = Photographs(BUILD / "screenshots-recordings")
    await walk(clinic, person, photographs)
    assert photographs.count >= 60


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
async def test_axe_finds_nothing_in_any_state(clinic: Clinic, person: MakePerson, scheme: str, width: int) -> None:
    accessible = Accessible()
    await walk(clinic, person, accessible, color_scheme=scheme, reduced_motion="reduce", viewport=SIZES[width])
    assert not accessible.found, "\n".join(accessible.found)


@pytest.mark.timeout(600)
async def test_targets_are_large_enough_and_text_may_be_twice_as_large_on_a_phone(
    clinic: Clinic, person: MakePerson
) -> None:
    phone = OnAPhone()
    await walk(clinic, person, phone, viewport=SIZES[375])
    assert phone.targets > 100
    assert not phone.found, "\n".join(phone.found)


async def test_everything_can_be_done_with_the_keyboard(clinic: Clinic, person: MakePerson) -> None:
    ann = await at_the_list(clinic, person)
    keyboard = ann.page.keyboard
    await _tab_to(ann, "Session", "searchbox")
    await keyboard.type("session-ready")
    await expect(ann.page.locator("tb-recordings-row")).to_have_count(1)
    await _tab_to(ann, "session-ready", "link")
    await keyboard.press("Enter")
    await expect(ann.page.get_by_role("heading", level=1, name="session-ready")).to_be_focused()
    await _tab_to(ann, "0:40", "button")
    await keyboard.press("Enter")
    await eventually(lambda: film(ann).evaluate("video => Math.abs(video.currentTime - 40) < 0.2"), "it was sought")
    await _tab_to(ann, "Put on hold", "button")
    await keyboard.press("Space")
    dialog = ann.page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading")).to_be_focused()
    await keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(ann.button("Put on hold")).to_be_focused()


async def _tab_to(someone: ChromiumPerson, name: str, role: str) -> None:
    target = someone.page.get_by_role(role, name=name).first  # type: ignore[arg-type]
    await target.wait_for()
    for _ in range(80):
        if await target.evaluate("element => element === document.activeElement"):
            return
        await someone.page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {name!r}")
