"""A real mail server for tests: TLS, a login, and every way in which one can fail.

async with a_mail_server(folder) as server:
    server.answers = ["450 4.2.0 come back later"]      # to the next recipient; then it takes what comes
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from therabook import tls

USER, PASSWORD = "clinic", "a password for tests"


@dataclass
class Received:
    sender: str
    recipients: list[str]
    raw: bytes
    encrypted: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        read = message_from_bytes(self.raw, policy=default_policy)
        assert isinstance(read, EmailMessage)
        return read

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def calendar(self) -> tuple[str, str] | None:
        """The entry, and the method that its type names."""
        for part in self.mail.walk():
            if part.get_content_type() == "text/calendar":
                return str(part.get_content()), str(part.get_param("method"))
        return None


@dataclass
class MailServerForTests:
    folder: Path
    port: int = 0
    received: list[Received] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """To the next recipients, instead of yes."""
    after: list[str] = field(default_factory=list)
    """To the next mails, when they are there; `die`: keeps the mail and is gone before it says so."""
    come: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None
    """Until it is set, mails that are there are not answered."""
    tried: list[str] = field(default_factory=list)
    """Users who wanted to log in."""

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.folder / "tls-cert.pem"))

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, _: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.come.set()
        if self.hold is not None:
            await self.hold.wait()
        answer = self.after.pop(0) if self.after else "250 OK"
        if answer in ("250 OK", "die"):
            raw = envelope.original_content
            assert raw is not None
            user = session.auth_data
            self.received.append(
                Received(
                    str(envelope.mail_from),
                    list(envelope.rcpt_tos),
                    raw,
                    session.ssl is not None,
                    user.decode() if isinstance(user, bytes) else None,
                )
            )
        if answer == "die":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return answer

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.tried.append(given.login.decode())
        good = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, auth_data=given.login if good else None, handled=False)


@contextlib.asynccontextmanager
async def a_mail_server(
    folder: Path, security: Literal["starttls", "tls", "none"] = "starttls", port: int = 0
) -> AsyncIterator[MailServerForTests]:
    cert, key = tls.self_signed(folder, {"localhost", "127.0.0.1"})
    context = tls.context(cert, key)
    handler = MailServerForTests(folder)
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        more: dict[str, Any] = {}
        if security == "starttls":
            more = {"tls_context": context, "require_starttls": True}
            more |= {"auth_required": True, "authenticator": handler.login}
        return SMTP(handler, hostname="mail.test", enable_SMTPUTF8=True, loop=loop, timeout=60, **more)

    server = await loop.create_server(protocol, "127.0.0.1", port, ssl=context if security == "tls" else None)
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        server.close()
        if handler.hold is not None:
            handler.hold.set()


def settings_for(server: MailServerForTests) -> dict[str, Any]:
    """Of a service that sends by it."""
    return {
        "public_url": "https://video.clinic.example",
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_ca": server.folder / "tls-cert.pem",
        "smtp_user": USER,
        "smtp_password": PASSWORD,
        "smtp_from": "no-reply@clinic.example",
    }


def flags_for(server: MailServerForTests) -> list[str]:
    """The same for a process that serves one machine, and sends without TLS."""
    flags = {
        "--public-url": "http://localhost:{port}",
        "--smtp-host": "127.0.0.1",
        "--smtp-port": str(server.port),
        "--smtp-security": "off",
        "--smtp-from": "no-reply@clinic.example",
    }
    return [word for pair in flags.items() for word in pair]
