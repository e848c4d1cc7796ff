"""A link works on so many devices, ends when it is replaced, and its secret is nowhere."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from clinic import Conflict, Consents, Database, Unknown
from clinic.appointments.appointments import Appointments
from clinic.appointments.checkins import CheckIns
from clinic.appointments.links import Links
from clinic.appointments.patients import Patients
from clinic.appointments.records import CheckIn, TelehealthConsent
from tests.clinic.appointments.booked import START, appointment, guest, hashed, link, patient
from tests.clinic.made_up import TEXT


@pytest.fixture
async def links(database: Database) -> Links:
    await Patients(database).keep(patient())
    await Appointments(database).book([appointment()], [guest()], [link()])
    return Links(database)


async def test_it_is_found_by_the_hash_of_its_secret(links: Links) -> None:
    found, whole = await links.find(hashed("l1"))
    assert (found, whole.appointment.id) == (link(), "a1")
    with pytest.raises(Unknown):
        await links.find(hashed("l2"))


async def test_the_first_device_has_it(links: Links) -> None:
    assert await links.bind("l1", hashed("phone"), START)
    assert await links.bind("l1", hashed("phone"), START + 5)
    assert not await links.bind("l1", hashed("laptop"), START + 5)
    assert await links.knows("l1", hashed("phone"))
    assert not await links.knows("l1", hashed("laptop"))
    assert (await links.find(hashed("l1")))[0].opened_at == START


async def test_of_many_devices_at_once_one_has_it(links: Links) -> None:
    bound = await asyncio.gather(*(links.bind("l1", hashed(f"d{each}"), START) for each in range(8)))
    assert sum(bound) == 1


async def test_a_new_one_ends_the_old_one(links: Links) -> None:
    await links.bind("l1", hashed("phone"), START)
    assert await links.issue(link("l2", made_at=START + 1)) == ["l1"]
    found, whole = await links.find(hashed("l1"))
    assert (found.revoked_because, found.revoked_at) == ("replaced", START + 1)
    assert whole.links["g1"].id == "l2"
    assert await links.revoke(["g1"], "staff", START + 2) == []  # it was never opened: there is no token of it
    assert [each.revoked_because for each in await links.of_guest("g1")] == ["replaced", "staff"]


async def test_the_last_answers_count_and_consents_stay(links: Links, database: Database, consents: Consents) -> None:
    checkins = CheckIns(database)
    consent = TelehealthConsent("a1", "g1", "patient", "p1", TEXT.version, TEXT.sha256, START)
    with pytest.raises(Unknown):
        await checkins.keep(CheckIn("c1", "a1", "g1", START, b"sealed"), consent)
    await consents.keep_text(TEXT)
    await checkins.keep(CheckIn("c1", "a1", "g1", START, b"sealed"), consent)
    await checkins.keep(CheckIn("c2", "a1", "g1", START + 9, b"again"), consent)
    assert [each.id for each in await checkins.latest(["a1"])] == ["c2"]
    assert await checkins.of_guest("g1", "a1") == CheckIn("c2", "a1", "g1", START + 9, b"again")
    assert await checkins.consents("a1") == [consent, consent]


@pytest.mark.parametrize("change", ["UPDATE telehealth_consent SET relation = 'x'", "DELETE FROM telehealth_consent"])
async def test_the_database_keeps_consents(links: Links, database: Database, consents: Consents, change: str) -> None:
    await consents.keep_text(TEXT)
    consent = TelehealthConsent("a1", "g1", "patient", "p1", TEXT.version, TEXT.sha256, START)
    await CheckIns(database).keep(CheckIn("c1", "a1", "g1", START, b"sealed"), consent)

    async def changes() -> None:
        async with database.writing() as session:
            await session.execute(text(change))

    with pytest.raises(Conflict):
        await changes()
