"""Sending: once in the ordinary case, again where it may work, given up where it will not, never lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinic import Database, Unavailable
from clinic.messages.records import Message, MessageState
from signaling.outbox.letters import Letter
from signaling.outbox.sender import LEASE, LONGEST_REST, rest
from signaling.outbox.sending import LONGEST_SEND, FailedForGood, FailedNow
from signaling.outbox.wording import Said
from signaling.sealed_columns import SealedColumns
from tests.signaling.outbox.letters import START, appointment, invited
from tests.signaling.outbox.mail_server import MailServerForTests
from tests.signaling.outbox.sending import Office

FIRST = rest(1, 0.5)


@pytest.fixture
async def office(database: Database, seals: SealedColumns, mail_server: MailServerForTests) -> Office:
    return Office(database, seals, mail_server)


async def test_an_invitation_is_sent_once_and_said_in_the_audit_log(
    office: Office, mail_server: MailServerForTests
) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    assert await office.look() == 1
    assert await office.look() == 0
    (got,) = mail_server.received
    assert got.recipients == ["guest-1@example.org"]
    (event,) = office.events
    assert (event.kind, event.patient, event.subject) == ("message.send", "patient of guest-1", "appointment-1")
    assert dict(event.details) == {"what": "invitation", "channel": "mail", "message": "message-1", "attempts": 1}
    assert "example.org" not in repr(event), "who was written to is the clinic's business, not the log's"
    text = office.metrics.text().decode()
    assert 'therabook_messages_total{channel="mail",outcome="sent"} 1.0' in text
    assert 'therabook_messages_waiting{channel="mail"} 2.0' in text
    assert "example" not in text


async def test_a_greylisted_message_is_sent_later(office: Office, mail_server: MailServerForTests) -> None:
    mail_server.answers = ["450 4.2.0 come back", "450 4.2.0 not yet"]
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    assert await office.look(FIRST - 1) == 0
    assert await office.look(1) == 1
    assert mail_server.received == []
    (invitation, *_) = await office.kept()
    assert (invitation.state, invitation.error, invitation.attempts) == (MessageState.WAITING, "recipient 450", 2)
    assert await office.look(rest(2, 0.5)) == 1
    assert len(mail_server.received) == 1
    assert office.told() == ["message.send"]
    assert office.events[0].details["attempts"] == 3


async def test_a_message_to_nobody_is_given_up_at_once(office: Office, mail_server: MailServerForTests) -> None:
    mail_server.answers = ["550 5.1.1 no such user guest-1@example.org"]
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    assert await office.look(3600) == 0
    (invitation, *_) = await office.kept()
    assert (invitation.state, invitation.error, invitation.to_sealed) == (MessageState.FAILED, "recipient 550", None)
    (event,) = office.events
    assert (event.kind, event.details["code"]) == ("message.fail", "recipient 550")
    assert "example.org" not in repr(event)


async def test_a_server_that_dies_in_the_middle_gets_the_same_mail_again(
    office: Office, mail_server: MailServerForTests
) -> None:
    """It may have it, or not: twice is a nuisance, never is a patient who does not come."""
    mail_server.after = ["die"]
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    await office.look(FIRST)
    first, second = mail_server.received
    assert first.raw == second.raw
    assert office.told() == ["message.send"]


async def test_what_is_of_no_use_any_more_is_not_sent(office: Office, mail_server: MailServerForTests) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    await office.look(START - office.now)
    states = {(each.kind, each.next_at, each.error) for each in await office.kept() if each.done_at is not None}
    assert {error for kind, _, error in states if kind == "reminder"} == {"too late"}
    assert [str(got.mail["Subject"]) for got in mail_server.received] == ["Your appointment with House by the Lake"]


async def test_a_reminder_that_cannot_be_sent_in_time_is_given_up(
    office: Office, mail_server: MailServerForTests
) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    await office.look(START - 1440 * 60 - office.now)
    mail_server.answers = ["450 later"] * 20
    office.now = START - 3600
    while office.now < START:
        await office.look(600)
    assert (await office.messages())[-1] == ("reminder", "mail", "failed")
    assert office.told() == ["message.send", "message.send", "message.fail"]


async def test_two_servers_send_nothing_twice(
    database: Database, other: Database, seals: SealedColumns, mail_server: MailServerForTests
) -> None:
    one, two = Office(database, seals, mail_server), Office(other, seals, mail_server)
    for number in range(12):
        await one.notices.changed("made", appointment(f"a{number}"), [invited(appointment=f"a{number}")])
    await asyncio.gather(one.look(), two.look())
    while await one.look():
        pass
    ids = [got.mail["Message-ID"] for got in mail_server.received]
    assert len(ids) == len(set(ids)) == 12


class Slow:
    """Somebody who takes their time, and counts how many wait."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.go = asyncio.Event()
        self.full = asyncio.Event()

    async def send(self, letter: Letter, said: Said) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        if self.now == 3:
            self.full.set()
        await self.go.wait()
        self.now -= 1


async def test_no_more_are_sent_at_once_than_the_provider_takes(database: Database, seals: SealedColumns) -> None:
    slow = Slow()
    office = Office(database, seals, slow, at_once=3)
    people = [invited(f"guest-{number}") for number in range(8)]
    await office.notices.changed("made", appointment(), people)
    looking = asyncio.create_task(office.look())
    await asyncio.wait_for(slow.full.wait(), 10)
    slow.go.set()
    assert await looking == 8
    assert slow.most == 3


async def test_a_server_that_stops_waits_for_what_is_on_its_way(database: Database, seals: SealedColumns) -> None:
    slow = Slow()
    office = Office(database, seals, slow, at_once=3)
    await office.notices.changed("made", appointment(), [invited(f"guest-{number}") for number in range(3)])
    looking = asyncio.create_task(office.sender.run())
    await asyncio.wait_for(slow.full.wait(), 10)
    looking.cancel()
    closing = asyncio.create_task(office.sender.close())
    await asyncio.sleep(0)
    slow.go.set()
    await closing
    assert [state for kind, _, state in await office.messages() if kind == "invitation"] == ["sent"] * 3


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send(self, letter: Letter, said: Said) -> None:
        raise self.error


async def test_a_fault_of_ours_stops_one_message_and_is_tried_again(database: Database, seals: SealedColumns) -> None:
    office = Office(database, seals, Broken(ZeroDivisionError()))
    await office.notices.changed("made", appointment(), [invited(), invited("guest-2")])
    assert await office.look() == 2
    assert {each.error for each in await office.kept() if each.kind == "invitation"} == {"fault"}


async def test_what_another_key_sealed_is_not_sent_and_said(database: Database, seals: SealedColumns) -> None:
    office = Office(database, seals, Broken(FailedNow("never asked")))
    await office.notices.changed("made", appointment(), [invited()])
    (first, *_) = await office.kept()
    await office.outbox.put([_moved_to(first, "message-of-another-row")])
    await office.look()
    assert {(each.id, each.error) for each in await office.kept() if each.kind == "invitation"} == {
        ("message-1", "never asked"),
        ("message-of-another-row", "sealed"),
    }


def _moved_to(message: Message, id: str) -> Message:
    return Message(**{**vars(message), "id": id, "key": id})


async def test_that_it_was_sent_is_kept_as_soon_as_it_can_be(
    office: Office, mail_server: MailServerForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.outbox.sender.INSIST", 0.0)
    keep, away = office.outbox.sent, [True, True]

    async def sent(*arguments: Any) -> bool:
        if away:
            away.pop()
            raise Unavailable("away")
        return await keep(*arguments)

    monkeypatch.setattr(office.outbox, "sent", sent)
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    assert (await office.messages())[0] == ("invitation", "mail", "sent")
    assert len(mail_server.received) == 1


async def test_a_database_that_goes_away_after_the_mail_was_taken_sends_it_twice_at_most(
    office: Office, mail_server: MailServerForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.outbox.sender.INSIST", 0.0)
    await office.notices.changed("made", appointment(), [invited()])
    with monkeypatch.context() as broken:

        async def sent(*_: Any) -> bool:
            office.now += LEASE
            raise Unavailable("away")

        broken.setattr(office.outbox, "sent", sent)
        await office.outbox.claim("sms", office.now, LEASE, 1)
        due = await office.outbox.claim("mail", office.now, LEASE, 1)
        await office.sender._send(due[0])
    await office.look()
    assert [got.raw for got in mail_server.received] == [mail_server.received[0].raw] * 2
    assert (await office.messages())[0] == ("invitation", "mail", "sent")


def test_rests_grow_to_an_end_and_are_not_all_the_same() -> None:
    assert [rest(attempts, 0.5) for attempts in (1, 2, 3)] == [30.0, 60.0, 120.0]
    assert rest(500, 0.5) == LONGEST_REST
    assert rest(3, 0.0) < rest(3, 0.999)
    assert LEASE > LONGEST_SEND, "or two would send the same"
    assert issubclass(FailedForGood, Exception)
