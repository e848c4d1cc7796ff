"""How long joining takes, from the press of a button to the first picture, with encryption and without in turns.

A patient comes to the door, and the therapist lets them in: that is timed until both see each other. Then the therapist
leaves and comes back, without waiting, to the patient who is there: that is timed for each of them. Not here: what
follows from it (`figures.py`).
"""

from __future__ import annotations

from playwright.sync_api import Page

from bench.e2ee.calls import Kind, People, enter, leave, press, wait
from bench.e2ee.figures import Join
from bench.network.browsers import NAMES

SIZE = (640, 360)
"""Of the picture: two encoders and two pages at once leave no time of a small machine where it is larger."""

PATIENCE_MS = 20_000

ADMITTED = "admitted, until both see each other"
SEES = "joined, until the other is seen"
SEEN = "joined, until the other sees"


def measure(people: People, kind: Kind, number: int) -> Join:
    """Raises Failed."""
    links = people.links()
    with people.pages(kind) as (doctor, patient):
        enter(doctor, "left", links["left"])
        press(doctor, "Join session")
        doctor.get_by_role("button", name="Leave call", exact=True).wait_for()
        enter(patient, "right", links["right"])
        press(patient, "Join session")
        admit = f"Admit {NAMES['right']}"
        doctor.get_by_role("button", name=admit, exact=True).wait_for()
        patient.get_by_text(NAMES["left"]).filter(visible=True).first.wait_for()
        _forget(doctor, patient)
        press(doctor, admit)
        both = max(_picture(doctor, NAMES["right"]), _picture(patient, NAMES["left"]))
        admitted = both - _pressed(doctor, admit)

        leave(doctor)
        tile = patient.get_by_role("group", name=NAMES["left"], exact=True)
        wait(lambda: tile.count() == 0, "who has left is gone")
        doctor.goto("about:blank")
        enter(doctor, "left", links["left"])
        _forget(doctor, patient)
        press(doctor, "Join session")
        sees, seen = _picture(doctor, NAMES["right"]), _picture(patient, NAMES["left"])
        pressed = _pressed(doctor, "Join session")
    return Join(kind, number, {ADMITTED: admitted, SEES: sees - pressed, SEEN: seen - pressed})


def _forget(*pages: Page) -> None:
    """People wait for longer than their page takes to load."""
    for page in pages:
        page.evaluate("bench.settled()")
    for page in pages:
        page.evaluate("bench.forget()")


def _picture(page: Page, name: str) -> float:
    return float(page.evaluate("([name, patience]) => bench.picture(name, patience)", [name, PATIENCE_MS]))


def _pressed(page: Page, button: str) -> float:
    return float(page.evaluate("name => bench.presses[name]", button))
