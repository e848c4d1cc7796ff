"""Invitations of staff: a link with which somebody chooses a password, and the mail that brings it.

Kept and written to the outbox in one transaction; a mail that was not sent yet is taken back when its link works no
longer. Not here: who may invite (`managing.py`), words and sending (`signaling/outbox`), taking an invitation
(`sign_in.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from clinic.database import Database
from signaling.accounts.lookups import digest
from signaling.accounts.parts import Parts
from signaling.appointments.told import Contact

PAGE = "/staff"


class Mails(Protocol):
    """`Notices`."""

    async def invite_staff(self, account: str, contact: Contact, url: SecretStr, useless_at: float) -> int:
        """How many messages are on their way. What was not sent yet of an earlier link is taken back."""

    async def forget_staff(self, account: str) -> None:
        """Their links work no longer: what was not sent yet is taken back."""


@dataclass(frozen=True)
class Invitation:
    link: SecretStr
    """Path and fragment: good once."""
    expires_at: float
    mailed: bool
    """Whether a mail with it is on its way."""


class Inviting:
    def __init__(self, parts: Parts, database: Database, mails: Mails) -> None:
        self._parts = parts
        self._accounts = parts.stores.accounts
        self._database = database
        self._mails = mails

    async def invite(self, account: str, email: str | None) -> Invitation | None:
        """In place of an earlier one. `email`: where the link goes; None: nowhere, it is handed over. None: people
        come by single sign-on only. Raises ClinicError."""
        if not self._parts.rules.passwords:
            return None
        token, until = self._parts.new_secret(), self._parts.now() + self._parts.rules.invitation
        link = f"{PAGE}#invitation={token}"
        url = SecretStr(f"{self._parts.rules.public_url}{link}")  # where there is none, nothing is sent either
        async with self._database.together():
            await self._accounts.invite(account, digest(token), until)
            sent = await self._mails.invite_staff(account, Contact(email=email), url, until)
        return Invitation(SecretStr(link), until, sent > 0)

    async def withdraw(self, account: str) -> None:
        """Raises ClinicError."""
        async with self._database.together():
            await self._accounts.uninvite(account)
            await self._mails.forget_staff(account)
