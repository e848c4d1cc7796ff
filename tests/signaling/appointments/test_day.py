"""Staff: a therapist's own day and nobody else's, check-ins for those who may read them, notes for their author."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling import messages as m
from tests.signaling.accounts.staff import Browser, a_member, a_practice
from tests.signaling.appointments.office import Device, Office, link_in
from tests.signaling.server import Server


class Practice:
    def __init__(self, server: Server, admin: Browser) -> None:
        self.server = server
        self.admin = admin
        self.office = Office(server)

    async def member(self, *roles: str, login: str = "") -> Browser:
        return await a_member(self.admin, *roles, login=login)


@pytest.fixture
async def practice(tmp_path: Path) -> AsyncIterator[Practice]:
    async with a_practice(tmp_path, visits_per_minute=1000) as (server, admin):
        yield Practice(server, admin)


async def ask(browser: Browser, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = await browser.ask(method, path, body, root="/api")
    return answer.status, answer.json if answer.text else None


async def test_a_visit_from_waiting_to_seen_on_the_page_of_the_day(practice: Practice) -> None:
    therapist = await practice.member("therapist")
    booked = await practice.office.books(therapist=therapist.id)
    appointment = booked["appointments"][0]
    server = practice.server

    async def visit() -> Any:
        status, day = await ask(therapist, "GET", "/day?zone=UTC")
        assert status == 200, day
        return next(each for each in day["visits"] if each["appointment"]["id"] == appointment["id"])

    before = await visit()
    assert (before["state"], before["can_join"], before["people"][0]["state"]) == ("open", True, "away")
    async with Device(server) as device:
        await device.checks_in(link_in(booked))
        token = await device.token(link_in(booked))
    patient = await server.client()
    await patient.joins(token, name=None)  # type: ignore[arg-type]
    waiting = await seen_as(visit, "waiting")
    person = waiting["people"][0]
    assert (person["called"], person["checked_in"], person["state"]) == ("Alex", True, "waiting")
    assert abs(person["waiting_since"] - practice.office.now) < 60
    status, joins = await ask(therapist, "POST", f"/appointments/{appointment['id']}/join")
    assert (status, joins["session"]) == (200, appointment["session"])
    claims = json.loads(base64.urlsafe_b64decode(joins["token"].split(".")[1] + "=="))
    assert (claims["role"], claims["sub"]) == ("therapist", therapist.id)
    doctor = await server.client()
    state = await doctor.joins(joins["token"], name=None)  # type: ignore[arg-type]
    await doctor.says(m.Admit(person=state.waiting[0].id))
    running = await seen_as(visit, "running")
    assert running["started_at"] is not None
    assert running["therapist_present"]
    await patient.says(m.Leave())
    await patient.closed()
    assert (await seen_as(visit, "open"))["therapist_present"]
    await doctor.says(m.Leave())
    await doctor.closed()
    held = await seen_as(visit, "held")
    assert (held["people"][0]["state"], held["can_join"]) == ("gone", True)
    # and it is kept: what was seen stays seen
    for _ in range(100):
        _, shown = await ask(therapist, "GET", f"/appointments/{appointment['id']}")
        if shown["state"] == "seen" and shown["guests"][0]["gone_at"] is not None:
            break
        await breathe()
    assert shown["state"] == "seen"
    assert shown["met_at"] <= shown["over_at"]
    _, history = await ask(therapist, "GET", "/patients/p-1/appointments")
    assert [each["state"] for each in history["appointments"]] == ["seen"]


async def seen_as(visit: Any, state: str) -> Any:
    for _ in range(200):
        now = await visit()
        if now["state"] == state:
            return now
        await breathe()
    raise AssertionError(f"never {state}: {now}")


async def breathe() -> None:
    """Between two looks at what the server has found."""
    await asyncio.sleep(0.1)


async def test_whoever_never_came_is_missed(practice: Practice) -> None:
    therapist = await practice.member("therapist")
    booked = await practice.office.books(therapist=therapist.id, start=practice.office.at(-3 * 3600))
    path = f"/appointments/{booked['appointments'][0]['id']}"
    for _ in range(200):
        _, shown = await ask(therapist, "GET", path)
        if shown["state"] == "missed":
            break
        await breathe()
    assert shown["state"] == "missed"
    status, moved = await ask(
        therapist, "PATCH", path, {"revision": shown["revision"], "start": practice.office.at(86_400)}
    )
    assert (status, moved["appointments"][0]["state"]) == (200, "booked")


async def test_others_appointments_do_not_exist_for_a_therapist(practice: Practice) -> None:
    ann, ben = await practice.member("therapist", login="ann@c.example"), await practice.member("therapist")
    booked = await practice.office.books(therapist=ann.id)
    appointment, guest = booked["appointments"][0]["id"], booked["links"][0]["guest"]
    path = f"/appointments/{appointment}"
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"revision": 0, "minutes": 30}),
        ("POST", "/cancel", {"revision": 0}),
        ("POST", "/guests", {"revision": 0, "guest": {"relation": "other"}}),
        ("DELETE", f"/guests/{guest}?revision=0", None),
        ("POST", f"/guests/{guest}/link", {}),
        ("DELETE", f"/guests/{guest}/link", None),
        ("GET", "/checkin", None),
        ("POST", "/join", None),
        ("GET", "/notes", None),
        ("POST", "/notes", {"content": "mine?"}),
    ):
        status, answer = await ask(ben, method, path + rest, body)
        assert (status, answer["code"]) == (404, "no_such_appointment"), (method, rest)
    for way in ("/patients/p-1", "/patients/p-1/appointments"):
        assert (await ask(ben, "GET", way))[1]["code"] == "no_such_patient"
    assert (await ask(ben, "PUT", "/patients/p-1", {"name": "Mine"}))[1]["code"] == "no_such_patient"
    # nor by booking them: that would show their address
    asked = practice.office.asked(therapist=None, patients=[{"id": "p-1"}])
    assert (await ask(ben, "POST", "/appointments", asked))[1]["code"] == "no_such_patient"
    for asked in ({"therapist": ann.id, "patients": [{"name": "New"}]}, {"therapist": "somebody"}):
        status, answer = await ask(ben, "POST", "/appointments", practice.office.asked(**asked))
        assert (status, answer["code"]) == (403, "not_allowed")
    assert (await ask(ben, "GET", f"/day?therapist={ann.id}"))[1]["code"] == "not_allowed"
    assert (await ask(ben, "GET", f"/appointments?therapist={ann.id}"))[1]["code"] == "not_allowed"
    _, found = await ask(ben, "GET", "/appointments")
    assert found["appointments"] == []
    assert len((await ask(ann, "GET", "/appointments"))[1]["appointments"]) == 1
    # one of their own, with a patient who is new
    status, own = await ask(ben, "POST", "/appointments", practice.office.asked(therapist=None, patients=[{}]))
    assert (status, own["appointments"][0]["therapist"]) == (201, ben.id)


async def test_what_was_said_at_check_in_is_for_the_therapist_and_the_front_desk(practice: Practice) -> None:
    therapist = await practice.member("therapist")
    booked = await practice.office.books(therapist=therapist.id)
    path = f"/appointments/{booked['appointments'][0]['id']}/checkin"
    async with Device(practice.server) as device:
        await device.checks_in(link_in(booked))
    for reader in (therapist, await practice.member("front_desk")):
        status, answer = await ask(reader, "GET", path)
        assert status == 200
        said = answer["people"][0]
        assert (said["called"], said["place"], said["emergency_name"], said["telehealth"]) == (
            "Alex",
            "Salem, Oregon",
            "Robin",
            True,
        )
    for other in (await practice.member("supervisor"), practice.admin, await practice.member("auditor")):
        status, answer = await ask(other, "GET", path)
        assert status in (403, 404), answer
    taken = await practice.admin.post("/emergency", {"reason": "The therapist cannot be reached."})
    assert taken.status in (200, 201), taken.text
    status, answer = await ask(practice.admin, "GET", path)
    assert (status, answer["people"][0]["phone"]) == (200, "+1 503 555 0100")


async def test_notes_are_for_whoever_wrote_them(practice: Practice, tmp_path: Path) -> None:
    therapist, supervisor = await practice.member("therapist"), await practice.member("supervisor")
    booked = await practice.office.books(therapist=therapist.id)
    path = f"/appointments/{booked['appointments'][0]['id']}/notes"
    status, note = await ask(therapist, "POST", path, {"content": "She slept better."})
    assert (status, note["version"]) == (201, 1)
    one = f"/notes/{note['id']}"
    status, changed = await ask(therapist, "PUT", one, {"content": "She slept well.", "version": 1})
    assert (status, changed["version"], changed["content"]) == (200, 2, "She slept well.")
    assert (await ask(therapist, "PUT", one, {"content": "x", "version": 1}))[1]["code"] == "changed_meanwhile"
    _, versions = await ask(therapist, "GET", f"{one}/versions")
    assert [each["content"] for each in versions["versions"]] == ["She slept better.", "She slept well."]
    for other in (supervisor, practice.admin, await practice.member("front_desk"), await practice.member("auditor")):
        for method, way, body in (
            ("GET", one, None),
            ("GET", path, None),
            ("GET", f"{one}/versions", None),
            ("PUT", one, {"content": "mine", "version": 2}),
            ("DELETE", one, None),
        ):
            status, answer = await ask(other, method, way, body)
            assert status in (403, 404), (method, way, answer)
            assert "slept" not in json.dumps(answer)
    for method, way in (("GET", f"/api{one}"), ("GET", f"/api{path}"), ("DELETE", f"/api{one}")):
        status, answer = await practice.office.asks(method, way)
        assert (status, answer["code"]) == (403, "not_allowed")  # no key of software, not even the clinic's own
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir() if file.name.startswith("clinic.db"))
    assert b"slept" not in kept
    # emergency access reads, and changes nothing
    assert (await supervisor.post("/emergency", {"reason": "The author cannot be reached."})).status in (200, 201)
    status, read = await ask(supervisor, "GET", one)
    assert (status, read["content"]) == (200, "She slept well.")
    assert (await ask(supervisor, "DELETE", one))[0] in (403, 404)
    assert (await ask(supervisor, "PUT", one, {"content": "x", "version": 2}))[0] in (403, 404)
    assert (await ask(therapist, "DELETE", one))[0] == 204
    assert (await ask(therapist, "GET", one))[1]["code"] == "no_such_note"
    assert (await ask(therapist, "GET", path))[1]["notes"] == []


async def test_a_therapist_is_found_by_the_booking_systems_id_and_named_to_patients(practice: Practice) -> None:
    status, answer = await practice.office.asks(
        "POST",
        "/api/accounts/sync",
        {"users": [{"external_id": "th-7", "login": "carla@c.example", "name": "Carla Blue", "roles": ["therapist"]}]},
    )
    assert status == 200, answer
    booked = await practice.office.books(therapist="th-7", therapist_name=None)
    assert booked["appointments"][0]["therapist"] != "th-7"
    async with Device(practice.server) as device:
        assert (await device.opens(link_in(booked)))["whom"] == "Carla Blue"


async def test_the_front_desk_sees_everybodys_day_and_who_can_be_booked(practice: Practice) -> None:
    one, other = await practice.member("therapist"), await practice.member("supervisor")
    for therapist in (one, other):
        await practice.office.books(therapist=therapist.id, patients=[{"name": "Somebody"}])
    desk = await practice.member("front_desk")
    for who in (desk, practice.admin):
        status, day = await ask(who, "GET", "/day?zone=UTC&everybody=true")
        assert (status, day["therapist"]) == (200, None)
        assert {each["appointment"]["therapist"] for each in day["visits"]} == {one.id, other.id}
        assert not any(each["can_join"] for each in day["visits"])
        status, answer = await ask(who, "GET", "/therapists")
        assert status == 200
        assert {each["id"] for each in answer["therapists"]} == {one.id, other.id}
        assert all(each["name"] for each in answer["therapists"])


async def test_a_therapist_sees_nobody_elses_day_however_it_is_asked_for(practice: Practice) -> None:
    one = await practice.member("therapist")
    other = await practice.member("therapist", login="another")
    for query in ("everybody=true", f"therapist={other.id}", f"therapist={other.id}&everybody=true"):
        status, answer = await ask(one, "GET", f"/day?zone=UTC&{query}")
        assert (status, answer["code"]) == (403, "not_allowed"), query
    status, answer = await ask(one, "GET", "/therapists")
    assert (status, [each["id"] for each in answer["therapists"]]) == (200, [one.id])
    auditor = await practice.member("auditor")
    assert (await ask(auditor, "GET", "/therapists"))[0] == 403
