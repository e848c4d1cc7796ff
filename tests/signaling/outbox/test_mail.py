"""Mail, with a real mail server: encrypted or not at all, nobody's words in a header, and failures told apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from icalendar import Calendar
from pydantic import SecretStr

from signaling.outbox import mail as mail_module
from signaling.outbox.mail import Mail, compose
from signaling.outbox.sending import FailedForGood, FailedNow
from signaling.outbox.wording import Said
from tests.signaling.outbox.letters import CLINIC, HOST, LINK, NOW, START, letter, server_of, wording
from tests.signaling.outbox.mail_server import USER, MailServerForTests, a_mail_server


async def send(server: MailServerForTests, **changes: object) -> None:
    one = letter()
    await Mail(server_of(server, **changes), HOST).send(one, wording().say(one.kind, one.facts))


async def test_an_invitation_arrives_encrypted_with_its_entry_for_the_calendar(mail_server: MailServerForTests) -> None:
    await send(mail_server)
    (got,) = mail_server.received
    assert (got.encrypted, got.user) == (True, USER)
    assert (got.sender, got.recipients) == ("no-reply@clinic.example", ["alex@example.org"])
    mail = got.mail
    assert mail["Subject"] == f"Your appointment with {CLINIC}"
    assert mail["From"] == f"{CLINIC} <no-reply@clinic.example>"
    assert mail["To"] == "alex@example.org"
    assert mail["Message-ID"] == f"<message-1@{HOST}>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime.timestamp() == NOW
    assert LINK in got.text
    assert {part.get_content_type() for part in mail.walk()} == {
        "multipart/alternative",
        "text/plain",
        "text/calendar",
    }, "no markup, no pictures, nothing that is fetched"


async def test_a_calendar_makes_moves_and_removes_one_and_the_same_entry(mail_server: MailServerForTests) -> None:
    provider, words = Mail(server_of(mail_server), HOST), wording()
    for kind, revision, start in (("invitation", 0, START), ("moved", 1, START + 3600), ("cancelled", 2, START + 3600)):
        one = letter(kind, revision=revision, starts_at=start, link="" if kind == "cancelled" else LINK)
        await provider.send(one, words.say(one.kind, one.facts))
    seen = []
    for got in mail_server.received:
        found = got.calendar()
        assert found is not None
        calendar = Calendar.from_ical(found[0])
        (event,) = calendar.walk("VEVENT")
        assert calendar["METHOD"] == found[1]
        seen.append((str(event["UID"]), found[1], int(event.decoded("SEQUENCE")), event.decoded("DTSTART").timestamp()))
        assert event.decoded("DTEND").timestamp() == event.decoded("DTSTART").timestamp() + 50 * 60
        assert str(event["SUMMARY"]) == f"Appointment with {CLINIC}"
        assert str(event["CLASS"]) == "PRIVATE"
        assert str(event["STATUS"]) == ("CANCELLED" if found[1] == "CANCEL" else "CONFIRMED")
        assert str(event["ORGANIZER"]) == "mailto:no-reply@clinic.example"
        assert str(event["ATTENDEE"]) == "mailto:alex@example.org"
        assert ("URL" in event) == (found[1] == "REQUEST")
        assert not calendar.walk("VALARM"), "reminders are ours"
    uid = f"appointment-1@{HOST}"
    assert seen == [
        (uid, "REQUEST", 0, START),
        (uid, "REQUEST", 1, START + 3600),
        (uid, "CANCEL", 2, START + 3600),
    ]


async def test_reminders_bring_no_entry(mail_server: MailServerForTests) -> None:
    one = letter("reminder")
    await Mail(server_of(mail_server), HOST).send(one, wording().say(one.kind, one.facts))
    assert mail_server.received[0].calendar() is None


@pytest.mark.parametrize(
    "to",
    [
        "alex@example.org\r\nBcc: everybody@example.org",
        "alex@example.org\nSubject: other",
        "alex@example.org, sam@example.org",
        "alex@example.org sam@example.org",
        "Alex <alex@example.org>",
        "alex@example.org>\r\nDATA",
        "alex",
        "@example.org",
        "alex@",
        "",
        "\x00alex@example.org",
        "a" * 250 + "@example.org",
    ],
)
async def test_an_address_is_one_address_and_nothing_else(mail_server: MailServerForTests, to: str) -> None:
    one = letter(to=to)
    with pytest.raises(FailedForGood, match="address"):
        await Mail(server_of(mail_server), HOST).send(one, wording().say(one.kind, one.facts))
    assert mail_server.received == []


@pytest.mark.parametrize("evil", ["x\r\nBcc: everybody@example.org", "x\nBcc: y@example.org", "x\r\n\r\n<b>", "x\x00y"])
def test_no_word_makes_a_header_or_an_end_of_them(mail_server: MailServerForTests, evil: str) -> None:
    said = Said(subject=evil, text=evil, sms=evil, calendar=evil)
    try:
        raw = compose(letter(), said, server_of(mail_server, name=evil), HOST).as_bytes()
    except FailedForGood:
        return
    head = raw.partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nbcc:" not in head
    assert b"<b>" not in head


def test_words_of_a_calendar_cannot_add_a_line_to_it(mail_server: MailServerForTests) -> None:
    evil = "x\r\nATTENDEE:mailto:everybody@example.org\r\nX-A:b"
    mail = compose(letter(), Said("s", "t", "s", evil), server_of(mail_server), HOST)
    (entry,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    (event,) = Calendar.from_ical(entry.get_content()).walk("VEVENT")
    assert str(event["ATTENDEE"]) == "mailto:alex@example.org"
    assert "X-A" not in event


async def test_a_name_with_other_letters_arrives_as_it_is(mail_server: MailServerForTests) -> None:
    one = letter()
    said = wording(clinic="Haus am See – Köln ❤").say(one.kind, one.facts)
    await Mail(server_of(mail_server, name="Haus am See – Köln ❤"), HOST).send(one, said)
    assert mail_server.received[0].mail["Subject"] == "Your appointment with Haus am See – Köln ❤"
    assert "Köln" in mail_server.received[0].text


@pytest.mark.parametrize(
    ("answer", "failure", "code"),
    [
        ("450 4.2.0 greylisted, come back later", FailedNow, "recipient 450"),
        ("421 4.3.2 going down", FailedNow, "421"),
        ("550 5.1.1 no such user <alex@example.org>", FailedForGood, "recipient 550"),
        ("553 5.1.3 bad address", FailedForGood, "recipient 553"),
    ],
)
async def test_what_may_pass_is_told_from_what_will_not(
    mail_server: MailServerForTests, answer: str, failure: type[Exception], code: str
) -> None:
    mail_server.answers = [answer]
    with pytest.raises(failure) as failed:
        await send(mail_server)
    assert code in str(failed.value)
    assert "alex" not in repr(failed.value) + str(failed.value.__cause__), "what another server says is not repeated"


@pytest.mark.parametrize(
    ("answer", "failure"),
    [("452 4.3.1 full", FailedNow), ("554 5.7.1 spam", FailedForGood), ("552 5.3.4 too big", FailedForGood)],
)
async def test_a_mail_that_is_refused_when_it_was_read(
    mail_server: MailServerForTests, answer: str, failure: type[Exception]
) -> None:
    mail_server.after = [answer]
    with pytest.raises(failure, match=f"content {answer[:3]}"):
        await send(mail_server)


async def test_a_server_that_dies_in_the_middle_may_have_it_and_is_asked_again(mail_server: MailServerForTests) -> None:
    mail_server.after = ["die"]
    with pytest.raises(FailedNow):
        await send(mail_server)
    await send(mail_server)
    assert {got.mail["Message-ID"] for got in mail_server.received} == {f"<message-1@{HOST}>"}
    assert len(mail_server.received) == 2
    assert mail_server.received[0].raw == mail_server.received[1].raw, "the same mail to the byte"


async def test_a_wrong_password_is_ours_to_mend(mail_server: MailServerForTests) -> None:
    with pytest.raises(FailedNow, match="login"):
        await send(mail_server, password=SecretStr("wrong"))
    assert "wrong" not in repr(server_of(mail_server, password=SecretStr("wrong")))


async def test_nothing_is_said_to_a_server_that_does_not_encrypt(tmp_path: Path) -> None:
    async with a_mail_server(tmp_path, "none") as server:
        with pytest.raises(FailedNow, match="not supported"):
            await send(server)
        assert (server.received, server.tried) == ([], [])
        await send(server, security="off", user=None, password=None)
        assert [got.encrypted for got in server.received] == [False]


async def test_a_certificate_of_a_stranger_is_not_believed(mail_server: MailServerForTests) -> None:
    with pytest.raises(FailedNow):
        await send(mail_server, trust=None)
    assert (mail_server.received, mail_server.tried) == ([], [])


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    async with a_mail_server(tmp_path, "tls") as server:
        await send(server, security="tls", user=None, password=None)
        assert len(server.received) == 1


async def test_nobody_there_and_nobody_who_answers(
    mail_server: MailServerForTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FailedNow, match="connection"):
        await send(mail_server, port=1)
    monkeypatch.setattr(mail_module, "LONGEST_SEND", 0.3)
    mail_server.hold = asyncio.Event()
    with pytest.raises(FailedNow, match="timeout"):
        await send(mail_server)
