"""Appointments, answers, notes and patients go when their time is over, or when a patient is deleted, and no others."""

from __future__ import annotations

import pytest

from clinic import Consents, Database, Unknown
from clinic.appointments.appointments import Appointments
from clinic.appointments.checkins import CheckIns
from clinic.appointments.kept import kept_rows
from clinic.appointments.links import Links
from clinic.appointments.patients import Patients
from clinic.appointments.records import CheckIn, TelehealthConsent
from clinic.keeping.holds import LegalHolds
from clinic.keeping.records import Hold
from clinic.keeping.whose import subject
from clinic.notes.notes import Notes
from clinic.notes.records import Note, NoteVersion
from tests.clinic.appointments.booked import HOUR, START, appointment, guest, hashed, link, patient
from tests.clinic.made_up import TEXT

LATE = START + 1000 * 86_400


@pytest.fixture
async def practice(database: Database, consents: Consents) -> Database:
    """a1 is p1's, with a note, answers and a link that was opened; a2 is a couple's, p1 and p2."""
    for name in ("p1", "p2"):
        await Patients(database).keep(patient(name))
    guests = [
        guest("g1", "a1"),
        guest("g2", "a2"),
        guest("g3", "a2", patient_id="p2"),
    ]
    await Appointments(database).book([appointment(), appointment("a2", START + HOUR, kind="couple")], guests, [link()])
    await Links(database).bind("l1", hashed("phone"), START)
    await Notes(database).write(Note("n1", "a1", "t1", START, START), NoteVersion("n1", 1, START, b"sealed"))
    await consents.keep_text(TEXT)
    consent = TelehealthConsent("a1", "g1", "patient", "p1", TEXT.version, TEXT.sha256, START)
    await CheckIns(database).keep(CheckIn("c1", "a1", "g1", START, b"sealed"), consent)
    return database


async def test_sessions_are_known_by_their_patients(practice: Database) -> None:
    who = await subject(practice, "p1")
    assert (sorted(who.sessions), sorted(who.shared)) == (["v-a1"], ["v-a2"])


async def test_an_appointment_stays_as_long_as_what_hangs_on_it(practice: Database) -> None:
    kept = kept_rows(practice)
    assert (await kept["appointments"].due(LATE, LATE)).free == 1  # the couple's, which has nothing
    assert (await kept["appointments"].forget(LATE, 9, LATE)).ids == ("a2",)
    assert (await kept["notes"].forget(LATE, 9, LATE)).ids == ("n1",)
    assert (await kept["checkins"].forget(LATE, 9, LATE)).ids == ("c1",)
    assert (await kept["patients"].forget(LATE, 9, LATE)).ids == ("p2",)
    assert (await kept["appointments"].forget(LATE, 9, LATE)).ids == ("a1",)
    assert (await kept["patients"].forget(LATE, 9, LATE)).ids == ("p1",)
    assert await CheckIns(practice).consents("a1")  # documentation


async def test_a_patient_is_deleted_and_the_other_of_a_couple_is_not(practice: Database) -> None:
    kept = kept_rows(practice)
    who = await subject(practice, "p1")
    gone = {
        kind: (await each.delete_of_patient(who, 9, by="admin", reason="asked", now=LATE)).ids
        for kind, each in kept.items()
    }
    assert gone == {"notes": ("n1",), "checkins": ("c1",), "appointments": ("a1",), "patients": ("p1",)}
    store = Appointments(practice)
    with pytest.raises(Unknown):
        await store.get("a1")
    left = await store.get("a2")
    assert [each.patient_id for each in left.guests] == [None, "p2"]
    assert await Patients(practice).find("p2") is not None


async def test_what_is_on_hold_stays_with_all_that_it_needs(practice: Database) -> None:
    await LegalHolds(practice).place(Hold("h1", START, "admin", b"sealed", patient="p1"))
    kept = kept_rows(practice)
    for each in ("notes", "checkins", "appointments", "patients"):
        assert (await kept[each].forget(LATE, 9, LATE)).ids == ()
    sheet = await kept["checkins"].of_patient(await subject(practice, "p1"), None, 9)
    assert [row["id"] for row in sheet.records] == ["c1"]
