"""What happens with appointments, links, check-ins and notes stands in the audit log, and names nobody."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from tests.signaling.accounts.staff import a_member, a_practice
from tests.signaling.appointments.office import Device, Office, link_in


def events(folder: Path) -> list[tuple[Any, ...]]:
    with sqlite3.connect(folder / "data" / "audit.db") as log:
        return log.execute("SELECT kind, actor_kind, actor, patient, subject, body FROM audit_event").fetchall()


async def test_each_thing_is_written_with_whose_it_is(tmp_path: Path) -> None:
    async with a_practice(tmp_path, visits_per_minute=1000) as (server, admin):
        office, therapist = Office(server), await a_member(admin, "therapist")
        booked = await office.books(therapist=therapist.id, guests=[{"relation": "guardian", "name": "Robin Doe"}])
        appointment = booked["appointments"][0]
        path = f"/appointments/{appointment['id']}"
        async with Device(server) as device, Device(server) as other:
            await device.asks("open", "A" * 43)
            await device.checks_in(link_in(booked))
            await device.token(link_in(booked))
            await other.opens(link_in(booked))
        for method, rest, body in (
            ("GET", "/checkin", None),
            ("POST", "/join", None),
            ("POST", "/notes", {"content": "She slept better."}),
            ("GET", "/notes", None),
            ("PATCH", "", {"revision": 0, "minutes": 45}),
            ("POST", "/cancel", {"revision": 1}),
        ):
            answer = await therapist.ask(method, path + rest, body, root="/api")
            assert answer.status in (200, 201), answer.text
    written = events(tmp_path)
    of_patient = [(kind, actor) for kind, _, actor, patient, _, _ in written if patient == "p-1"]
    key, patient, doctor = "settings", "p-1", therapist.id
    for expected in (
        ("appointment.create", key),
        ("link.issue", key),
        ("link.open", patient),
        ("checkin.give", patient),
        ("token.issue", patient),
        ("link.refuse", patient),
        ("checkin.view", doctor),
        ("token.issue", doctor),
        ("note.write", doctor),
        ("note.view", doctor),
        ("appointment.change", doctor),
        ("appointment.cancel", doctor),
    ):
        assert expected in of_patient, expected
    assert ("link.refuse", "link", "unknown") in [each[:3] for each in written]
    everything = "\n".join(str(each) for each in written)
    for private in ("Alex", "Robin", " Doe", "example.org", "503 555", "Salem", "slept", "Blue", link_in(booked)):
        assert private not in everything
