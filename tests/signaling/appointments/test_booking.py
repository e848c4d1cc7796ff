"""What a booking system asks: made once, changed by one at a time, in series, with guests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.signaling.appointments.office import Office, link_in
from tests.signaling.server import Server, a_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


@pytest.fixture
def office(server: Server) -> Office:
    return Office(server)


async def test_the_same_again_makes_nothing(office: Office) -> None:
    first = await office.books(external_id="b-1")
    status, again = await office.asks("POST", "/api/appointments", office.asked(external_id="b-1"))
    assert (status, again["again"]) == (200, True)
    assert again["appointments"][0]["id"] == first["appointments"][0]["id"]
    assert link_in(again) == link_in(first)


async def test_a_key_makes_it_once_and_no_other_request(office: Office) -> None:
    asked = office.asked()
    answers = [await office.asks("POST", "/api/appointments", asked, **{"Idempotency-Key": "k-1"}) for _ in range(3)]
    assert [status for status, _ in answers] == [201, 200, 200]
    assert len({answer["appointments"][0]["id"] for _, answer in answers}) == 1
    status, answer = await office.asks(
        "POST", "/api/appointments", asked | {"minutes": 30}, **{"Idempotency-Key": "k-1"}
    )
    assert (status, answer["code"]) == (409, "key_reused")


async def test_many_at_once_make_one(office: Office) -> None:
    asked = office.asked(external_id="b-1")
    answers = await asyncio.gather(*(office.asks("POST", "/api/appointments", asked) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({answer["appointments"][0]["id"] for _, answer in answers}) == 1


async def test_names_are_opened_for_who_asks_and_sealed_in_the_file(office: Office, tmp_path: Path) -> None:
    booked = await office.books(guests=[{"relation": "guardian", "name": "Robin Doe", "email": "robin@example.org"}])
    guests = booked["appointments"][0]["guests"]
    assert [(each["relation"], each["role"], each["name"]) for each in guests] == [
        ("patient", "patient", "Alex Doe"),
        ("guardian", "patient", "Robin Doe"),
    ]
    data = tmp_path / "data"
    kept = b"".join(file.read_bytes() for file in data.iterdir() if file.name.startswith("clinic.db"))
    for secret in (b"Alex", b"Robin", b"example.org", b"555 0100", b"Blue", link_in(booked).encode()):
        assert secret not in kept
    assert b"p-1" in kept


async def test_overlaps_are_said_or_refused(tmp_path: Path) -> None:
    for overlaps, status, said in (("warn", 201, 1), ("refuse", 409, None), ("allow", 201, 0)):
        async with a_server(tmp_path / overlaps, overlaps=overlaps) as server:
            office = Office(server)
            await office.books()
            other = office.asked(start=office.at(900), patients=[{"id": "p-2"}])
            got, answer = await office.asks("POST", "/api/appointments", other)
            assert got == status
            assert answer.get("code") == ("appointment_overlaps" if said is None else None)
            if said is not None:
                assert len(answer["overlaps"]) == said
            status_, _ = await office.asks("POST", "/api/appointments", other | {"despite_conflict": True})
            assert status_ == 201


async def test_a_change_names_what_it_changes(office: Office) -> None:
    booked = await office.books()
    path = f"/api/appointments/{booked['appointments'][0]['id']}"
    status, changed = await office.asks("PATCH", path, {"revision": 0, "minutes": 90, "start": "2030-07-01T10:00"})
    assert status == 200, changed
    appointment = changed["appointments"][0]
    assert (appointment["start"], appointment["minutes"], appointment["revision"]) == (
        "2030-07-01T10:00:00-07:00",
        90,
        1,
    )
    status, answer = await office.asks("PATCH", path, {"revision": 0, "minutes": 30})
    assert (status, answer["code"]) == (409, "changed_meanwhile")
    status, answer = await office.asks("POST", f"{path}/cancel", {"revision": 1})
    assert answer["appointments"][0]["state"] == "cancelled"
    for method, rest, body in (
        ("PATCH", "", {"revision": 2, "minutes": 30}),
        ("POST", "/cancel", {"revision": 2}),
        ("POST", "/guests", {"revision": 2, "guest": {"relation": "partner"}}),
    ):
        status, answer = await office.asks(method, path + rest, body)
        assert (status, answer["code"]) == (409, "appointment_over"), rest


async def test_a_series_keeps_its_hour_and_is_changed_from_one_on(office: Office) -> None:
    asked = office.asked(
        start="2030-03-04T10:00",
        zone="America/Los_Angeles",
        external_id="s-1",
        rule={"frequency": "weekly", "count": 5},
    )
    status, made = await office.asks("POST", "/api/series", asked)
    assert status == 201, made
    those = made["appointments"]
    assert [each["start"] for each in those[:2]] == ["2030-03-04T10:00:00-08:00", "2030-03-11T10:00:00-07:00"]
    assert len(made["links"]) == 5
    assert (await office.asks("POST", "/api/series", asked))[1]["again"]
    path = f"/api/appointments/{those[2]['id']}"
    status, moved = await office.asks(
        "PATCH", path, {"revision": 0, "reach": "following", "start": "2030-03-19T15:30", "minutes": 45}
    )
    assert status == 200, moved
    assert [each["number"] for each in moved["appointments"]] == [2, 3, 4]
    _, series = await office.asks("GET", f"/api/series/{made['series']}")
    assert [each["start"][:16] for each in series["appointments"]] == [
        "2030-03-04T10:00",
        "2030-03-11T10:00",
        "2030-03-19T15:30",
        "2030-03-26T15:30",
        "2030-04-02T15:30",
    ]
    first = f"/api/appointments/{those[0]['id']}"
    await office.asks("POST", f"{first}/cancel", {"revision": 0, "reach": "this"})
    status, cancelled = await office.asks("POST", f"{path}/cancel", {"revision": 1, "reach": "all"})
    assert sorted(each["number"] for each in cancelled["appointments"]) == [1, 2, 3, 4]


async def test_guests_come_and_go(office: Office) -> None:
    booked = await office.books()
    appointment = booked["appointments"][0]
    path = f"/api/appointments/{appointment['id']}/guests"
    status, invited = await office.asks(
        "POST", path, {"revision": 0, "guest": {"relation": "supervisor", "name": "Sam", "email": "sam@example.org"}}
    )
    assert status == 201, invited
    assert [each["relation"] for each in invited["links"]] == ["supervisor"]
    assert invited["appointments"][0]["revision"] == 1
    guest = invited["links"][0]["guest"]
    status, left = await office.asks("DELETE", f"{path}/{guest}?revision=1")
    assert (status, left["appointments"][0]["guests"][1]["left_out"]) == (200, True)
    status, answer = await office.asks("DELETE", f"{path}/{guest}?revision=2")
    assert (status, answer["code"]) == (404, "no_such_guest")
    status, answer = await office.asks("DELETE", f"{path}/{booked['links'][0]['guest']}?revision=2")
    assert (status, answer["code"]) == (409, "last_patient")


async def test_a_list_is_of_a_day_a_therapist_or_a_patient(office: Office) -> None:
    for hour in range(3):
        await office.books(
            start=f"2030-06-03T{10 + hour}:00", zone="UTC", therapist="dr-blue" if hour else "dr-green",
            patients=[{"id": f"p-{hour}"}],
        )  # fmt: skip
    _, day = await office.asks("GET", "/api/appointments?day=2030-06-03&zone=UTC&limit=2")
    assert len(day["appointments"]) == 2
    _, rest = await office.asks("GET", f"/api/appointments?day=2030-06-03&zone=UTC&limit=2&after={day['next']}")
    assert (len(rest["appointments"]), rest["next"]) == (1, None)
    _, blue = await office.asks("GET", "/api/appointments?day=2030-06-03&zone=UTC&therapist=dr-blue")
    assert len(blue["appointments"]) == 2
    _, of_patient = await office.asks("GET", "/api/appointments?since=0&until=1&patient=p-0")
    assert of_patient["appointments"] == []
    status, history = await office.asks("GET", "/api/patients/p-0/appointments")
    assert (status, [each["therapist"] for each in history["appointments"]]) == (200, ["dr-green"])
    for query in ("since=5&until=1", "since=0&until=9999999999", "day=2030-02-30", "zone=Mars/Olympus", "after=x"):
        status, answer = await office.asks("GET", f"/api/appointments?{query}")
        assert (status, answer["code"]) == (400, "bad_request"), query


async def test_patients_are_kept_and_changed(office: Office) -> None:
    status, answer = await office.asks("PUT", "/api/patients/p-9", {"name": "Kim", "phone": "+49 30 123"})
    assert (status, answer["name"], answer["email"]) == (200, "Kim", None)
    await office.asks("PUT", "/api/patients/p-9", {"email": "kim@example.org", "phone": None})
    status, answer = await office.asks("GET", "/api/patients/p-9")
    assert (answer["name"], answer["email"], answer["phone"]) == ("Kim", "kim@example.org", None)
    assert (await office.asks("GET", "/api/patients/p-10"))[1]["code"] == "no_such_patient"
    booked = await office.books(patients=[{"id": "p-9"}])
    assert booked["appointments"][0]["guests"][0]["name"] == "Kim"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "couple"},
        {"kind": "individual", "patients": [{"id": "a"}, {"id": "b"}]},
        {"patients": []},
        {"patients": [{"id": "a", "name": "A\nB"}]},
        {"patients": [{"id": "a", "email": "a@b>\r\nBcc: c@d"}]},
        {"patients": [{"id": "a", "email": "not an address"}]},
        {"patients": [{"id": "a", "phone": "<script>"}]},
        {"patients": [{"id": "a", "role": "therapist"}]},
        {"patients": [{"id": "a", "zone": "Mars/Olympus"}]},
        {"guests": [{"relation": "patient"}]},
        {"guests": [{"relation": "therapist"}]},
        {"guests": [{"relation": "guardian", "role": "therapist"}]},
        {"guests": [{"relation": "other"}] * 7},
        {"start": "tomorrow"},
        {"start": "2026-02-30T10:00"},
        {"start": 1_780_000_000},
        {"zone": "../../etc/passwd"},
        {"zone": "Mars/Olympus"},
        {"minutes": 0},
        {"minutes": 9999},
        {"minutes": "50"},
        {"session": "session-1"},
        {"state": "seen"},
        {"therapist": None},
        {"external_id": "x" * 101},
    ],
)
async def test_what_cannot_be_is_refused(office: Office, changes: dict[str, Any]) -> None:
    status, answer = await office.asks("POST", "/api/appointments", office.asked(**changes))
    assert (status, answer["code"]) == (400, "bad_request")
    _, found = await office.asks("GET", "/api/appointments")
    assert found["appointments"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {"frequency": "weekly"},
        {"frequency": "weekly", "count": 2, "until": "2030-05-01"},
        {"frequency": "daily", "count": 2},
        {"frequency": "weekly", "count": 121},
        {"frequency": "weekly", "until": "2039-01-01"},
        {"frequency": "weekly", "count": 1, "without": ["2030-03-04"]},
        {"frequency": "weekly", "count": 2, "without": ["2030-3-4"]},
    ],
)
async def test_a_series_without_end_or_sense_is_refused(office: Office, rule: dict[str, Any]) -> None:
    status, answer = await office.asks("POST", "/api/series", office.asked(start="2030-03-04T10:00", rule=rule))
    assert (status, answer["code"]) == (400, "bad_request")


async def test_without_a_key_nothing_is_said(server: Server, office: Office) -> None:
    booked = await office.books()
    appointment, guest = booked["appointments"][0]["id"], booked["links"][0]["guest"]
    for method, path in (
        ("GET", "/api/appointments"),
        ("POST", "/api/appointments"),
        ("GET", f"/api/appointments/{appointment}"),
        ("PATCH", f"/api/appointments/{appointment}"),
        ("POST", f"/api/appointments/{appointment}/cancel"),
        ("POST", f"/api/appointments/{appointment}/guests/{guest}/link"),
        ("GET", f"/api/appointments/{appointment}/checkin"),
        ("POST", f"/api/appointments/{appointment}/join"),
        ("GET", f"/api/appointments/{appointment}/notes"),
        ("GET", "/api/day"),
        ("GET", "/api/patients/p-1"),
    ):
        async with server.http.request(method, server.url + path) as answer:
            assert answer.status == 401, path
