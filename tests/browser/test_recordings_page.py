"""The page of recordings: what people find, watch, take away and delete there, in a real browser."""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Download, Request, expect
from pydantic import SecretBytes
from pyrage import decrypt, x25519

from recording.age import Identity, Recipient, open_bytes
from recording.keys import SealedKey
from tests.browser.clinic import DAY, WHO, Clinic, a_clinic, at_the_list, film, opens, row
from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR
from tests.browser.person import ChromiumPerson, Picture, eventually
from tests.browser.shelf import SECONDS


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Clinic]:
    async with a_clinic(tmp_path_factory.mktemp("clinic")) as made:
        yield made


async def shows_second(someone: ChromiumPerson, second: int) -> None:
    """The picture that the film has at this second."""

    async def look() -> bool:
        raw = await film(someone).evaluate("video => window.recognise.picture(video)")
        return raw is not None and Picture.of(raw).content is DOCTOR and Picture.of(raw).moment == (second,)

    await eventually(look, f"the film shows second {second}")


async def downloads(someone: ChromiumPerson) -> Download:
    async with someone.page.expect_download() as begun:
        await someone.page.get_by_role("dialog").get_by_role("button", name="Download", exact=True).click()
    return await begun.value


# Coming in and going out


async def test_a_link_opens_the_list_and_leaves_the_address(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("first")
    ann = await at_the_list(clinic, person)
    assert "token" not in ann.page.url
    await expect(row(ann, session)).to_be_visible()
    await ann.page.reload()
    await expect(row(ann, session)).to_be_visible()
    (cookie,) = await ann.page.context.cookies(f"{clinic.service.url}/api/recordings")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/api/recordings")
    await ann.press("Sign out")
    await ann.reads("You have signed out")
    assert not await ann.page.context.cookies(f"{clinic.service.url}/api/recordings")


async def test_old_broken_and_missing_links_say_what_to_do(clinic: Clinic, person: MakePerson) -> None:
    for link, title in (
        (clinic.link_until(time.time() - 60), "This link has expired"),
        (f"{clinic.service.url}/recordings#token=nonsense", "This link does not work"),
        (f"{clinic.service.url}/recordings", "Please open your link to the recordings"),
    ):
        someone = await person("Ann", DOCTOR)
        someone.expects_network_errors()
        await someone.open(link)
        await expect(someone.page.get_by_role("heading", level=1, name=title)).to_be_visible()


async def test_when_the_time_is_over_the_page_says_so(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("over")
    ann = await person("Ann", DOCTOR)
    ann.expects_network_errors()
    await ann.open(clinic.link_until(time.time() + 5))
    await expect(row(ann, session)).to_be_visible()

    async def look() -> bool:
        await ann.evaluate("() => document.getElementById('recordings-state')?.dispatchEvent(new Event('change'))")
        return bool(await ann.page.get_by_text("You are no longer signed in").count())

    await eventually(look, "the page says that the time is over")
    await expect(row(ann, session)).to_have_count(0)


# Finding


async def test_recordings_are_found_by_session_day_and_state(clinic: Clinic, person: MakePerson) -> None:
    made = await clinic.keeps("found-made", clinic.media.shown, days_ago=3)
    bare = await clinic.keeps("found-bare", days_ago=40)
    ann = await at_the_list(clinic, person)
    await ann.fill("Session", "FOUND-")
    await expect(ann.page.get_by_role("status").filter(has_text="2 recordings")).to_be_visible()
    assert await ann.page.locator("tb-recordings-row a").all_inner_texts() != []
    await ann.page.get_by_role("combobox", name="State").select_option("ready")
    await expect(row(ann, bare)).to_have_count(0)
    await expect(row(ann, made)).to_be_visible()
    await ann.press("Clear")
    await ann.fill("Session", "found-")
    month_ago = time.localtime(time.time() - 30 * DAY)
    await ann.page.get_by_label("To", exact=True).fill(time.strftime("%Y-%m-%d", month_ago))
    await expect(row(ann, made)).to_have_count(0)
    await expect(row(ann, bare)).to_be_visible()
    await ann.fill("Session", "nothing has this name")
    await ann.reads("No recording fits")
    assert "found" not in ann.page.url


async def test_a_long_list_comes_in_parts_and_coming_back_leads_to_where_one_was(
    clinic: Clinic, person: MakePerson
) -> None:
    for number in range(27):
        await clinic.shelf.begin_session(f"long-{number:02}", f"long-{number:02}", time.time() - 100 * DAY - number)
    ann = await at_the_list(clinic, person)
    await ann.fill("Session", "long-")
    rows = ann.page.locator("tb-recordings-row").filter(has_text="long-")
    await expect(rows).to_have_count(25)
    await ann.press("Show more")
    await expect(rows).to_have_count(27)
    await expect(row(ann, "long-25")).to_be_focused()
    await row(ann, "long-26").click()
    heading = ann.page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("long-26")
    await expect(heading).to_be_focused()
    await ann.page.go_back()
    await expect(row(ann, "long-26")).to_be_focused()
    await expect(rows).to_have_count(27)
    for number in range(27):
        await clinic.shelf.recordings.failed(f"long-{number:02}", "The disk was full.")


async def test_a_link_for_one_session_shows_no_other(clinic: Clinic, person: MakePerson) -> None:
    mine, other = await clinic.keeps("mine"), await clinic.keeps("other")
    ann = await at_the_list(clinic, person, session=mine)
    await expect(row(ann, mine)).to_be_visible()
    await expect(row(ann, other)).to_have_count(0)
    ann.expects_network_errors()
    await ann.open(f"{clinic.service.url}/recordings#recording=other")
    await ann.reads("There is no such recording")


# Watching


async def test_the_film_plays_and_seeks_to_its_middle_at_once(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("film", clinic.media.film)
    ann = await at_the_list(clinic, person)
    assert await ann.evaluate("() => document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.42E01E\"')")
    asked: list[Request] = []
    ann.page.on("request", lambda request: asked.append(request) if "/outputs/" in request.url else None)
    await opens(ann, session)
    video = film(ann)
    await video.evaluate("video => { video.muted = true; return video.play(); }")
    await shows_second(ann, 1)
    assert abs(await video.evaluate("video => video.duration") - SECONDS) < 1.5
    began = time.monotonic()
    await video.evaluate("video => { video.pause(); video.currentTime = 45.5; }")
    await shows_second(ann, 45)
    assert time.monotonic() - began < 5

    got = 0
    for request in asked:
        assert "range" in await request.all_headers()
        answer = await request.response()
        assert answer is not None
        assert answer.status == 206
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", (await answer.all_headers())["content-range"])
        assert match is not None
        assert int(match[2]) == len(clinic.media.film)
        got = max(got, int(match[1]))
    assert got > len(clinic.media.film) // 2, "it was asked for from its middle"


async def test_chapters_are_a_list_that_leads_into_the_film(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("chapters", clinic.media.film)
    ann = await at_the_list(clinic, person)
    await opens(ann, session)
    chapters = ann.page.get_by_role("region", name="Chapters").get_by_role("button")
    await expect(chapters.filter(has_text="0:12").filter(has_text="Sam Reed")).to_be_visible()
    again = chapters.filter(has_text="0:40")
    await again.click()
    await shows_second(ann, 40)
    await expect(again).to_have_attribute("aria-current", "true")
    await expect(chapters.first).not_to_have_attribute("aria-current", "true")


async def test_single_tracks_play_by_themselves(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("tracks")
    ann = await at_the_list(clinic, person, role="therapist")
    await opens(ann, session)
    await ann.reads("There is no film of this recording yet")
    await ann.press("Play: Camera of Sam Reed (Patient)")
    await expect(ann.page.get_by_role("heading", name="Camera of Sam Reed (Patient)")).to_be_visible()
    await expect(film(ann)).to_be_focused()
    await shows_second(ann, 2)
    await ann.press("Play: Sound of Dr. Blue (Therapist)")
    await expect(ann.page.locator("audio")).to_be_visible()
    await eventually(lambda: ann.page.locator("audio").evaluate("audio => audio.currentTime > 0.5"), "it plays")
    await expect(film(ann)).to_have_count(0)


async def test_a_damaged_film_is_told_in_words(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("damaged", clinic.media.shown)
    file = clinic.shelf.file("damaged", "damaged-mp4")
    content = bytearray(file.read_bytes())
    content[300] ^= 1
    file.write_bytes(content)
    ann = await at_the_list(clinic, person)
    ann.expects_network_errors()
    await opens(ann, session)
    alert = ann.page.get_by_role("alert").filter(has_text="damaged")
    await expect(alert).to_be_visible()
    content[300] ^= 1
    file.write_bytes(content)
    await alert.get_by_role("button", name="Try again").click()
    await expect(alert).to_be_hidden()
    await eventually(lambda: film(ann).evaluate("video => video.readyState >= 2"), "the film is there")


async def test_progress_is_seen_and_announced_and_then_there_is_the_film(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("progress")
    now = time.time()
    job = await clinic.shelf.begin_film("progress", now)
    assert await clinic.shelf.jobs.renew(job, now, 1e10, 0.4)
    ann = await at_the_list(clinic, person, role="therapist")
    await expect(row(ann, session)).to_be_visible()
    await ann.reads("The film is being made, 40%")
    await opens(ann, session)
    bar = ann.page.get_by_role("progressbar")
    await expect(bar).to_have_accessible_name("The film is being made: 40%")
    assert await clinic.shelf.jobs.renew(job, now, 1e10, 0.8)
    await expect(bar).to_have_accessible_name("The film is being made: 80%")
    await expect(ann.page.locator("tb-announcer")).to_contain_text("The film is being made: 80%")
    await clinic.shelf.end_film(job, "mp4", clinic.media.shown, now)
    await expect(film(ann)).to_be_visible()
    await expect(ann.page.locator("tb-announcer")).to_contain_text("The film is ready")
    await expect(bar).to_be_hidden()


# Taking away


async def test_the_encrypted_download_opens_with_another_age_program(
    clinic: Clinic, person: MakePerson, tmp_path: Path
) -> None:
    session = await clinic.keeps("sealed", clinic.media.shown)
    key = x25519.Identity.generate()
    ann = await at_the_list(clinic, person, role="therapist")
    await opens(ann, session)
    await ann.press("Download: Film")
    await expect(ann.page.get_by_role("dialog").get_by_text("Decrypted")).to_have_count(0)
    field = ann.page.get_by_label("For whom (optional)")
    await field.fill(str(key.to_public())[:-1])
    await ann.page.get_by_role("dialog").get_by_role("button", name="Download", exact=True).click()
    await ann.reads("This is no public key")
    await expect(field).to_be_focused()
    await field.fill(str(key.to_public()))
    download = await downloads(ann)
    assert download.suggested_filename.endswith(".mp4.age")
    await download.save_as(tmp_path / "film.mp4.age")
    assert decrypt((tmp_path / "film.mp4.age").read_bytes(), [key]) == clinic.media.shown
    await expect(ann.page.get_by_role("dialog")).to_have_count(0)


async def test_the_decrypted_download_needs_the_sessions_name_to_be_typed(
    clinic: Clinic, person: MakePerson, tmp_path: Path
) -> None:
    session = await clinic.keeps("clear", clinic.media.shown)
    ann = await at_the_list(clinic, person, role="supervisor")
    await opens(ann, session)
    begun: list[Download] = []
    ann.page.on("download", lambda download: begun.append(download))
    await ann.press("Download: Film")
    dialog = ann.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=re.compile("^Decrypted")).check()
    for wrong in ("", session.upper()):
        await dialog.get_by_label("To confirm, type the name of the session").fill(wrong)
        await dialog.get_by_role("button", name="Download", exact=True).click()
        await ann.reads("This is not the name of the session")
    assert begun == []
    await dialog.get_by_label("To confirm, type the name of the session").fill(session)
    download = await downloads(ann)
    await download.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == clinic.media.shown
    viewings = await clinic.shelf.viewings.of_recording("clear")
    assert [(each.who, each.role, each.kind) for each in viewings if each.kind != "played"] == [
        (WHO, "supervisor", "downloaded_clear")
    ]


# Keeping and deleting


async def test_what_is_on_hold_is_not_deleted_until_it_is_released(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("held", clinic.media.shown)
    ann = await at_the_list(clinic, person)
    await opens(ann, session)
    await ann.press("Put on hold")
    dialog = ann.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Put on hold").click()
    await ann.reads("Say why")
    await dialog.get_by_label("Why").fill("case 2026-17")
    await dialog.get_by_role("button", name="Put on hold").click()
    await expect(dialog).to_have_count(0)
    await ann.reads("case 2026-17")
    await ann.is_not_offered("Delete", "Put on hold")
    await ann.press("End the hold")
    await dialog.get_by_role("button", name="End the hold").click()
    await ann.is_offered("Delete", "Put on hold")
    await expect(ann.page.get_by_text("case 2026-17")).to_have_count(0)


async def test_one_person_and_then_all_of_it_is_deleted_for_good(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("deleted", clinic.media.shown)
    ann = await at_the_list(clinic, person)
    await opens(ann, session)
    dialog = ann.page.get_by_role("dialog")

    async def delete(what: str, reason: str) -> None:
        await ann.press("Delete")
        await dialog.get_by_label("What").select_option(label=what)
        await dialog.get_by_label("Why").fill(reason)
        await dialog.get_by_label("To confirm, type the name of the session").fill("another session")
        await dialog.get_by_role("button", name="Delete for good").click()
        await ann.reads("This is not the name of the session")
        await dialog.get_by_label("To confirm, type the name of the session").fill(session)
        await dialog.get_by_role("button", name="Delete for good").click()
        await expect(dialog).to_have_count(0)
        await expect(ann.page.get_by_role("heading", name="Proof of deletion")).to_be_focused()
        await ann.reads(reason)

    await delete("Only Sam Reed (Patient)", "asked for by the patient")
    await expect(film(ann)).to_have_count(0)
    await ann.is_offered("Play: Camera of Dr. Blue (Therapist)")
    await expect(ann.page.get_by_role("button", name="Play: Camera of Patient")).to_have_count(0)
    await ann.page.get_by_role("button", name="Delete", exact=True).wait_for()
    await ann.press("Delete")
    await expect(dialog.get_by_label("What").get_by_role("option")).to_have_count(1)
    await ann.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await delete("The whole recording", "its time is over")
    await ann.is_not_offered("Delete", "Put on hold")
    proofs = await clinic.shelf.retention.proofs("deleted")
    for key in (key for proof in proofs for key in proof.keys):
        await expect(ann.page.get_by_text(key.sha256)).to_be_visible()
    await ann.page.get_by_role("link", name="All recordings").click()
    await expect(ann.page.get_by_role("listitem").filter(has_text=session)).to_contain_text("Deleted")
    assert not list(clinic.shelf.folder.glob("deleted/*.age"))


async def test_who_watched_is_seen_by_those_who_may_and_by_nobody_else(clinic: Clinic, person: MakePerson) -> None:
    session = await clinic.keeps("watched", clinic.media.shown)
    therapist = await at_the_list(clinic, person, role="therapist")
    await opens(therapist, session)
    await eventually(lambda: film(therapist).evaluate("video => video.readyState >= 2"), "the film is there")
    await expect(therapist.page.get_by_role("table")).to_have_count(0)
    await therapist.is_not_offered("Delete", "Put on hold", "Check the files")
    auditor = await at_the_list(clinic, person, role="auditor")
    await opens(auditor, session)
    seen = auditor.page.get_by_role("row").filter(has_text=WHO)
    await expect(seen).to_contain_text("Watched")
    await expect(seen).to_have_count(1)
    await expect(film(auditor)).to_have_count(0)
    await expect(auditor.page.get_by_text("Sam Reed")).to_have_count(0)
    await expect(auditor.page.get_by_role("button", name=re.compile("^(Play|Download|Make)"))).to_have_count(0)
    await auditor.press("Check the files")
    await auditor.reads("all of it can be read")


async def test_what_the_server_cannot_open_is_taken_away_with_its_key(
    tmp_path_factory: pytest.TempPathFactory, person: MakePerson, tmp_path: Path
) -> None:
    secret = x25519.Identity.generate()
    public = str(secret.to_public())
    sealed = SealedKey(Recipient.parse(public), os.urandom)
    flags = ("--recordings-key", "sealed", "--recordings-public-key", public)
    async with a_clinic(tmp_path_factory.mktemp("sealed"), *flags, key=sealed) as clinic:
        bare, made = await clinic.keeps("bare"), await clinic.keeps("made", clinic.media.shown)
        ann = await at_the_list(clinic, person)
        await expect(ann.page.get_by_role("listitem").filter(has_text=bare)).to_contain_text("Needs the clinic’s key")
        await opens(ann, bare)
        await ann.reads("therabook recordings compose bare --identity KEY_FILE")
        await ann.page.get_by_role("link", name="All recordings").click()
        await opens(ann, made)
        await ann.reads("This server cannot open it")
        await expect(ann.page.get_by_role("button", name=re.compile("^(Play|Make|Check)"))).to_have_count(0)
        await ann.press("Download: Film")
        async with ann.page.expect_download() as begun:
            await ann.page.get_by_role("link", name="Download its key").click()
        await (await begun.value).save_as(tmp_path / "key.age")
        await (await downloads(ann)).save_as(tmp_path / "film.mp4.age")
    # Behind what the key is for (32 bytes) stands the key.
    key = Identity(SecretBytes(decrypt((tmp_path / "key.age").read_bytes(), [secret])[32:]))
    assert open_bytes((tmp_path / "film.mp4.age").read_bytes(), [key]) == clinic.media.shown
