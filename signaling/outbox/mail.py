"""E-mail: a message in words made a mail, and handed to the clinic's mail server, encrypted on its way.

Text only: nothing in it is fetched, nothing tells that it was read, and nothing can be hidden. Not here: what it says
(`wording.py`), when it is sent (`sender.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError, MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Literal

import aiosmtplib
from pydantic import SecretStr

from signaling.outbox.entry import entry
from signaling.outbox.letters import Letter
from signaling.outbox.sending import LONGEST_SEND, FailedForGood, FailedNow
from signaling.outbox.wording import Said

ANSWER_WITHIN = 30.0
"""Seconds for one answer of the mail server. Some make strangers wait on purpose."""


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    security: Literal["starttls", "tls", "off"]
    sender: str
    """The address that mail comes from."""
    name: str = ""
    """What stands before it: the clinic's name."""
    user: str | None = None
    password: SecretStr | None = None
    trust: ssl.SSLContext | None = None
    """In place of the system's list of authorities."""


class Mail:
    def __init__(self, server: MailServer, host: str) -> None:
        """`host`: this server's name, as people know it: in ids of messages and of entries in calendars."""
        self._server = server
        self._host = host

    async def send(self, letter: Letter, said: Said) -> None:
        """Raises FailedNow, FailedForGood."""
        message = compose(letter, said, self._server, self._host)
        try:
            async with asyncio.timeout(LONGEST_SEND):
                await self._hand_over(message, letter.to)
        except TimeoutError:  # aiosmtplib's own are among them
            raise FailedNow("timeout") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _by_code("recipient", min(each.code for each in error.recipients)) from None
        except aiosmtplib.SMTPRecipientRefused as error:
            raise _by_code("recipient", error.code) from None
        except aiosmtplib.SMTPDataError as error:
            raise _by_code("content", error.code) from None
        except aiosmtplib.SMTPAuthenticationError:
            raise FailedNow("login") from None  # ours to mend: the message can wait until then
        except aiosmtplib.SMTPResponseException as error:
            raise FailedNow(f"server {error.code}") from None
        except ssl.SSLError:
            raise FailedNow("tls") from None
        except OSError:
            raise FailedNow("connection") from None
        except aiosmtplib.SMTPException:
            raise FailedNow("not supported") from None

    async def _hand_over(self, message: EmailMessage, to: SecretStr) -> None:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=None if server.security == "off" else server.trust or ssl.create_default_context(),
            username=server.user,
            password=None if server.password is None else server.password.get_secret_value(),
            local_hostname=self._host,
            timeout=ANSWER_WITHIN,
        )
        try:
            await client.connect()
            await client.send_message(message, sender=server.sender, recipients=[to.get_secret_value()])
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit()  # it has the mail, however it says goodbye
        finally:
            client.close()


def compose(letter: Letter, said: Said, server: MailServer, host: str) -> EmailMessage:
    """Raises FailedForGood for an address that is none."""
    message = EmailMessage(policy=SMTP_POLICY)
    try:
        message["From"] = Address(display_name=" ".join(server.name.split()), addr_spec=server.sender)
        message["To"] = address(letter.to.get_secret_value())
        message["Subject"] = said.subject
        message["Date"] = format_datetime(datetime.fromtimestamp(letter.written_at, UTC).replace(microsecond=0))
        # The same each time it is sent: a server or a reader that gets it twice can tell.
        message["Message-ID"] = f"<{letter.id}@{host}>"
        message["Auto-Submitted"] = "auto-generated"
    except (ValueError, MessageError):
        raise FailedForGood("address") from None
    message.set_content(said.text)
    invitation = entry(letter, summary=said.calendar, sender=server.sender, host=host)
    if invitation is not None:
        calendar, method = invitation
        message.add_alternative(calendar, subtype="calendar", params={"method": method, "charset": "utf-8"})
        message.set_boundary(f"=={letter.id}==")  # not by chance: it is the same mail each time
    return message


def address(text: str) -> Address:
    """One address and nothing else. Raises ValueError."""
    if any(ord(each) < 33 or ord(each) == 127 for each in text) or len(text) > 254:
        raise ValueError("this is no address")
    try:
        found = Address(addr_spec=text)
    except (HeaderParseError, IndexError, ValueError):
        raise ValueError("this is no address") from None
    if not found.username or not found.domain:
        raise ValueError("this is no address")
    return found


def _by_code(what: str, code: int) -> FailedNow | FailedForGood:
    """What the mail server says of this message: 4xx may pass, 5xx not."""
    return FailedForGood(f"{what} {code}") if 500 <= code < 600 else FailedNow(f"{what} {code}")
