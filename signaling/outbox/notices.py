"""What people are written to when an appointment is made, moved or cancelled, when it comes near, and when they are
given an account.

Written to the outbox inside of the transaction of the change. What is not sent yet and not so any more is taken back
first: nobody is reminded of a time that was moved. Not here: words (`wording.py`), sending (`sender.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import SecretStr

from clinic.appointments.records import Appointment
from clinic.messages.outbox import Outbox
from clinic.messages.records import Channel, Message, MessageKind
from signaling.appointments.told import Contact, Invited, What
from signaling.clock import Clock
from signaling.outbox.letters import Facts

OF_APPOINTMENTS: tuple[MessageKind, ...] = ("invitation", "moved", "cancelled", "reminder")

OF_STAFF: tuple[MessageKind, ...] = ("staff_invitation",)

KINDS: dict[What, MessageKind] = {"made": "invitation", "moved": "moved", "cancelled": "cancelled"}

TOO_SOON = 600.0
"""Seconds: nobody is reminded of what they were told less long ago."""

STILL_NEWS = 2 * 86_400.0
"""Seconds after which there is no use in saying that something was cancelled, or in an account's invitation."""


class Seals(Protocol):
    """`SealedColumns`."""

    def seal(self, text: str, place: str) -> bytes: ...


@dataclass(frozen=True)
class Ways:
    """How people can be written to."""

    mail: bool
    sms: bool
    both: bool = False
    """By mail and by SMS, whoever has both. Otherwise by mail, and by SMS whoever has no address."""
    language: str = "en"
    """For whoever has not said."""
    reminders: tuple[int, ...] = ()
    """Minutes before an appointment."""

    def to(self, contact: Contact) -> list[tuple[Channel, str]]:
        found: list[tuple[Channel, str]] = []
        if self.mail and contact.email:
            found.append(("mail", contact.email))
        if self.sms and contact.phone and (self.both or not found):
            found.append(("sms", contact.phone))
        return found


class Notices:
    def __init__(self, outbox: Outbox, seals: Seals, ways: Ways, new_id: Callable[[], str], clock: Clock) -> None:
        self._outbox = outbox
        self._seals = seals
        self._ways = ways
        self._new_id = new_id
        self._clock = clock

    async def changed(self, what: What, appointment: Appointment, links: Sequence[Invited]) -> None:
        """As `Told` says. Raises ClinicError."""
        now = self._clock.wall()
        messages: list[Message] = []
        for invited in links:
            of = (appointment.id, invited.guest.id, OF_APPOINTMENTS)
            unsent = await self._outbox.unsent(*of)
            unheard = any(each.kind == "invitation" and each.attempts == 0 for each in unsent)
            theirs = self._messages(what, appointment, invited, now, unheard=unheard)
            await self._outbox.suppress(*of, now, keep=[message.key for message in theirs])
            messages += theirs
        await self._outbox.put(messages)

    async def invite_staff(self, account: str, contact: Contact, url: SecretStr, useless_at: float) -> int:
        """The link with which somebody chooses the password of their account; how many messages that were. One that
        is not sent yet, of an earlier link, is taken back."""
        now = self._clock.wall()
        facts = Facts(language=contact.language or self._ways.language, link=url.get_secret_value())
        messages = [
            self._message("staff_invitation", channel, to, facts, now, useless_at, account, _mark(facts.link))
            for channel, to in self._ways.to(contact)
        ]
        keep = [message.key for message in messages]
        await self._outbox.suppress(account, None, OF_STAFF, now, keep)
        return await self._outbox.put(messages)

    async def forget_staff(self, account: str) -> None:
        """Their links work no longer."""
        await self._outbox.suppress(account, None, OF_STAFF, self._clock.wall())

    async def alert(self, alert: str, contacts: Sequence[Contact], url: str) -> int:
        """That something unusual was noticed, to those who look after the server; how many messages that were. What it
        is stands in the audit log only."""
        now = self._clock.wall()
        messages = [
            self._message(
                "alert",
                channel,
                to,
                Facts(language=contact.language or self._ways.language, link=url),
                now,
                now + STILL_NEWS,
                alert,
                _mark(to),
            )
            for contact in contacts
            for channel, to in self._ways.to(contact)
        ]
        return await self._outbox.put(messages)

    def _messages(
        self, what: What, appointment: Appointment, invited: Invited, now: float, *, unheard: bool
    ) -> list[Message]:
        """`unheard`: they were never told of it."""
        link = "" if invited.url is None else invited.url.get_secret_value()
        if appointment.ends_at <= now:
            return []
        if (what == "cancelled" and unheard) or (what != "cancelled" and not link):
            return []  # there is nothing to take back; or the clinic hands out links by itself
        kind: MessageKind = "invitation" if unheard else KINDS[what]
        facts = Facts(
            language=invited.contact.language or self._ways.language,
            link="" if what == "cancelled" else link,
            starts_at=appointment.starts_at,
            minutes=appointment.minutes,
            zone=invited.contact.zone or appointment.zone,
            revision=appointment.revision,
        )
        guest, patient = invited.guest.id, invited.guest.patient_id
        mark = f"{guest} {appointment.revision} {'' if invited.link is None else invited.link.id}"
        over = now + STILL_NEWS if what == "cancelled" else appointment.ends_at
        due = [] if what == "cancelled" else self._reminders(appointment, now)
        messages = []
        for channel, to in self._ways.to(invited.contact):
            about = (appointment.id, mark, guest, patient)
            messages.append(self._message(kind, channel, to, facts, now, over, *about))
            messages += [
                self._message("reminder", channel, to, facts, now, appointment.starts_at, *about, at=at) for at in due
            ]
        return messages

    def _reminders(self, appointment: Appointment, now: float) -> list[float]:
        times = {appointment.starts_at - minutes * 60.0 for minutes in self._ways.reminders}
        return sorted(at for at in times if at > now + TOO_SOON)

    def _message(
        self,
        kind: MessageKind,
        channel: Channel,
        to: str,
        facts: Facts,
        now: float,
        useless_at: float,
        about: str,
        mark: str,
        guest: str | None = None,
        patient: str | None = None,
        *,
        at: float | None = None,
    ) -> Message:
        """`mark`: what tells it from others of its kind about the same. `at`: when it is due; now, if that is None."""
        id = self._new_id()
        key = _mark(kind, channel, about, mark, "" if at is None else str(at))
        return Message(
            id=id,
            key=key,
            kind=kind,
            channel=channel,
            to_sealed=self._seals.seal(to, place("to", id)),
            content_sealed=self._seals.seal(facts.model_dump_json(), place("content", id)),
            created_at=now,
            next_at=now if at is None else at,
            useless_at=useless_at,
            about=about,
            guest=guest,
            patient=patient,
        )


def place(column: str, message: str) -> str:
    """Where something sealed belongs."""
    return f"message.{column}/{message}"


def _mark(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
