"""From the API to the mailbox: an appointment is booked, moved and cancelled on a whole server with a mail server."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.signaling.outbox.mail_server import MailServerForTests, Received, settings_for
from tests.signaling.receiver import a_receiver
from tests.signaling.server import API_KEY, Server, a_server
from tests.signaling.webhooks.delivering import told
from therabook.settings import BadSettings

KEY = {"Authorization": f"Bearer {API_KEY}"}


async def ask(server: Server, method: str, path: str, body: Any = None) -> Any:
    async with server.http.request(method, server.url + path, json=body, headers=KEY) as answer:
        said = await answer.json()
        assert answer.status < 300, said
        return said


async def mails(server: MailServerForTests, count: int) -> list[Received]:
    async with asyncio.timeout(30):
        while len(server.received) < count:
            await server.come.wait()
            server.come.clear()
            await asyncio.sleep(0)
    return server.received


def settings(mail_server: MailServerForTests, **changes: Any) -> dict[str, Any]:
    return settings_for(mail_server) | {"webhook_private_addresses": True} | changes


async def test_a_patient_hears_of_their_appointment_and_the_booking_system_too(
    tmp_path: Path, mail_server: MailServerForTests
) -> None:
    start = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3)
    async with a_receiver() as receiver, a_server(tmp_path, **settings(mail_server)) as server:
        await ask(server, "POST", "/api/webhooks", {"url": receiver.url})
        patient = {"id": "p-7", "name": "Alex Blue", "email": "alex@example.org", "zone": "Europe/Berlin"}
        asked = {"external_id": "booking-7", "therapist": "dr-1", "start": start.isoformat(), "patients": [patient]}
        booked = (await ask(server, "POST", "/api/appointments", asked))["appointments"][0]
        (invitation,) = await mails(mail_server, 1)
        assert "https://video.clinic.example/visit#" in invitation.text
        assert "(Berlin time)" in invitation.text
        later = (start + datetime.timedelta(hours=2)).isoformat()
        path = f"/api/appointments/{booked['id']}"
        changed = await ask(server, "PATCH", path, {"revision": booked["revision"], "start": later})
        moved = changed["appointments"][0]
        await ask(server, "POST", f"{path}/cancel", {"revision": moved["revision"]})
        received = await mails(mail_server, 2)
        said = (await ask(server, "GET", f"/api/messages?about={booked['id']}"))["messages"]
        assert {each["state"] for each in said if each["kind"] == "reminder"} == {"suppressed"}
        assert all("alex" not in str(each) for each in said)
        for got in received:
            assert got.recipients == ["alex@example.org"]
            assert b"Alex" not in got.raw
            assert b"Blue" not in got.raw
            assert b"dr-1" not in got.raw
        bodies = told(await receiver.got(3))
        assert [(each["type"], each["sequence"]) for each in bodies] == [
            ("appointment.made", 1),
            ("appointment.moved", 2),
            ("appointment.cancelled", 3),
        ]
        assert {each["data"]["external"] for each in bodies} == {"booking-7"}
        assert all(b"Alex" not in request.body for request in receiver.requests)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_url": None}, "public_url"),
        ({"smtp_from": None}, "smtp_from"),
        ({"smtp_from": "Clinic <x@example.org>"}, "smtp_from"),
        ({"smtp_password": None}, "need each other"),
        ({"smtp_host": "mail.example.org", "smtp_security": "off"}, "this machine only"),
        ({"sms": "webhook"}, "sms_url"),
        ({"sms": "webhook", "sms_url": "https://sms.example.org/"}, "sms_secret"),
        ({"sms": "form", "sms_url": "http://93.184.216.34/"}, "https"),
        ({"message_language": "xx"}, "message_language"),
        ({"alert_mail": "nobody"}, "alert_mail"),
    ],
)
async def test_settings_that_do_not_fit_are_refused_at_the_start(
    tmp_path: Path, mail_server: MailServerForTests, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadSettings, match=said):
        async with a_server(tmp_path, **{k: v for k, v in settings(mail_server, **changes).items() if v is not None}):
            pass
