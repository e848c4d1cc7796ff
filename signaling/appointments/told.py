"""Who is told that an appointment was made, moved or cancelled: what writes to people, what calls the booking system.

Not here: what they do with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import SecretStr

from clinic.appointments.records import Appointment, Guest, Link

What = Literal["made", "moved", "cancelled"]


@dataclass(frozen=True)
class Contact:
    """How somebody is reached. Nothing of it is ever logged."""

    name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    language: str | None = None
    zone: str | None = None
    """Theirs, if it is known (IANA); otherwise the appointment's."""


@dataclass(frozen=True)
class Invited:
    """Somebody to write to."""

    guest: Guest
    contact: Contact
    link: Link | None
    """None: they have none now; of a cancelled appointment it is revoked."""
    url: SecretStr | None
    """The whole address, good until the link is revoked. Kept sealed, if at all: `Passes.address` makes it again."""


class Told(Protocol):
    """Is called inside of the transaction that keeps the change (`Database.together`): what it writes to the same
    database is kept with it or not at all. It must not wait for anything but the database, nor write to the audit log,
    which was written before."""

    async def changed(self, what: What, appointment: Appointment, links: Sequence[Invited]) -> None:
        """`appointment` as it is now, its `revision` one that a calendar has not seen. Of a series each appointment is
        told by itself, in order; `series_number` says which. `links`: everybody who is invited, perhaps without a link.
        Whoever is newly invited to an appointment that exists is told of as `made`, alone in `links`; whoever was left
        out as `cancelled`. Raises ClinicError."""


class Nobody:
    """Where nothing is sent by us."""

    async def changed(self, what: What, appointment: Appointment, links: Sequence[Invited]) -> None:
        return None
