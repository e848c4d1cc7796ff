"""The page of recordings in Firefox: what differs between browsers is media and how forms are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.clinic import Clinic, a_clinic
from tests.browser.content import DOCTOR
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import Picture, eventually


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with a_clinic(tmp_path_factory.mktemp("clinic")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        yield person


async def shows_second(fox: FirefoxPerson, second: int) -> None:
    async def look() -> bool:
        raw = await fox.evaluate("() => window.recognise.picture(document.querySelector('video'))")
        return raw is not None and Picture.of(raw).content is DOCTOR and Picture.of(raw).moment == (second,)

    await eventually(look, f"the film shows second {second}")


async def is_there(fox: FirefoxPerson, what: str, selector: str) -> None:
    await eventually(lambda: fox.evaluate("found => document.querySelector(found) !== null", selector), what)


async def in_sight(fox: FirefoxPerson, selector: str) -> None:
    await fox.evaluate("found => document.querySelector(found).scrollIntoView({ block: 'center' })", selector)


@pytest.mark.timeout(180)
async def test_a_film_is_found_watched_and_taken_away_with_firefox(clinic: Clinic, fox: FirefoxPerson) -> None:
    session = await clinic.keeps("fox", clinic.media.film)
    await fox.open(await clinic.link())
    await is_there(fox, "the recording is in the list", 'a[href="#recording=fox"]')
    assert "token" not in await fox.evaluate("() => location.href")
    await fox.evaluate("""() => document.querySelector('a[href="#recording=fox"]').click()""")
    await is_there(fox, "the chapters are there", ".recordings-chapter")
    await fox.evaluate("() => { document.querySelector('video').currentTime = 45.5; }")
    await shows_second(fox, 45)
    await fox.evaluate("() => [...document.querySelectorAll('.recordings-chapter')][1].click()")
    await shows_second(fox, 12)

    await in_sight(fox, '[aria-label="Download: Film"]')
    await fox.press("Download: Film")
    await fox.evaluate("() => document.querySelector('input[value=clear]').click()")
    await fox.fill("To confirm, type the name of the session", session)
    await in_sight(fox, "dialog [type=submit]")
    await fox.press("Download")

    async def taken() -> bool:
        viewings = await clinic.shelf.viewings.of_recording("fox")
        return [each.kind for each in viewings] == ["played", "downloaded_clear"]

    await eventually(taken, "the server gave the file out")
    await is_there(fox, "the page is still there", "video")


@pytest.mark.timeout(180)
async def test_single_tracks_play_in_firefox(clinic: Clinic, fox: FirefoxPerson) -> None:
    await clinic.keeps("tracks")
    await fox.open(await clinic.link())
    await is_there(fox, "the recording is in the list", 'a[href="#recording=tracks"]')
    await fox.evaluate("""() => document.querySelector('a[href="#recording=tracks"]').click()""")
    await is_there(fox, "the tracks are there", ".recordings-file")
    await in_sight(fox, ".recordings-file")
    await fox.press("Play: Camera of Sam Reed (Patient)")
    await shows_second(fox, 2)
