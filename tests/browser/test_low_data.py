"""Sound only, paused pictures, and what a page tells of what is seen."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, INTERPRETER, PATIENT
from tests.browser.go_between import GoBetween
from tests.browser.machine import turns
from tests.browser.person import ChromiumPerson
from tests.browser.service import Service
from tests.browser.test_controls import call

HELD = "The connection is weak. The picture is paused, the voice goes on."


async def watched_call(
    service: Service, session: str, person: MakePerson
) -> tuple[ChromiumPerson, ChromiumPerson, GoBetween]:
    """A call of two; what the patient's page and the server say to each other goes through a go-between."""
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    between = await GoBetween.for_(patient)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await patient.sees(doctor)
    return doctor, patient, between


async def test_sound_only_takes_the_pictures_away_and_gives_them_back(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await call(service, session, person)
    await patient.press("Sound only")
    await patient.reads("Sound only, to save data.")
    await patient.reads("Not shown, to save data")
    await patient.sees_no_picture_of(doctor)
    await doctor.sees_no_picture_of(patient)
    await patient.hears(doctor)
    await doctor.hears(patient)

    await patient.press("Show pictures")
    await patient.sees(doctor)
    await doctor.sees(patient)
    await patient.is_painted(doctor)
    await patient.reads_no_longer("Sound only, to save data.")


async def test_sound_only_holds_through_a_reload(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await call(service, session, person)
    await patient.press("Sound only")
    await doctor.sees_no_picture_of(patient)
    await patient.page.reload()
    await patient.reads("Not shown, to save data")
    await patient.hears(doctor)
    await patient.sees_no_picture_of(doctor)
    await patient.press("Show pictures again")
    await patient.sees(doctor)


async def test_the_page_tells_how_large_each_picture_is_and_that_none_is_wanted(
    service: Service, session: str, person: MakePerson
) -> None:
    _, patient, between = await watched_call(service, session, person)
    await between.hold()  # a server that knows of paused pictures is told what is seen
    large = await between.sees_at(patient, "Dr. Blue", least=400, most=800)
    await patient.page.set_viewport_size({"width": 700, "height": 420})
    await between.sees_at(patient, "Dr. Blue", least=100, most=large - 100)
    await patient.press("Sound only")
    await between.sees_at(patient, "Dr. Blue", least=0, most=0)
    await patient.press("Show pictures")
    await between.sees_at(patient, "Dr. Blue", least=100, most=large)


async def test_a_page_that_is_not_seen_wants_no_pictures(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient, between = await watched_call(service, session, person)
    await between.hold()
    await between.sees_at(patient, "Dr. Blue", least=400, most=800)
    await turns(patient, "hidden")
    await between.sees_at(patient, "Dr. Blue", least=0, most=0)
    await patient.hears(doctor)
    await turns(patient, "visible")
    await between.sees_at(patient, "Dr. Blue", least=400, most=800)
    await patient.sees(doctor)


async def test_a_paused_picture_says_so_and_comes_back_by_itself(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, between = await watched_call(service, session, person)
    await between.hold("Dr. Blue")
    await patient.reads(HELD)
    await expect(patient.tile("Dr. Blue")).to_have_attribute("data-held", "")
    await patient.hears(doctor)
    await between.hold()
    await patient.reads_no_longer(HELD)
    await expect(patient.tile("Dr. Blue")).not_to_have_attribute("data-held", "")
    await patient.is_painted(doctor)


async def test_a_connection_that_stays_weak_offers_sound_only(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient, between = await watched_call(service, session, person)
    between.grade("poor")
    await patient.reads("Your connection is weak.")
    await patient.is_not_offered("Sound only")
    await patient.is_offered("Sound only", seconds=40)
    await patient.button("Sound only").click()
    await doctor.sees_no_picture_of(patient)
    await patient.reads("Sound only, to save data.")


async def test_who_is_pinned_is_large_and_told(service: Service, session: str, person: MakePerson) -> None:
    doctor = await person("Dr. Blue", DOCTOR)
    others = [await person("Sam Reed", PATIENT), await person("Ines Ito", INTERPRETER)]
    between = await GoBetween.for_(doctor)
    await doctor.join(await service.link("therapist", session, max_participants=3))
    for other, role in zip(others, ("patient", "interpreter"), strict=True):
        await other.join(await service.link(role, session, max_participants=3))
        await doctor.admit(other)
    for other in others:
        await doctor.sees(other)
    await between.hold()
    before = await between.sees_at(doctor, "Sam Reed", least=100, most=800)
    await doctor.press("Show large: Sam Reed")
    await between.sees_at(doctor, "Sam Reed", least=before + 50, most=800)
    await between.sees_at(doctor, "Ines Ito", least=50, most=before)
    assert between.views[-1]["pinned"] is not None
    await doctor.press("Show all alike: Sam Reed is large now")
    await between.sees_at(doctor, "Sam Reed", least=100, most=before + 2)
    assert between.views[-1]["pinned"] is None


async def test_the_sheet_on_the_own_connection_fills_with_figures(
    service: Service, session: str, person: MakePerson
) -> None:
    _, patient = await call(service, session, person)
    await patient.press("Your connection")
    await patient.reads("Good connection")
    await patient.reads("Delay, there and back", seconds=15)
    await patient.reads("direct (UDP)")
    await patient.reads("Your picture")
    await patient.page.keyboard.press("Escape")
    await expect(patient.page.get_by_role("dialog")).to_have_count(0)
