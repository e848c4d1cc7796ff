"""Webhooks over HTTP, on a whole server: looked after by those who may, and told of a real call."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from signaling import messages as m
from signaling.refusals import REFUSALS
from tests.signaling.receiver import Receiver, a_receiver
from tests.signaling.server import API_KEY, Server, a_server
from tests.signaling.webhooks.delivering import told

KEY = {"Authorization": f"Bearer {API_KEY}"}


class Desk:
    """The clinic's software, with its key."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        url = f"{self.server.url}/api/webhooks{path}"
        async with self.server.http.request(method, url, json=body, headers=KEY | headers) as answer:
            return answer.status, await answer.json() if answer.content_type == "application/json" else None

    async def add(self, url: str, **more: Any) -> tuple[str, str]:
        """Its id and secret."""
        status, said = await self.ask("POST", "", {"url": url} | more)
        assert status == 201, said
        return said["endpoint"]["id"], said["secret"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_server(tmp_path, webhook_private_addresses=True) as server:
        yield Desk(server)


async def test_a_call_is_told_to_who_wants_to_know(desk: Desk, receiver: Receiver) -> None:
    id, secret = await desk.add(receiver.url)
    therapist, patient = await desk.server.call()
    await patient.says(m.Leave())
    await therapist.says(m.End())
    requests = await receiver.got(8)
    bodies = told(requests)
    assert [each["sequence"] for each in bodies] == list(range(1, len(bodies) + 1))
    assert [(each["type"], each["data"].get("role")) for each in bodies[:5]] == [
        ("session.started", None),
        ("person.joined", "therapist"),
        ("person.joined", "patient"),
        ("person.waiting", "patient"),
        ("person.admitted", "patient"),
    ]
    assert bodies[-1]["type"] == "session.ended"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    for request in requests:
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        assert request.headers["webhook-signature"] == f"v1,{expected}"
        assert b"Alex" not in request.body
        assert b"Blue" not in request.body
    status, log = await desk.ask("GET", f"/{id}/deliveries")
    assert status == 200
    assert {each["state"] for each in log["deliveries"]} <= {"delivered", "sending"}


async def test_an_endpoint_is_looked_after(desk: Desk, receiver: Receiver) -> None:
    assert (await desk.ask("GET", ""))[1]["endpoints"] == []
    id, secret = await desk.add(f"{receiver.url}?who=us", kinds=["session.ended", "session.ended"])
    assert secret.startswith("whsec_")
    status, said = await desk.ask("GET", "")
    (endpoint,) = said["endpoints"]
    assert (endpoint["id"], endpoint["kinds"], endpoint["active"]) == (id, ["session.ended"], True)
    assert secret not in str(said), "it was shown once"
    status, said = await desk.ask("PATCH", f"/{id}", {"kinds": [], "active": False})
    assert (status, said["kinds"], said["active"]) == (200, [], False)
    assert said["url"] == f"{receiver.url}?who=us"
    assert await desk.ask("POST", f"/{id}/test") == (409, {"code": "webhook_off", "error": REFUSALS["webhook_off"]})
    await desk.ask("PATCH", f"/{id}", {"active": True})
    status, said = await desk.ask("POST", f"/{id}/test")
    assert status == 202
    (request,) = await receiver.got(1)
    assert told([request])[0]["id"] == said["event"]
    status, rotated = await desk.ask("POST", f"/{id}/secret", {"overlap_hours": 1})
    assert status == 200
    assert rotated["secret"] != secret
    await desk.ask("POST", f"/{id}/test")
    request = (await receiver.got(2))[1]
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    assert (await desk.ask("DELETE", f"/{id}"))[0] == 204
    assert (await desk.ask("DELETE", f"/{id}"))[1]["code"] == "no_such_webhook"
    assert (await desk.ask("GET", ""))[1]["endpoints"] == []


async def test_what_was_delivered_is_looked_at_and_delivered_again(desk: Desk, receiver: Receiver) -> None:
    id, _ = await desk.add(receiver.url)
    event = (await desk.ask("POST", f"/{id}/test"))[1]["event"]
    await receiver.got(1)

    async def delivered() -> dict[str, Any]:
        while True:
            said = (await desk.ask("GET", f"/{id}/deliveries/{event}"))[1]
            if said["delivery"]["state"] == "delivered":
                return dict(said)

    one = await delivered()
    assert one["body"].encode() == receiver.requests[0].body
    assert [(each["status"], each["error"]) for each in one["attempts"]] == [(200, None)]
    assert one["attempts"][0]["duration_ms"] >= 0
    assert await desk.ask("POST", f"/{id}/replay", {"event": event}) == (202, {"deliveries": 1, "more": False})
    await receiver.got(2)
    assert receiver.requests[0].body == receiver.requests[1].body
    assert len((await delivered())["attempts"]) == 2
    assert (await desk.ask("POST", f"/{id}/replay", {"since": 0.0, "failed_only": True}))[1]["deliveries"] == 0
    assert (await desk.ask("POST", f"/{id}/replay", {"event": "never"}))[1]["code"] == "no_such_delivery"
    assert (await desk.ask("POST", f"/{id}/replay", {}))[1]["code"] == "bad_request"
    assert (await desk.ask("GET", f"/{id}/deliveries?state=failed"))[1] == {"deliveries": [], "next": None}
    assert (await desk.ask("GET", f"/{id}/deliveries?state=lost"))[1]["code"] == "bad_request"
    assert (await desk.ask("GET", f"/{id}/deliveries/never"))[1]["code"] == "no_such_delivery"
    assert (await desk.ask("GET", "/never/deliveries"))[1]["code"] == "no_such_webhook"


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "https://169.254.169.254/", "gopher://x/", "https://a b/"])
async def test_addresses_that_lead_astray_are_refused(desk: Desk, url: str) -> None:
    status, said = await desk.ask("POST", "", {"url": url})
    assert (status, said["code"]) == (400, "bad_webhook")


async def test_without_the_setting_nothing_inside_is_called(tmp_path: Path, receiver: Receiver) -> None:
    async with a_server(tmp_path) as server:
        desk = Desk(server)
        for url in (receiver.url, f"https://127.0.0.1:{receiver.port}/", "https://[::1]/", "https://10.0.0.1/"):
            assert (await desk.ask("POST", "", {"url": url}))[1]["code"] == "bad_webhook"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 5},
        {"url": "https://example.org/", "kinds": ["session.paused"]},
        {"url": "https://example.org/", "secret": "mine"},
        {"url": "https://example.org/" + "a" * 2000},
        {"url": "https://example.org/", "kinds": ["session.ended"] * 100},
    ],
)
async def test_what_is_not_understood_is_refused(desk: Desk, body: Any) -> None:
    assert (await desk.ask("POST", "", body))[1]["code"] == "bad_request"


@pytest.mark.parametrize(
    "body",
    [
        '{"since": 1e300}',
        '{"since": NaN}',
        '{"since": -1.0}',
        '{"event": "a\\u0000b"}',
        '{"event": "\\ud800"}',
        "[]",
        "",
    ],
)
async def test_a_replay_that_is_not_understood_is_refused(desk: Desk, receiver: Receiver, body: str) -> None:
    id, _ = await desk.add(receiver.url)
    url = f"{desk.server.url}/api/webhooks/{id}/replay"
    headers = KEY | {"Content-Type": "application/json"}
    async with desk.server.http.post(url, data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request")


async def test_an_id_that_no_database_takes_is_no_endpoint(desk: Desk) -> None:
    for id in ("%00", "a" * 300, "%ED%A0%80", "..%2F..%2Fetc", "'%20OR%201=1--"):
        for path in (f"/{id}/deliveries", f"/{id}/deliveries/{id}"):
            status, said = await desk.ask("GET", path)
            assert status == 404, said


async def test_nobody_else_looks_after_them(desk: Desk, receiver: Receiver) -> None:
    id, _ = await desk.add(receiver.url)
    asked = [
        ("GET", ""),
        ("POST", ""),
        ("PATCH", f"/{id}"),
        ("DELETE", f"/{id}"),
        ("POST", f"/{id}/secret"),
        ("POST", f"/{id}/test"),
        ("GET", f"/{id}/deliveries"),
        ("GET", f"/{id}/deliveries/x"),
        ("POST", f"/{id}/replay"),
    ]
    for method, path in asked:
        for authorization in ("", "Bearer wrong", f"Bearer {desk.server.token('therapist')}"):
            status, said = await desk.ask(method, path, {}, Authorization=authorization)
            assert status in (401, 429), (method, path, said)


async def test_messages_about_an_appointment_are_for_who_may_read_those(desk: Desk) -> None:
    url = f"{desk.server.url}/api/messages"
    async with desk.server.http.get(url, params={"about": "appointment-1"}, headers=KEY) as answer:
        assert (answer.status, await answer.json()) == (200, {"messages": []})
    async with desk.server.http.get(url, headers=KEY) as answer:
        assert (await answer.json())["code"] == "bad_request"
    async with desk.server.http.get(url, params={"about": "appointment-1"}) as answer:
        assert answer.status == 401
