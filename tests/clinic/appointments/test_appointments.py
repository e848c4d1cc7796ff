"""Appointments are kept as they were made, found by day and by patient, and changed by one at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from clinic import BadValue, Conflict, Database, IllegalMove, Unknown
from clinic.appointments.appointments import Appointments, Request, Stale
from clinic.appointments.comings import Coming, Comings, Meeting
from clinic.appointments.patients import Patients
from clinic.appointments.records import AppointmentState, Series
from tests.clinic.appointments.booked import HOUR, START, appointment, guest, link, patient


@pytest.fixture
def appointments(database: Database) -> Appointments:
    return Appointments(database)


async def booked(database: Database, *numbers: int, **changes: object) -> Appointments:
    """Appointments a1, a2... an hour apart, with patient p1."""
    store = Appointments(database)
    await Patients(database).keep(patient())
    those = [appointment(f"a{each}", START + each * HOUR, **changes) for each in numbers]
    guests = [guest(f"g{each}", f"a{each}") for each in numbers]
    await store.book(those, guests, [link(f"l{each}", f"g{each}", f"a{each}") for each in numbers])
    return store


async def test_what_was_booked_comes_back_whole(database: Database) -> None:
    store = await booked(database, 1)
    whole = await store.get("a1")
    assert whole.appointment == appointment("a1", START + HOUR)
    assert list(whole.guests) == [guest("g1", "a1")]
    assert whole.links == {"g1": link("l1", "g1", "a1")}
    assert whole.patients == {"p1": patient()}
    assert await store.of_session("v-a1") == whole
    with pytest.raises(Unknown):
        await store.get("a2")


async def test_lists_have_pages_and_bounds(database: Database) -> None:
    store = await booked(database, 1, 2, 3, 4)
    seen, after = [], None
    while True:
        found = await store.find(since=START + HOUR, until=START + 4 * HOUR, after=after, limit=2)
        seen += [each.appointment.id for each in found.appointments]
        after = found.next
        if after is None:
            break
    assert seen == ["a1", "a2", "a3"]
    everywhen: dict[str, Any] = {"since": 0.0, "until": START + 99 * HOUR}
    assert not (await store.find(**everywhen, therapist="t2")).appointments
    assert not (await store.find(**everywhen, patient="p2")).appointments
    assert len((await store.find(**everywhen, patient="p1")).appointments) == 4
    assert not (await store.find(**everywhen, state=AppointmentState.MISSED)).appointments
    for bad in ("x", "12", "-1.a", "9" * 16 + ".a"):
        with pytest.raises(BadValue):
            await store.find(**everywhen, after=bad)


async def test_a_patients_history_is_newest_first_and_counts_no_guests(database: Database) -> None:
    store = await booked(database, 1, 2, 3)
    await store.invite(
        replace(appointment("a3", START + 3 * HOUR), revision=1),
        guest("g9", "a3", relation="guardian", patient_id="p1"),
        None,
    )
    first = await store.history("p1", limit=2)
    assert [each.appointment.id for each in first.appointments] == ["a3", "a2"]
    rest = await store.history("p1", limit=2, after=first.next)
    assert [each.appointment.id for each in rest.appointments] == ["a1"]
    assert rest.next is None
    assert not (await store.history("p1", therapist="t2")).appointments
    assert await store.sees("t1", "p1")
    assert not await store.sees("t2", "p1")


async def test_of_two_changes_of_one_revision_one_is_refused(database: Database) -> None:
    store = await booked(database, 1)
    before = (await store.get("a1")).appointment
    earlier = replace(before, starts_at=START, revision=1)
    later = replace(before, starts_at=START + 9 * HOUR, revision=1)
    results = await asyncio.gather(store.change(earlier), store.change(later), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["NoneType", "Stale"]
    with pytest.raises(Stale):
        await store.change(replace(before, revision=5))
    assert (await store.get("a1")).appointment.revision == 1


async def test_nothing_leads_back_from_cancelled(database: Database) -> None:
    store = await booked(database, 1)
    before = (await store.get("a1")).appointment
    cancelled = replace(before, state=AppointmentState.CANCELLED, revision=1)
    await store.change(cancelled)
    with pytest.raises(IllegalMove):
        await store.change(replace(cancelled, state=AppointmentState.BOOKED, revision=2))


async def test_overlaps_are_those_of_the_same_therapist_that_are_booked(database: Database) -> None:
    store = await booked(database, 1, 2)
    new = appointment("new", START + HOUR + 40 * 60)  # the first one's last ten minutes, the second one's first thirty
    assert sorted(other for _, other in await store.overlapping("t1", [new])) == ["a1", "a2"]
    assert await store.overlapping("t2", [new]) == []
    touching = appointment("new", START + HOUR + 50 * 60, minutes=10)
    assert await store.overlapping("t1", [touching]) == []
    await store.change(replace((await store.get("a2")).appointment, state=AppointmentState.CANCELLED, revision=1))
    assert [other for _, other in await store.overlapping("t1", [new])] == ["a1"]
    assert await store.overlapping("t1", [(await store.get("a1")).appointment]) == []


async def test_two_who_book_the_same_hour_see_each_other(database: Database, other: Database) -> None:
    await Patients(database).keep(patient())

    async def books(where: Database, name: str) -> bool:
        store = Appointments(where)
        async with where.together():
            new = appointment(name)
            if await store.overlapping("t1", [new]):
                return False
            await store.book([new], [guest(f"g-{name}", name)], [])
            return True

    assert sorted(await asyncio.gather(books(database, "x"), books(other, "y"))) == [False, True]


async def test_together_is_all_or_nothing(database: Database) -> None:
    store = Appointments(database)

    async def fails() -> None:
        async with database.together():
            await Patients(database).keep(patient())
            await store.book([appointment()], [guest()], [link()])
            assert (await store.get("a1")).appointment.id == "a1"
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        await fails()
    with pytest.raises(Unknown):
        await store.get("a1")
    assert await Patients(database).find("p1") is None


async def test_a_task_that_was_started_in_the_middle_does_not_belong_to_it(database: Database) -> None:
    store = await booked(database, 1)
    async with database.together():
        # it reads what is committed, on a connection of its own
        found = await asyncio.get_running_loop().create_task(store.get("a1"))
    assert found.appointment.id == "a1"


async def test_external_ids_are_of_one_appointment(database: Database) -> None:
    store = await booked(database, 1, external_id="b-1")
    assert (await store.of_external("b-1")).appointment.id == "a1"
    with pytest.raises(Conflict):
        await store.book([appointment("a2", external_id="b-1")], [], [])
    with pytest.raises(Unknown):
        await store.of_external("b-2")


async def test_a_request_is_remembered_by_its_caller_for_a_week(database: Database) -> None:
    store = await booked(database, 1)
    request = Request("key k1", "once", "body")
    await store.remember(request, "a1", START)
    assert await store.asked_before(request, START + 1) == "a1"
    assert await store.asked_before(replace(request, caller="key k2"), START) is None
    assert await store.asked_before(request, START + 8 * 86_400) is None
    with pytest.raises(Conflict):
        await store.asked_before(replace(request, body_sha256="other"), START)
    await store.remember(request, "a1", START + 8 * 86_400)


async def test_what_is_over_is_concluded_once(database: Database) -> None:
    store = await booked(database, 1, 2)
    over = await store.over(START + 2 * HOUR)
    assert [each.id for each in over] == ["a1"]
    assert await store.conclude("a1", AppointmentState.MISSED, START + 2 * HOUR)
    assert not await store.conclude("a1", AppointmentState.SEEN, START + 2 * HOUR)
    assert (await store.get("a1")).appointment.revision == 0


async def test_who_came_is_kept_and_a_meeting_makes_it_seen(database: Database) -> None:
    store = await booked(database, 1)
    comings = Comings(database)
    await comings.keep([Coming("v-a1", "p1", START + 5, START + 5, None, None)], [])
    await comings.keep(
        [Coming("v-a1", "p1", START + 5, None, START + 60, START + 3000), Coming("v-other", "p1", 1.0, 1.0, 1.0, 1.0)],
        [Meeting("v-a1", START + 60, START + 3000), Meeting("v-other", 1.0, 2.0)],
    )
    whole = await store.get("a1")
    assert (whole.appointment.state, whole.appointment.met_at) == (AppointmentState.SEEN, START + 60)
    assert (whole.guests[0].came_at, whole.guests[0].let_in_at) == (START + 5, START + 60)
    assert (whole.guests[0].waits_since, whole.guests[0].gone_at) == (None, START + 3000)


async def test_a_series_is_found_in_its_order(database: Database) -> None:
    store = Appointments(database)
    await Patients(database).keep(patient())
    series = Series("s1", "t1", "weekly", "2026-06-01T10:00", "Europe/Berlin", 50, START, "ext")
    those = [appointment(f"a{n}", START + n * 7 * 86_400, series_id="s1", series_number=n) for n in (0, 1, 2)]
    await store.book(those, [guest(f"g{n}", f"a{n}") for n in (0, 1, 2)], [], series)
    assert [each.appointment.id for each in await store.of_series("s1", 1)] == ["a1", "a2"]
    assert await store.series("s1") == series
    assert await store.series_of_external("ext") == series
    with pytest.raises(Unknown):
        await store.of_series("s2")


async def test_no_name_can_be_read_in_the_database(database: Database) -> None:
    """Columns that could hold one are encrypted by whoever calls: here it is only that they are of that kind."""
    await booked(database, 1)
    async with database.reading() as session:
        kinds = (await session.execute(text("SELECT name_sealed, email_sealed FROM patient"))).one()
    assert bytes(kinds[0]) == b"sealed name"
