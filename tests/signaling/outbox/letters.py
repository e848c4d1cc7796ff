"""Letters and appointments that belong to nobody, for tests to change what they are about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import SecretStr

from clinic.appointments.records import Appointment, Guest, Link
from clinic.messages.records import Message
from signaling.appointments.told import Contact, Invited
from signaling.outbox.letters import Facts, Letter
from signaling.outbox.mail import MailServer
from signaling.outbox.wording import Wording, read_languages
from tests.signaling.outbox.mail_server import PASSWORD, USER, MailServerForTests

NOW = 1_780_000_000.0
START = NOW + 3 * 86_400.0
LINK = "https://video.example.org/visit#a-secret-of-a-link"
HOST = "video.example.org"
CLINIC = "House by the Lake"


def letter(kind: Any = "invitation", to: str = "alex@example.org", **facts: Any) -> Letter:
    known: dict[str, Any] = {
        "link": LINK,
        "starts_at": START,
        "minutes": 50,
        "zone": "Europe/Berlin",
        "revision": 3,
    }
    message = Message(
        id="message-1",
        key="key",
        kind=kind,
        channel="mail",
        to_sealed=None,
        content_sealed=None,
        created_at=NOW,
        next_at=NOW,
        useless_at=START,
        about="appointment-1",
    )
    return Letter(message, SecretStr(to), Facts(**(known | facts)))


def wording(folder: Path | None = None, language: str = "en", clinic: str = CLINIC) -> Wording:
    return Wording(read_languages(folder), clinic, language)


def server_of(mail_server: MailServerForTests, **changes: Any) -> MailServer:
    values: dict[str, Any] = {
        "host": "localhost",
        "port": mail_server.port,
        "security": "starttls",
        "sender": "no-reply@clinic.example",
        "name": CLINIC,
        "user": USER,
        "password": SecretStr(PASSWORD),
        "trust": mail_server.trust,
    }
    return MailServer(**(values | changes))


def appointment(id: str = "appointment-1", **changes: Any) -> Appointment:
    values: dict[str, Any] = {
        "session": f"session of {id}",
        "therapist": "account-1",
        "kind": "individual",
        "starts_at": START,
        "minutes": 50,
        "zone": "Europe/Berlin",
        "made_at": NOW,
        "changed_at": NOW,
    }
    return Appointment(**({"id": id} | values | changes))


def invited(guest: str = "guest-1", link: str = "link-1", appointment: str = "appointment-1", **how: Any) -> Invited:
    """Somebody with an e-mail address, unless that is said otherwise."""
    reached = {"email": f"{guest}@example.org"} | how
    return Invited(
        guest=Guest(guest, appointment, "patient", "patient", patient_id=f"patient of {guest}"),
        contact=Contact(**reached),
        link=Link(link, appointment, guest, "0" * 64, 1, NOW),
        url=SecretStr(f"https://video.example.org/visit#{link}"),
    )
