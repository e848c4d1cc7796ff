"""An appointment from booking to invoice at the staff pages, with a real mail server and real browsers; and all else
that is done on the pages of the day and of appointments. Screenshots are in `build/screenshots-staff-day`."""

from __future__ import annotations

import csv
import io
import re
import shutil
import time
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.conftest import BUILD, MakePerson
from tests.browser.content import PATIENT
from tests.browser.desk import dialog, heading, tab_to
from tests.browser.looking import look_at
from tests.browser.office import Office, an_office
from tests.browser.person import ChromiumPerson, eventually
from tests.signaling.outbox.mail_server import MailServerForTests, Received, a_mail_server, flags_for

FOLDER = BUILD / "screenshots-staff-day"
NOTE = "Sleeps better since the walks"

COUNT_NOTES = """() => {
  const { start } = AudioScheduledSourceNode.prototype;
  window.notes = 0;
  AudioScheduledSourceNode.prototype.start = function (...at) {
    if (this.context.state === "running") window.notes += 1;
    return start.apply(this, at);
  };
}"""
"""Notes that the page plays, and may play, from now on."""


@pytest.fixture(scope="module", autouse=True)
def _folder() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mail(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailServerForTests]:
    async with a_mail_server(tmp_path_factory.mktemp("mail"), "none") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory, mail: MailServerForTests) -> AsyncIterator[Office]:
    async with an_office(tmp_path_factory.mktemp("office"), *flags_for(mail)) as opened:
        yield opened


async def look(name: str, someone: ChromiumPerson) -> None:
    assert await look_at(someone.page, name, FOLDER) == []


async def quiet(someone: ChromiumPerson, panel: str) -> None:
    await someone.page.locator(f"tb-staff-{panel}:not([aria-busy]) h1").wait_for()


def soon(minutes: float = 2) -> str:
    """As a field takes it: browsers of tests have the clock of UTC."""
    return datetime.fromtimestamp(time.time() + minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M")


async def mail_to(mail: MailServerForTests, address: str) -> Received:
    async def come() -> Received | None:
        return next((each for each in mail.received if address in each.recipients), None)

    return await eventually(come, f"a mail to {address}")


async def books(someone: ChromiumPerson, name: str, address: str = "", start: str = "", *, therapist: str = "") -> None:
    """Fills the form, in the dialog that is open, and sends it."""
    form = dialog(someone)
    await form.get_by_label("Begins").fill(start or soon())
    if therapist:
        await form.get_by_label("Therapist", exact=True).select_option(label=therapist)
    await form.get_by_label("Name").first.fill(name)
    await form.get_by_label("E-mail").first.fill(address)
    await form.get_by_role("button", name="Book", exact=True).click()


async def checks_in(patient: ChromiumPerson) -> None:
    await heading(patient, "Before you go in").wait_for()
    await patient.page.get_by_label("What would you like to be called?").fill("Alex")
    await patient.page.get_by_label("Where are you now?").fill("Salem, Oregon")
    await patient.page.get_by_label("At which number can you be called back?").fill("+1 503 555 0100")
    await patient.page.get_by_label("I agree").check()
    await patient.press("Go on")


@pytest.mark.timeout(420)
async def test_from_booking_to_invitation_to_waiting_room_to_call_to_invoice(
    office: Office, mail: MailServerForTests, person: MakePerson
) -> None:
    theo = await office.member("therapist", name="Theo Thorn")
    desk = await office.page(person, await office.member("front_desk"), "#appointments")
    therapist = await office.page(person, theo, "#day")
    await quiet(therapist, "day")
    await therapist.reads("There are no appointments on this day.")

    # The front desk books it in the page
    await quiet(desk, "appointments")
    await desk.press("New appointment")
    await look("book", desk)
    await books(desk, "Alex Doe", "alex@example.org", therapist="Theo Thorn")
    await desk.reads("is booked.")
    await quiet(desk, "appointments")
    await look("week", desk)

    # The invitation comes, and says nothing but when
    invitation = await mail_to(mail, "alex@example.org")
    assert invitation.calendar() is not None
    assert "Alex" not in str(invitation.mail["Subject"])
    found = re.search(r"http://localhost:\d+/visit#\S+", invitation.text)
    assert found, invitation.text

    # It is on the therapist's day by itself, and nothing takes the focus
    await therapist.page.evaluate(COUNT_NOTES)
    await heading(therapist, "Day").click()  # before somebody has pressed something, browsers let nothing sound
    title = await therapist.page.title()
    assert await therapist.page.evaluate("window.notes") == 0
    await therapist.page.get_by_label("Day", exact=True).focus()
    row = therapist.page.get_by_role("listitem").filter(has_text="Alex Doe")
    await expect(row).to_contain_text("Can begin")
    await expect(therapist.page.get_by_label("Day", exact=True)).to_be_focused()

    # The patient opens the link of the mail, checks in and waits
    patient = await person("Alex", PATIENT)
    await patient.open(found[0])
    await checks_in(patient)
    await patient.press("Join session")

    waiting = therapist.page.get_by_role("listitem").filter(has_text="Waits since")
    await expect(waiting).to_contain_text("Alex", timeout=30_000)
    await expect(therapist.page.locator("tb-announcer")).to_contain_text("Alex is waiting.")
    await expect(therapist.page).to_have_title(f"1 waiting · {title}")
    assert await therapist.page.evaluate("window.notes") == 2, "a chime, once"
    await expect(therapist.page.get_by_label("Day", exact=True)).to_be_focused()
    await look("day-waiting", therapist)

    # What was said at check-in, and the notes, by keyboard alone
    await tab_to(therapist, waiting.get_by_role("link"))
    await therapist.page.keyboard.press("Enter")
    await expect(heading(therapist, "Alex")).to_be_focused()
    for said in ("Salem, Oregon", "+1 503 555 0100", "Given", "waits since"):
        await therapist.reads(said)
    await look("visit-waiting", therapist)

    # They join, admit, and see and hear each other
    await tab_to(therapist, therapist.button("Join"), back=True)
    await therapist.page.keyboard.press("Enter")
    await therapist.page.wait_for_url("**/video-call/therapy*")
    therapist.name = "Theo Thorn"
    await therapist.press("Join session")
    await therapist.admit(patient)
    await therapist.sees_and_hears(patient)
    await patient.sees_and_hears(therapist)

    # Meanwhile the front desk sees that they are together, on everybody's day
    await desk.page.goto(f"{office.url}/staff#day")
    await quiet(desk, "day")
    running = desk.page.get_by_role("listitem").filter(has_text="Together")
    await expect(running).to_contain_text("Theo Thorn", timeout=40_000)
    await expect(running.locator(".day-clock")).to_have_text(re.compile(r"^\d+:\d\d$"))
    await look("day-together", desk)

    # A minute counts when it is over
    async with office.desk(theo) as api:

        async def counted() -> dict[str, Any] | None:
            sessions = (await api.get("/api/usage/sessions"))["sessions"]
            return next((each for each in sessions if each["minutes"] >= 1), None)

        sitting = await eventually(counted, "a minute counts", seconds=150)
    await therapist.end_for_everyone()

    # The minutes are on the page, in the table and on the invoice
    await therapist.page.goto(f"{office.url}/staff#usage")
    await quiet(therapist, "usage")
    line = therapist.page.get_by_role("listitem").filter(has_text=sitting["session"])
    await expect(line).to_contain_text(re.compile(r"[1-9]\d* minutes?"))
    words = re.search(r"([1-9]\d*) minutes?", await line.inner_text())
    assert words
    table = await downloaded(therapist, "For spreadsheets")
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    ours = [each for each in rows if each["session"] == sitting["session"]]
    assert [(each["therapist"].lstrip("'"), each["minutes"]) for each in ours] == [(theo.id, words[1])], rows
    printed = await downloaded(therapist, "For print")
    shown = shown_in(printed)
    assert sitting["session"] in "".join(shown), shown
    assert words[1] in shown, shown
    await look("minutes", therapist)

    # Afterwards the day says so, and a note is kept
    await therapist.page.goto(f"{office.url}/staff#day")
    await quiet(therapist, "day")
    await therapist.page.get_by_role("link", name=re.compile("Alex")).click()
    await therapist.fill("New note", NOTE)
    await therapist.press("Save note")
    await therapist.reads("The note is saved.")
    await expect(therapist.page.get_by_role("list", name="Your notes")).to_contain_text(NOTE)
    await look("visit-after", therapist)

    said = office.service.said()
    for private in ("Alex", "Salem", "555 0100", "Theo", NOTE, "alex@example.org"):
        assert private not in said, private


async def downloaded(someone: ChromiumPerson, name: str) -> bytes:
    async with someone.page.expect_download() as waiting:
        await someone.page.get_by_role("link", name=name).click()
    return (await (await waiting.value).path()).read_bytes()


def shown_in(pdf: bytes) -> list[str]:
    """The pieces of text that stand in a PDF of ours, by the table of its font."""
    table: dict[int, str] = {}
    pieces: list[bytes] = []
    for packed in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            plain = zlib.decompress(packed)
        except zlib.error:
            plain = packed
        pieces += re.findall(rb"\(((?:[^\\()]|\\.)*)\) Tj", plain, re.DOTALL)
        if b"beginbfchar" in plain:
            for glyph, letter in re.findall(rb"<([0-9A-F]+)> <([0-9A-F]+)>", plain)[1:]:
                table.setdefault(int(glyph, 16), bytes.fromhex(letter.decode()).decode("utf-16-be"))
    escapes = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
    found: list[str] = []
    for piece in pieces:
        raw = re.sub(rb"\\(.)", lambda match: escapes.get(match[1], match[1]), piece, flags=re.DOTALL)
        glyphs = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
        found.append("".join(table.get(glyph, "?") for glyph in glyphs))
    return found


@pytest.mark.timeout(180)
async def test_notes_are_changed_with_what_was_before_and_deleted(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#appointments")
    await quiet(theo, "appointments")
    await theo.press("New appointment")
    await books(theo, "Robin Roe")
    await theo.reads("is booked.")
    await theo.page.goto(f"{office.url}/staff#day")
    await theo.page.get_by_role("link", name=re.compile("Robin Roe")).click()
    await theo.reads("They are no part of any recording.")
    await theo.press("Save note")
    await theo.reads("Please write something.")
    await theo.fill("New note", "First thoughts")
    await theo.press("Save note")
    notes = theo.page.get_by_role("list", name="Your notes")
    await expect(notes.get_by_role("listitem")).to_have_count(1)
    await theo.page.get_by_role("button", name=re.compile("^Change the note")).click()
    await dialog(theo).get_by_label("Note").fill("Second thoughts")
    await dialog(theo).get_by_role("button", name="Save note").click()
    await expect(notes).to_contain_text("Second thoughts")
    await theo.page.get_by_role("button", name=re.compile("^Earlier versions")).click()
    await expect(dialog(theo)).to_contain_text("First thoughts")
    await look("versions", theo)
    await theo.page.keyboard.press("Escape")
    await theo.page.get_by_role("button", name=re.compile("^Delete the note")).click()
    await dialog(theo).get_by_role("button", name="Delete note").click()
    await theo.reads("The note is deleted.")
    await expect(notes.get_by_role("listitem")).to_have_count(0)


@pytest.mark.timeout(240)
async def test_a_series_is_booked_moved_and_cancelled(
    office: Office, mail: MailServerForTests, person: MakePerson
) -> None:
    theo = await office.page(person, await office.member("therapist"), "#appointments")
    await quiet(theo, "appointments")
    await theo.press("New appointment")
    form = dialog(theo)
    await form.get_by_label("Repeated").select_option(label="Every week")
    await form.get_by_label("How many appointments").fill("3")
    await form.get_by_role("button", name="Add a guest").click()
    await form.get_by_label("Comes as").select_option(label="Interpreter")
    await form.get_by_label("Name").last.fill("Ines")
    await form.get_by_label("E-mail").last.fill("ines@example.org")
    await look("book-series", theo)
    await books(theo, "Sam Series", "sam@example.org", soon(24 * 60))
    await theo.reads("3 appointments are booked")
    await mail_to(mail, "ines@example.org")

    # another one at that time is said
    await theo.press("New appointment")
    await books(theo, "Olli Over", "", soon(24 * 60 + 10))
    await theo.reads("has another one then")

    await theo.page.get_by_role("link", name=re.compile("Sam Series")).first.click()
    await expect(heading(theo, "Sam Series and Ines (Interpreter)")).to_be_focused()
    await theo.reads("belongs to a series")
    await look("appointment", theo)
    await theo.press("Move")
    moved = soon(25 * 60)
    await dialog(theo).get_by_label("Begins").fill(moved)
    await dialog(theo).get_by_label("This one and those that follow").check()
    await look("move", theo)
    await dialog(theo).get_by_role("button", name="Move", exact=True).click()
    await theo.reads("The appointment is moved.")
    await expect(theo.page.locator("dialog[open]")).to_have_count(0)

    # a new link is shown once; one can be taken away
    await theo.press("New link for Sam Series")
    await dialog(theo).get_by_role("button", name="Make the link").click()
    await expect(dialog(theo).locator("code")).to_have_text(re.compile(r"^http://localhost:\d+/visit#\S+$"))
    link = await dialog(theo).locator("code").inner_text()
    await look("link", theo)
    await theo.press("I have passed it on")
    await theo.reads("The one before works no more.")
    await expect(theo.page.get_by_text(link)).to_have_count(0)
    await theo.press("Take the link of Sam Series away")
    await dialog(theo).get_by_role("button", name="Take it away").click()
    await theo.reads("No link that works")
    patient = await person("Sam", PATIENT)
    patient.expects_network_errors()
    await patient.open(link)
    await patient.reads("link")
    await expect(heading(patient, "Before you go in")).to_have_count(0)

    await theo.press("Cancel appointment")
    await dialog(theo).get_by_label("All of the series that have not begun").check()
    await look("cancel", theo)
    await dialog(theo).get_by_role("button", name="Cancel it").click()
    await theo.reads("The appointment is cancelled.")
    async with office.desk(await office.administrator()) as api:
        found = await api.get(f"/api/appointments?since={int(time.time())}&until={int(time.time()) + 40 * 86_400}")
    states = [
        each["state"]
        for each in found["appointments"]
        if any(guest["name"] == "Sam Series" for guest in each["guests"])
    ]
    assert states == ["cancelled"] * 3


async def test_what_is_missing_in_the_form_is_said_at_its_field(office: Office, person: MakePerson) -> None:
    theo = await office.page(person, await office.member("therapist"), "#appointments")
    await quiet(theo, "appointments")
    await theo.press("New appointment")
    form = dialog(theo)
    await form.get_by_role("button", name="Book", exact=True).click()
    await theo.reads("Please write a name.")
    await expect(form.get_by_label("Name")).to_be_focused()
    await form.get_by_label("Name").fill("Alex")
    await form.get_by_label("E-mail").fill("nowhere")
    await form.get_by_role("button", name="Book", exact=True).click()
    await theo.reads("This is no e-mail address.")
    await form.get_by_label("Kind").select_option(label="Couple")
    await expect(form.get_by_role("group", name=re.compile("^Patient"))).to_have_count(2)
    await look("book-amiss", theo)
