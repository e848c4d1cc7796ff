"""A whole call with a recording, over real sockets, and afterwards the recording: the audit log says what happened,
event by event. And with the log's database taken away: records stay closed, the call goes on, nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic.audit.events import Event
from signaling import messages as m
from tests.clinic.postgres import Postgres, a_postgres
from tests.signaling.audited import written
from tests.signaling.kept import Asker, ask
from tests.signaling.server import API_KEY, Server, a_server
from tests.signaling.test_recorded_call import DOCTOR, PATIENT, a_call, a_clinic, hang_up, phase, start

SESSION = "session-1"
KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """One that may be stopped."""
    with a_postgres() as server:
        yield server


def shown(events: list[Event]) -> list[tuple[str, str, str, str | None]]:
    return [(each.kind, each.actor_kind, each.actor, each.patient) for each in events]


async def test_the_log_says_what_happened_in_a_recorded_call_event_by_event(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server, written(tmp_path) as log:
        began = server.clock.clock.wall()
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        async with a_clinic(tmp_path) as clinic:
            await clinic.films("patient")
        await doctor.client.says(m.Record(action="pause"))
        await phase(patient.client, "paused")
        await doctor.client.says(m.Record(action="resume"))
        await phase(patient.client, "running")
        await doctor.client.says(m.Record(action="stop"))
        async with a_clinic(tmp_path) as clinic:
            recording = (await clinic.only()).recording.id
        await patient.client.says(m.Leave())
        await patient.client.closed()
        await doctor.client.says(m.End())
        await doctor.client.closed()
        await log.until("call.leave", count=2)
        told = await log.events("call.", "consent.", "record.")
        assert shown(told) == [
            ("call.join", "link", "therapist", None),
            ("call.join", "link", "patient", "patient"),
            ("call.wait", "link", "patient", "patient"),
            ("call.admit", "link", "therapist", "patient"),
            ("consent.ask", "link", "therapist", "patient"),
            ("consent.give", "link", "therapist", "patient"),
            ("consent.give", "link", "patient", "patient"),
            ("record.start", "link", "therapist", "patient"),
            ("record.pause", "link", "therapist", "patient"),
            ("record.resume", "link", "therapist", "patient"),
            ("record.stop", "link", "therapist", "patient"),
            ("call.leave", "link", "patient", "patient"),
            ("call.end", "link", "therapist", "patient"),
            ("call.leave", "link", "therapist", "patient"),
        ]
        assert {each.session for each in told} == {SESSION}
        assert {each.subject for each in told if each.kind.startswith(("consent.", "record."))} == {recording}
        assert all(began <= one.at <= other.at for one, other in itertools.pairwise(told))
        wrapped = await log.until("key.use", count=2)
        assert [(each.details["what"], each.subject) for each in wrapped] == [("wrap", recording)] * 2

        await looks_at(server, recording)
        await log.until("access.refuse")
        seen = await log.events("recording.", "token.", "account.", "access.")
        assert [(each.kind, each.actor, each.subject, each.details.get("how")) for each in seen] == [
            ("token.issue", "settings", seen[0].subject, None),
            ("account.sign_in", "user-1", seen[0].subject, "recordings"),
            ("recording.list", "user-1", None, None),
            ("recording.view", "user-1", recording, "looked_at"),
            ("recording.view", "user-1", recording, "played"),
            ("recording.verify", "user-1", recording, "verified"),
            ("recording.export", "user-1", recording, "downloaded_sealed"),
            ("recording.hold", "user-1", recording, "placed"),
            ("recording.hold", "user-1", recording, "released"),
            ("recording.delete", "user-1", recording, None),
            ("access.refuse", "id-of-auditor", None, None),
        ]
        assert {each.session for each in seen if each.subject == recording} == {SESSION}
        opened = [each for each in await log.events("key.use") if each.details["what"] == "open"]
        assert {each.details["of"] for each in opened} == {each.details["of"] for each in wrapped}
        assert {each.subject for each in opened} == {recording}
        await hang_up(doctor, patient)


async def looks_at(server: Server, recording: str) -> None:
    """Everything that can be done with it, once, by somebody with a token that was asked for."""
    issued = await ask(server, "POST", "/token", KEY, {"user_id": "user-1", "role": "administrator"})
    headers = {"Authorization": f"Bearer {issued.json['token']}"}
    assert (await ask(server, "POST", "/sign-in", headers | {"Origin": server.url})).status == 204
    assert (await ask(server, "GET", "", headers)).status == 200
    whole = (await ask(server, "GET", f"/{recording}", headers)).json
    track = whole["tracks"][0]["id"]
    for part in ("bytes=0-99", "bytes=100-199"):
        played = await ask(server, "GET", f"/{recording}/tracks/{track}", headers | {"Range": part})
        assert played.status == 206
    assert (await ask(server, "POST", f"/{recording}/verify", headers)).status == 200
    download = f"/{recording}/tracks/{track}/download"
    assert (await ask(server, "POST", download, headers, {"form": "sealed"})).status == 200
    assert (await ask(server, "POST", f"/{recording}/hold", headers, {"because": "case 7"})).status == 204
    assert (await ask(server, "POST", f"/{recording}/release", headers)).status == 204
    asked = {"reason": "asked for", "confirm": SESSION}
    assert (await ask(server, "POST", f"/{recording}/delete", headers, asked)).status == 200
    refused = await Asker(server, "auditor").posts(f"/{recording}/delete", asked)
    assert refused.code == "not_allowed"


async def test_without_the_log_records_stay_closed_the_call_goes_on_and_nothing_is_lost(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.fresh()
    async with a_server(tmp_path, encryption="preferred", audit_url=url) as server:
        doctor, patient = await a_call(server)
        async with written(tmp_path, url) as log:
            await log.until("call.admit")
        postgres.stop()
        asker = Asker(server, "supervisor")
        assert (await asker.gets("")).code == "audit_unavailable"
        issued = await ask(server, "POST", "/token", KEY, {"user_id": "user-1", "role": "administrator"})
        assert (issued.status, issued.code) == (503, "audit_unavailable")
        # the call goes on, with all that belongs to it: a recording, a newcomer, somebody who leaves
        await asyncio.gather(doctor.sees(PATIENT), patient.sees(DOCTOR))
        await start(doctor, patient)
        await doctor.client.says(m.Record(action="stop"))
        guest = await server.client()
        await guest.joins(server.token("interpreter", limit=3), "Ines")
        await guest.says(m.Leave())
        await guest.closed()
        await patient.client.says(m.Leave())
        await patient.client.closed()
        postgres.start()
        async with written(tmp_path, url) as log:
            await log.until("audit.gap")
            await log.until("call.leave", count=2)
            told = await log.events("call.", "consent.", "record.")
            assert shown(told) == [
                ("call.join", "link", "therapist", None),
                ("call.join", "link", "patient", "patient"),
                ("call.wait", "link", "patient", "patient"),
                ("call.admit", "link", "therapist", "patient"),
                ("consent.ask", "link", "therapist", "patient"),
                ("consent.give", "link", "therapist", "patient"),
                ("consent.give", "link", "patient", "patient"),
                ("record.start", "link", "therapist", "patient"),
                ("record.stop", "link", "therapist", "patient"),
                ("call.join", "link", "interpreter", "patient"),
                ("call.wait", "link", "interpreter", "patient"),
                ("call.leave", "link", "interpreter", "patient"),
                ("call.leave", "link", "patient", "patient"),
            ]
        assert (await asker.gets("")).status == 200
        await hang_up(doctor, patient)


async def test_whoever_is_refused_at_the_door_is_told_of_within_a_limit(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, written(tmp_path) as log:
        await refused_with(server, "rubbish")
        therapist = await server.joined("therapist")
        removed = await server.joined("patient")
        state = await therapist.state(lambda state: state.waiting)
        await therapist.says(m.Remove(person=state.waiting[0].id))
        await removed.closed()
        await refused_with(server, server.token("patient"))
        events = await log.until("call.refuse", count=2)
        assert [(each.actor, each.session, each.patient, each.details["code"]) for each in events] == [
            ("unknown", None, None, "token_invalid"),
            ("patient", SESSION, "patient", "token_revoked"),
        ]
        assert (await log.until("call.remove"))[0].subject == "patient"


async def refused_with(server: Server, token: str) -> None:
    client = await server.client()
    await client.refused(m.Join(token=token, name="Somebody", encrypts=True, microphone=True, camera=True))
    await client.closed()


async def test_tokens_that_are_issued(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server, written(tmp_path) as log:
        async with server.http.post(
            f"{server.url}/api/token", headers=KEY, json={"user_id": "p-7", "role": "patient", "room_id": "room-7"}
        ) as answer:
            assert answer.status == 200
        async with server.http.post(f"{server.url}/api/token", json={}) as answer:
            assert answer.status == 401
        (issued,) = await log.until("token.issue")
        assert (issued.actor_kind, issued.actor, issued.session, issued.patient) == ("key", "settings", "room-7", "p-7")
        (refused,) = await log.until("access.refuse")
        assert (refused.actor, refused.details) == ("unknown", {"code": "unauthorized", "what": "token"})
