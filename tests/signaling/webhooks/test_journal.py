"""What a crash leaves is told at the next start: what waited, in its order, and that what was going on has ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clinic import Database, Unavailable
from clinic.webhooks.records import WebhookEvent
from signaling.spool import Spool
from signaling.webhooks import journal as journal_module
from signaling.webhooks.journal import Going, Journal
from tests.signaling.receiver import Receiver
from tests.signaling.webhooks.delivering import NOW, Office, told


def event(number: int, kind: str = "person.waiting", **data: Any) -> WebhookEvent:
    return WebhookEvent(f"event-{number}", kind, "session-1", NOW + number / 7, data)


async def left(file: Path) -> tuple[list[WebhookEvent], Going]:
    journal = Journal(Spool(file))
    try:
        return journal.read()
    finally:
        await journal.close()


def size_of(file: Path) -> int:
    return file.stat().st_size


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waiting"


async def test_an_event_comes_back_as_it_was(file: Path) -> None:
    journal = Journal(Spool(file))
    journal.read()
    events = [
        event(1, "appointment.missed", appointment="a-1"),
        event(2, "usage.ready", appointment=None),
        event(3, "person.left", role="patient", why='"\n\u2028ü', count=1, part=0.5, yes=True),
        event(4),
    ]
    for each in events:
        journal.waits(each)
    await journal.close()
    found, _ = await left(file)
    assert found == events
    assert [type(each) for each in found[2].data.values()] == [str, str, int, float, bool]


async def test_what_is_kept_with_all_before_it_waits_no_more(file: Path) -> None:
    journal = Journal(Spool(file))
    journal.read()
    journal.waits(event(1))
    journal.waits(event(2))
    journal.waits(event(3))
    journal.kept(event(2))
    journal.kept(event(99))
    await journal.close()
    assert (await left(file))[0] == [event(3)]


async def test_torn_and_foreign_lines_are_passed_over(file: Path) -> None:
    journal = Journal(Spool(file))
    journal.read()
    journal.waits(event(1))
    await journal.close()
    with file.open("ab") as end:
        end.write(b'{"event":{"id":"event-2","ki\n\0\0\0\n[]\n{"event":{"id":7}}\n{"kept":[]}\n{"other":1}\n')
    assert (await left(file))[0] == [event(1)]


async def test_the_file_does_not_grow_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "LARGE", 10_000)
    spool = Spool(file)
    journal = Journal(spool)
    journal.read()
    going = Going()
    began = event(0, "recording.started", recording="recording-1")
    going.hear(began)
    journal.waits(began)
    for number in range(1, 3000):
        journal.waits(event(number))
        journal.kept(event(number))
        journal.look([], going)
    await journal.close()
    journal = Journal(Spool(file))
    journal.read()
    journal.begin_anew([], going)
    await journal.close()
    assert size_of(file) < 200
    assert await left(file) == ([], Going({}, {"recording-1": "session-1"}))


async def crashed(office: Office) -> None:
    """What it heard is in its file, and nothing more of it is done."""
    await office.journal.close()
    await office.deliverer.close()
    await office.outward.close()


async def test_what_waited_when_the_service_crashed_is_told_by_the_next_in_order_and_once(
    database: Database, other: Database, file: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Office(database, file)
    await one.endpoint(receiver.url)
    one.hears("call.join", role="therapist")
    await one.settle()
    add = one.store.add

    async def kept_and_crashed(*given: Any) -> int:
        await add(*given)
        raise Unavailable("it was kept, and nobody was told")

    monkeypatch.setattr(one.store, "add", kept_and_crashed)
    one.hears("call.join", role="patient")
    assert not await one.feed.flush()
    one.hears("call.wait", role="patient")
    await crashed(one)

    two = Office(other, file, first=101)
    await two.settle()
    assert [(each["sequence"], each["type"], each["data"]) for each in told(receiver.requests)] == [
        (1, "session.started", {}),
        (2, "person.joined", {"role": "therapist"}),
        (3, "person.joined", {"role": "patient"}),
        (4, "person.waiting", {"role": "patient"}),
        (5, "person.left", {"role": "therapist", "why": "restart"}),
        (6, "person.left", {"role": "patient", "why": "restart"}),
        (7, "session.ended", {"why": "restart"}),
    ]
    two.hears("call.join", role="therapist", why="returned")
    await two.settle()
    assert [each["type"] for each in told(receiver.requests)[7:]] == ["session.started", "person.joined"]
    await two.close()
    three = Office(other, file, first=201)
    await three.settle()
    assert [each["type"] for each in told(receiver.requests)[9:]] == ["person.left", "session.ended"]
    await three.close()
    four = Office(other, file, first=301)
    await four.settle()
    assert len(receiver.requests) == 11, "what has ended ends once"
    await four.close()


async def test_a_recording_that_a_crash_has_ended_is_told_as_finished(
    database: Database, file: Path, receiver: Receiver
) -> None:
    one = Office(database, file)
    await one.endpoint(receiver.url, kinds=("recording.started", "recording.finished", "session.ended"))
    one.hears("call.join", role="therapist")
    one.hears("record.start", subject="recording-1")
    one.hears("record.stop", subject="recording-1", why="stopped")
    one.hears("record.start", subject="recording-2")
    await crashed(one)
    two = Office(database, file, first=101)
    await two.settle()
    assert [(each["sequence"], each["type"], each["data"]) for each in told(receiver.requests)] == [
        (1, "recording.started", {"recording": "recording-1"}),
        (2, "recording.finished", {"recording": "recording-1", "why": "stopped"}),
        (3, "recording.started", {"recording": "recording-2"}),
        (4, "recording.finished", {"recording": "recording-2", "why": "restart"}),
        (5, "session.ended", {"why": "restart"}),
    ]
    await two.close()


async def test_a_crash_between_the_last_one_leaving_and_the_end_is_an_end(
    database: Database, file: Path, receiver: Receiver
) -> None:
    one = Office(database, file)
    await one.endpoint(receiver.url, kinds=("session.ended",))
    one.feed.tell("person.joined", "session-1", role="therapist")
    one.feed.tell("person.left", "session-1", role="therapist", why="left")
    await crashed(one)
    two = Office(database, file, first=101)
    await two.settle()
    assert [(each["type"], each["data"]) for each in told(receiver.requests)] == [("session.ended", {"why": "restart"})]
    await two.close()
