"""What people are written to: what is so now, once each, and nothing that is not so any more."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from clinic import Database
from signaling.appointments.told import Contact, Invited, What
from signaling.outbox.letters import Letter
from signaling.outbox.notices import Ways
from signaling.outbox.wording import Said
from signaling.sealed_columns import SealedColumns
from tests.signaling.outbox.letters import START, appointment, invited
from tests.signaling.outbox.mail_server import MailServerForTests
from tests.signaling.outbox.sending import Office


class Nowhere:
    async def send(self, letter: Letter, said: Said) -> None:
        raise AssertionError("nothing is sent here")


@pytest.fixture
async def office(database: Database, seals: SealedColumns) -> Office:
    return Office(database, seals, Nowhere())


async def test_an_appointment_is_told_of_and_reminded_of(office: Office) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    kept = await office.kept()
    assert [(each.kind, each.next_at) for each in sorted(kept, key=lambda each: each.next_at)] == [
        ("invitation", office.now),
        ("reminder", START - 1440 * 60),
        ("reminder", START - 60 * 60),
    ]
    assert {each.guest for each in kept} == {"guest-1"}
    await office.notices.changed("made", appointment(), [invited("guest-2")])
    assert len(await office.kept()) == 6, "somebody is added, and nobody else told again"


async def test_nobody_is_reminded_of_what_they_have_just_been_told(office: Office) -> None:
    office.now = START - 65 * 60
    await office.notices.changed("made", appointment(), [invited()])
    assert await office.messages() == [("invitation", "mail", "waiting")]


async def test_what_is_over_is_told_to_nobody(office: Office) -> None:
    await office.notices.changed("made", appointment(starts_at=office.now - 3600, minutes=50), [invited()])
    assert await office.messages() == []


async def test_a_moved_appointment_takes_back_what_was_not_sent(
    database: Database, seals: SealedColumns, mail_server: MailServerForTests
) -> None:
    office = Office(database, seals, mail_server)
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    later = appointment(starts_at=START + 7200, revision=1)
    await office.notices.changed("moved", later, [invited()])
    waiting = sorted((each.kind, each.next_at) for each in await office.kept() if each.state.value == "waiting")
    assert waiting == [
        ("moved", office.now),
        ("reminder", START + 7200 - 1440 * 60),
        ("reminder", START + 7200 - 60 * 60),
    ]
    await office.look(START - 1440 * 60 - office.now)
    await office.look(7200)
    subjects = [str(got.mail["Subject"]) for got in mail_server.received]
    assert [subject.partition(" with ")[0] for subject in subjects] == [
        "Your appointment",
        "Your appointment",
        "Reminder of your appointment",
    ]


async def test_whoever_never_heard_of_an_appointment_is_invited_to_where_it_was_moved(office: Office) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    await office.notices.changed("moved", appointment(revision=1), [invited()])
    assert [kind for kind, _, state in await office.messages() if state == "waiting"].count("invitation") == 1


async def test_whoever_never_heard_of_an_appointment_is_not_told_that_it_was_cancelled(office: Office) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    await office.notices.changed("cancelled", appointment(revision=1), [invited()])
    assert {state for _, _, state in await office.messages()} == {"suppressed"}


async def test_a_cancelled_appointment_is_not_reminded_of(
    database: Database, seals: SealedColumns, mail_server: MailServerForTests
) -> None:
    office = Office(database, seals, mail_server)
    await office.notices.changed("made", appointment(), [invited(), invited("guest-2")])
    await office.look()
    await office.notices.changed("cancelled", appointment(revision=1), [invited("guest-2")])  # only they are left out
    while office.now < START:
        await office.look(3600)
    told = [(got.recipients[0], str(got.mail["Subject"]).split(" ")[0]) for got in mail_server.received]
    assert sorted(told) == [
        ("guest-1@example.org", "Reminder"),
        ("guest-1@example.org", "Reminder"),
        ("guest-1@example.org", "Your"),
        ("guest-2@example.org", "Your"),
        ("guest-2@example.org", "Your"),
    ]
    assert "/visit#" not in mail_server.received[2].text, "a link that opens nothing is not told again"


async def test_a_new_link_is_told_again(office: Office) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    await office.notices.changed("made", appointment(), [invited(link="link-2")])
    assert sorted(state for kind, _, state in await office.messages() if kind == "invitation") == [
        "suppressed",
        "waiting",
    ]


@pytest.mark.parametrize("what", ["made", "moved", "cancelled"])
async def test_everyone_is_told_once_however_often_it_is_said(
    database: Database, seals: SealedColumns, mail_server: MailServerForTests, what: What
) -> None:
    office = Office(database, seals, mail_server)
    await office.notices.changed("made", appointment(), [invited()])
    await office.look()
    for revision in (1, 1, 1):
        await office.notices.changed(what, appointment(revision=revision), [invited()])
    assert await office.look() == 1
    await office.notices.changed(what, appointment(revision=1), [invited()])
    assert await office.look() == 0
    assert len(mail_server.received) == 2


async def test_what_is_said_again_before_it_was_sent_is_still_sent(office: Office) -> None:
    await office.notices.changed("made", appointment(), [invited()])
    for _ in range(3):
        await office.notices.changed("moved", appointment(revision=1), [invited()])
    waiting = [kind for kind, _, state in await office.messages() if state == "waiting"]
    assert sorted(waiting) == ["invitation", "reminder", "reminder"]


@pytest.mark.parametrize(
    ("ways", "contact", "channels"),
    [
        (Ways(mail=True, sms=True), Contact(email="a@example.org", phone="+1555"), ["mail"]),
        (Ways(mail=True, sms=True, both=True), Contact(email="a@example.org", phone="+1555"), ["mail", "sms"]),
        (Ways(mail=True, sms=True), Contact(phone="+1555"), ["sms"]),
        (Ways(mail=False, sms=True), Contact(email="a@example.org", phone="+1555"), ["sms"]),
        (Ways(mail=True, sms=False), Contact(phone="+1555"), []),
        (Ways(mail=False, sms=False), Contact(email="a@example.org", phone="+1555"), []),
        (Ways(mail=True, sms=True), Contact(name="Alex"), []),
    ],
)
async def test_who_is_reached_how(
    database: Database, seals: SealedColumns, ways: Ways, contact: Contact, channels: list[str]
) -> None:
    office = Office(database, seals, Nowhere(), ways)
    someone = invited()
    await office.notices.changed("made", appointment(), [Invited(someone.guest, contact, someone.link, someone.url)])
    assert [channel for _, channel, _ in await office.messages()] == channels


async def test_whoever_gets_their_link_from_the_clinic_is_not_written_to(office: Office) -> None:
    someone = invited()
    await office.notices.changed("made", appointment(), [Invited(someone.guest, someone.contact, None, None)])
    assert await office.messages() == []


async def test_what_is_kept_can_be_read_by_nobody_else(office: Office, database: Database) -> None:
    await office.notices.changed("made", appointment(), [invited(phone="+15550199", name="Alex Blue")])
    for message in await office.kept():
        text = repr(vars(message)).encode() + (message.to_sealed or b"") + (message.content_sealed or b"")
        for secret in (b"example.org", b"15550199", b"Alex", b"/visit"):
            assert secret not in text


async def test_staff_are_invited_and_an_older_invitation_is_taken_back(
    database: Database, seals: SealedColumns, mail_server: MailServerForTests
) -> None:
    office = Office(database, seals, mail_server)
    over = office.now + 86_400
    for number in (1, 2):
        url = SecretStr(f"https://video.example.org/staff#invitation={number}")
        assert await office.notices.invite_staff("account-1", Contact(email="blue@example.org"), url, over) == 1
    await office.look()
    (got,) = mail_server.received
    assert "/staff#invitation=2" in got.text
    assert got.calendar() is None


async def test_an_alert_says_that_there_is_one_and_nothing_else(
    database: Database, seals: SealedColumns, mail_server: MailServerForTests
) -> None:
    office = Office(database, seals, mail_server)
    people = [Contact(email="it@example.org"), Contact(email="office@example.org")]
    assert await office.notices.alert("alert-1", people, "https://video.example.org/staff") == 2
    await office.look()
    assert len(mail_server.received) == 2
    assert "https://video.example.org/staff" in mail_server.received[0].text
