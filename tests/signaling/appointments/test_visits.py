"""A link leads to one appointment, one person, one device and one time, and to nothing else."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling import messages as m
from tests.signaling.appointments.office import ANSWERS, Device, Office, link_in
from tests.signaling.server import Server, a_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, visits_per_minute=1000) as server:
        yield server


@pytest.fixture
def office(server: Server) -> Office:
    return Office(server)


@pytest.fixture
async def device(server: Server) -> AsyncIterator[Device]:
    async with Device(server) as device:
        yield device


async def test_from_booking_to_the_waiting_room(office: Office, device: Device, server: Server) -> None:
    booked = await office.books()
    link = link_in(booked)
    seen = await device.opens(link)
    assert (seen["stage"], seen["whom"], seen["checked_in"]) == ("open", "Dr. Blue", False)
    assert (await device.asks("join", link))[1]["code"] == "checkin_needed"
    assert (await device.checks_in(link))["checked_in"]
    token = await device.token(link)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["sub"], claims["role"], claims["name"]) == ("p-1", "patient", "Alex")
    assert claims["room"] == booked["appointments"][0]["session"]
    assert claims["exp"] - claims["iat"] <= 900
    therapist = await server.joined("therapist", session=claims["room"])
    patient = await server.client()
    state = await patient.joins(token, name=None)  # type: ignore[arg-type]
    assert state.phase == "waiting"
    assert (await therapist.state(lambda state: state.waiting)).waiting


async def test_the_link_says_nothing_of_anybody(office: Office) -> None:
    booked = await office.books(external_id="booking-77")
    url, session = booked["links"][0]["url"], booked["appointments"][0]["session"]
    assert url.partition("#")[0].endswith("/visit")
    for known in ("alex", "blue", "booking", booked["appointments"][0]["id"].lower()):
        assert known not in url.lower()
        assert known not in session.lower()
    assert len(link_in(booked)) == 43


async def test_too_early_it_tells_the_time_and_binds_no_device(office: Office, server: Server) -> None:
    link = link_in(await office.books(start=office.at(86_400)))
    async with Device(server) as scanner, Device(server) as device:
        seen = await scanner.opens(link)
        assert seen["stage"] == "early"
        assert (seen["whom"], seen["relation"], seen["questions"]) == (None, None, None)
        assert not scanner.http.cookie_jar.filter_cookies(server.url)  # type: ignore[arg-type]
        assert (await scanner.asks("join", link))[1]["code"] == "visit_early"
        server.clock.ahead += 86_400 - 60
        assert (await device.opens(link))["stage"] == "open"
        assert (await scanner.opens(link))["stage"] == "elsewhere"


async def test_one_device_has_it_and_another_is_refused(office: Office, device: Device, server: Server) -> None:
    booked = await office.books()
    link = link_in(booked)
    await device.checks_in(link)
    async with Device(server) as other:
        seen = await other.opens(link)
        assert (seen["stage"], seen["whom"], seen["questions"]) == ("elsewhere", None, None)
        for what, body in (("join", {}), ("checkin", ANSWERS | {"text_version": "x"})):
            status, answer = await other.asks(what, link, **body)
            assert (status, answer["code"]) == (409, "link_elsewhere")
        # with somebody's cookie that was never bound, too
        other.http.cookie_jar.update_cookies({"therabook-visit": secrets.token_urlsafe(32)})
        assert (await other.asks("join", link))[1]["code"] == "link_elsewhere"
        appointment, guest = booked["appointments"][0], booked["links"][0]["guest"]
        status, answer = await office.asks("POST", f"/api/appointments/{appointment['id']}/guests/{guest}/link", {})
        assert status == 201
        fresh = answer["link"]["url"].partition("#")[2]
        assert fresh != link
        assert (await other.opens(fresh))["stage"] == "open"
    assert (await device.asks("open", link))[1]["code"] == "link_invalid"
    assert (await device.asks("join", link))[1]["code"] == "link_invalid"


async def test_two_devices_where_a_clinic_allows_them(office: Office, device: Device, server: Server) -> None:
    booked = await office.books()
    appointment, guest = booked["appointments"][0], booked["links"][0]["guest"]
    path = f"/api/appointments/{appointment['id']}/guests/{guest}/link"
    link = (await office.asks("POST", path, {"devices": 2}))[1]["link"]["url"].partition("#")[2]
    async with Device(server) as second, Device(server) as third:
        stages = [(await each.opens(link))["stage"] for each in (device, second, third, device)]
    assert stages == ["open", "open", "elsewhere", "open"]


async def test_it_ends_with_the_appointment(office: Office, device: Device, server: Server) -> None:
    link = link_in(await office.books())
    await device.checks_in(link)
    server.clock.ahead += 600 + 50 * 60 + 30 * 60
    assert (await device.opens(link))["stage"] == "over"
    assert (await device.asks("join", link))[1]["code"] == "visit_over"


async def test_cancelled_and_moved_are_told(office: Office, device: Device, server: Server) -> None:
    booked = await office.books()
    appointment, link = booked["appointments"][0], link_in(booked)
    assert (await device.opens(link))["stage"] == "open"
    path = f"/api/appointments/{appointment['id']}"
    status, moved = await office.asks("PATCH", path, {"revision": 0, "start": office.at(7200)})
    assert status == 200, moved
    assert (await device.opens(link))["stage"] == "early"  # the same link, for the new time
    status, answer = await office.asks("POST", f"{path}/cancel", {"revision": 1})
    assert status == 200, answer
    assert (await device.opens(link))["stage"] == "cancelled"
    assert (await device.asks("join", link))[1]["code"] == "visit_cancelled"


async def test_new_links_when_moved_where_a_clinic_wants_them(tmp_path: Path) -> None:
    async with a_server(tmp_path, visit_new_links=True) as server, Device(server) as device:
        office = Office(server)
        booked = await office.books()
        path = f"/api/appointments/{booked['appointments'][0]['id']}"
        _, moved = await office.asks("PATCH", path, {"revision": 0, "start": office.at(300)})
        assert link_in(moved) != link_in(booked)
        assert (await device.opens(link_in(booked)))["stage"] == "moved"
        assert (await device.opens(link_in(moved)))["stage"] == "open"


async def test_a_token_of_a_revoked_link_leads_nowhere(office: Office, device: Device, server: Server) -> None:
    booked = await office.books()
    link = link_in(booked)
    await device.checks_in(link)
    token = await device.token(link)
    appointment, guest = booked["appointments"][0], booked["links"][0]["guest"]
    path = f"/api/appointments/{appointment['id']}/guests/{guest}/link"
    assert (await office.asks("DELETE", path))[0] == 200
    client = await server.client()
    assert await client.refused(m.Join(token=token, name=None, microphone=False, camera=False)) == "token_revoked"
    assert (await device.asks("open", link))[1]["code"] == "link_invalid"


async def test_whoever_was_removed_gets_in_by_no_new_token(office: Office, device: Device, server: Server) -> None:
    link = link_in(await office.books())
    await device.checks_in(link)
    token = await device.token(link)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    therapist = await server.joined("therapist", session=claims["room"])
    patient = await server.client()
    await patient.joins(token, name=None)  # type: ignore[arg-type]
    waiting = (await therapist.state(lambda state: state.waiting)).waiting[0]
    await therapist.says(m.Admit(person=waiting.id))
    await therapist.state(lambda state: state.people)
    await therapist.says(m.Remove(person=waiting.id))
    await patient.closed()
    again = await device.token(link)
    client = await server.client()
    assert await client.refused(m.Join(token=again, name=None, microphone=False, camera=False)) == "token_revoked"


async def test_guessing_is_slowed_down_and_a_right_link_too(tmp_path: Path) -> None:
    async with a_server(tmp_path, visits_per_minute=20) as server, Device(server) as device:
        link = link_in(await Office(server).books())
        codes = [(await device.asks("open", secrets.token_urlsafe(32)))[1]["code"] for _ in range(25)]
        assert codes == ["link_invalid"] * 20 + ["too_many_requests"] * 5
        status, answer = await device.asks("open", link)
        assert (status, answer["code"]) == (429, "too_many_requests")
        server.clock.ahead += 60
        assert (await device.opens(link))["stage"] == "open"


@pytest.mark.parametrize(
    "link", ["x", "'; DROP TABLE visit_link; --", "../../etc/passwd", "A" * 43, "A" * 42, "%00", "-" * 100]
)
async def test_whatever_is_no_link_is_refused_alike(device: Device, link: str) -> None:
    status, answer = await device.asks("open", link)
    assert answer["code"] in ("link_invalid", "bad_request")
    assert status in (400, 404)


async def test_other_pages_may_not_ask(office: Office, server: Server) -> None:
    link = link_in(await office.books())
    for origin in ({"Origin": "https://elsewhere.example"}, {}, {"Origin": "null"}):
        async with server.http.post(f"{server.url}/api/visit/open", json={"link": link}, headers=origin) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "wrong_origin")


async def test_the_cookie_is_out_of_reach_and_says_nothing(office: Office, device: Device) -> None:
    link = link_in(await office.books())
    async with device.http.post(
        f"{device.server.url}/api/visit/open", json={"link": link}, headers={"Origin": device.server.url}
    ) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "alex" not in cookie.lower()
    assert link not in cookie


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"called": ""}, "bad_request"),
        ({"called": "x" * 61}, "bad_request"),
        ({"called": "Alex\r\nBcc: a@b.c"}, "bad_request"),
        ({"called": "\u200b\u202e"}, "bad_name"),
        ({"phone": "call me"}, "bad_request"),
        ({"phone": None}, "checkin_incomplete"),
        ({"place": None}, "checkin_incomplete"),
        ({"place": "x" * 121}, "bad_request"),
        ({"telehealth": False}, "bad_request"),
        ({"text_version": "another"}, "consent_outdated"),
        ({"role": "therapist"}, "bad_request"),
    ],
)
async def test_answers_are_read_strictly(office: Office, device: Device, changes: dict[str, Any], code: str) -> None:
    link = link_in(await office.books())
    version = (await device.opens(link))["questions"]["text"]["version"]
    _, answer = await device.asks("checkin", link, **(ANSWERS | {"text_version": version} | changes))
    assert answer["code"] == code
    assert not (await device.opens(link))["checked_in"]


async def test_interpreters_are_asked_nothing_and_come_in_their_role(office: Office, device: Device) -> None:
    booked = await office.books(guests=[{"relation": "interpreter", "name": "Ines"}, {"relation": "guardian"}])
    by_relation = {each["relation"]: each["url"].partition("#")[2] for each in booked["links"]}
    seen = await device.opens(by_relation["interpreter"])
    assert (seen["relation"], seen["questions"]) == ("interpreter", None)
    token = await device.token(by_relation["interpreter"])
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["role"], claims["name"], claims["limit"]) == ("interpreter", "Ines", 4)
    guardian = await device.opens(by_relation["guardian"])
    assert guardian["questions"]["emergency"] == "no"
    assert guardian["questions"]["phone"] == "asked"


async def test_a_name_that_no_session_would_show_is_left_out_of_the_token(office: Office, device: Device) -> None:
    booked = await office.books(guests=[{"relation": "interpreter", "name": "\u200b"}])
    await device.opens(link_in(booked, 1))
    token = await device.token(link_in(booked, 1))
    assert "name" not in json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
