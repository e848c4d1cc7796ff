"""What is told of a call: ids and words of ours, in the order in which it happened."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import ClinicError, Database, Unavailable
from clinic.audit.events import KINDS as AUDIT_KINDS
from clinic.audit.events import Event
from signaling.webhooks import feed as feed_module
from signaling.webhooks.kinds import ALL, FROM_AUDIT, KINDS
from tests.signaling.outbox.letters import START, appointment, invited
from tests.signaling.receiver import Receiver
from tests.signaling.webhooks.delivering import Office, told
from tests.sources import ROOT


def test_every_kind_is_explained_and_every_source_exists() -> None:
    assert tuple(KINDS) == ALL
    assert set(FROM_AUDIT) <= set(AUDIT_KINDS)
    assert set(FROM_AUDIT.values()) <= set(ALL)


async def the_call(office: Office) -> None:
    office.hears("call.join", role="therapist")
    office.hears("call.join", role="patient")
    office.hears("call.wait", role="patient")
    office.hears("call.admit", role="patient", subject="patient-1")
    office.hears("consent.ask", subject="recording-1")
    office.hears("consent.give", subject="recording-1", role="patient", rule="all", text="2026-1")
    office.hears("record.start", subject="recording-1")
    office.hears("record.stop", subject="recording-1", why="stopped")
    office.hears("call.end", why="ended")
    office.hears("call.leave", role="patient", why="ended")
    office.hears("call.leave", role="therapist", why="ended")
    office.hears("recording.delete", subject="recording-1")


async def test_a_call_is_told_from_its_beginning_to_its_end(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    await the_call(office)
    await office.settle()
    bodies = told(receiver.requests)
    assert [(each["sequence"], each["type"], each["data"]) for each in bodies] == [
        (1, "session.started", {}),
        (2, "person.joined", {"role": "therapist"}),
        (3, "person.joined", {"role": "patient"}),
        (4, "person.waiting", {"role": "patient"}),
        (5, "person.admitted", {"role": "patient"}),
        (6, "consent.asked", {"recording": "recording-1"}),
        (7, "consent.given", {"recording": "recording-1", "role": "patient"}),
        (8, "recording.started", {"recording": "recording-1"}),
        (9, "recording.finished", {"recording": "recording-1", "why": "stopped"}),
        (10, "person.left", {"role": "patient", "why": "ended"}),
        (11, "person.left", {"role": "therapist", "why": "ended"}),
        (12, "session.ended", {"why": "ended"}),
        (13, "recording.deleted", {"recording": "recording-1"}),
    ]
    assert {each["session"] for each in bodies} == {"session-1"}
    assert {each["timestamp"] for each in bodies} == {"2026-05-28T20:26:40.000+00:00"}
    assert all(set(each) == {"id", "type", "timestamp", "session", "sequence", "data"} for each in bodies)


async def test_a_session_that_everybody_leaves_is_over_and_can_begin_again(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url, kinds=("session.started", "session.ended"))
    for _ in range(2):
        office.hears("call.join", role="therapist")
        office.hears("call.join", role="patient")
        office.hears("call.decline", role="patient", subject="patient-1")
        office.hears("call.leave", role="therapist", why="left")
    await office.settle()
    assert [(each["type"], each["sequence"]) for each in told(receiver.requests)] == [
        ("session.started", 1),
        ("session.ended", 2),
        ("session.started", 3),
        ("session.ended", 4),
    ]


async def test_who_was_not_let_in_or_was_removed_has_left_with_a_reason(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url, kinds=("person.left",))
    for kind in ("call.decline", "call.remove"):
        office.hears("call.join", role="patient")
        office.hears(kind, role="patient")
    await office.settle()
    assert [each["data"]["why"] for each in told(receiver.requests)] == ["declined", "removed"]


async def test_nothing_else_of_the_audit_log_is_told(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    for kind in sorted(set(AUDIT_KINDS) - set(FROM_AUDIT) - {"call.end"}):
        office.hears(kind, subject="x", role="administrator", reason="Alex Blue")
    office.feed.hear(Event("recording.delete", office.now, "operator", "shell", None, None, "r1"))
    await office.settle()
    assert receiver.requests == []


async def test_an_appointment_is_told_with_its_change_or_not_at_all(
    office: Office, receiver: Receiver, database: Database
) -> None:
    await office.endpoint(receiver.url)
    booked = appointment(external_id="booking-7", revision=2)

    async def comes_to_nothing() -> None:
        async with database.together():
            await office.feed.changed("made", booked, [invited()])
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError):
        await comes_to_nothing()
    async with database.together():
        await office.feed.changed("moved", booked, [invited()])
    await office.settle()
    (body,) = told(receiver.requests)
    assert (body["type"], body["session"], body["sequence"]) == ("appointment.moved", booked.session, 1)
    assert body["data"] == {
        "appointment": "appointment-1",
        "external": "booking-7",
        "minutes": 50,
        "revision": 2,
        "starts_at": START,
    }


async def test_a_call_goes_on_while_the_database_is_away_and_is_told_afterwards(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.endpoint(receiver.url)
    with monkeypatch.context() as broken:

        async def add(*_: Any) -> int:
            raise Unavailable("away")

        broken.setattr(office.store, "add", add)
        await the_call(office)
        assert not await office.feed.flush()
    await office.settle()
    assert [each["sequence"] for each in told(receiver.requests)] == list(range(1, 14))
    assert issubclass(Unavailable, ClinicError)


async def test_memory_is_bounded_while_the_database_is_away(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "BACKLOG", 3)
    await office.endpoint(receiver.url)
    await the_call(office)
    await office.settle()
    assert [each["sequence"] for each in told(receiver.requests)] == [1, 2, 3]
    office.hears("call.join", role="therapist")
    await office.settle()
    assert len(receiver.requests) >= 4


async def test_where_nobody_is_told_nothing_is_kept(office: Office) -> None:
    await the_call(office)
    await office.settle()
    assert await office.store.waiting() == 0


def test_the_document_tells_of_every_kind() -> None:
    text = (ROOT / "docs/webhooks.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    assert {kind: (says, data) for kind, says, data, _ in rows} == {
        f"`{kind}`": (says, data) for kind, (says, data) in KINDS.items()
    }
