"""Links: with which each person comes to their appointment, the devices that opened them, and how they end.

Only hashes are kept: of a link's secret, and of what a device's cookie holds. Not here: when a link opens
(`signaling/appointments/rules.py`), and how often somebody may guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from clinic.appointments.records import Link, RevokedBecause, Whole
from clinic.appointments.tables import AppointmentRow, DeviceRow, LinkRow
from clinic.appointments.wholes import wholes
from clinic.database import Database
from clinic.errors import Unknown
from clinic.rows import as_record, as_row


class Links:
    """Each method is one transaction, or part of the one around it (`Database.together`). All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, secret_sha256: str) -> tuple[Link, Whole]:
        """Raises Unknown."""
        async with self._database.reading() as session:
            row = await session.scalar(select(LinkRow).where(LinkRow.secret_sha256 == secret_sha256))
            appointment = await session.get(AppointmentRow, row.appointment_id) if row is not None else None
            if row is None or appointment is None:
                raise Unknown("there is no such link")
            return as_record(Link, row), (await wholes(session, [appointment]))[0]

    async def of_guest(self, guest: str) -> list[Link]:
        """Oldest first."""
        query = select(LinkRow).where(LinkRow.guest_id == guest).order_by(LinkRow.made_at, LinkRow.id)
        async with self._database.reading() as session:
            return [as_record(Link, row) for row in await session.scalars(query)]

    async def issue(self, link: Link, because: RevokedBecause = "replaced") -> list[str]:
        """A new one; those before it for the same person are void. What `revoke` says of them."""
        opened = await self.revoke([link.guest_id], because, link.made_at)
        async with self._database.writing() as session:
            session.add(as_row(LinkRow, link))
        return opened

    async def revoke(self, guests: Sequence[str], because: RevokedBecause, now: float) -> list[str]:
        """All links of these people; the ids of those that were opened, of which there may be tokens."""
        good = select(LinkRow).where(LinkRow.guest_id.in_(guests), LinkRow.revoked_at.is_(None)).with_for_update()
        async with self._database.writing() as session:
            rows = (await session.scalars(good)).all()
            for row in rows:
                row.revoked_at, row.revoked_because = now, because
            return [row.id for row in rows if row.opened_at is not None]

    async def bind(self, link: str, device_sha256: str, now: float) -> bool:
        """Opens it on this device, which it then knows; False if it was opened on as many as it may be."""
        async with self._database.writing() as session:
            row = await session.get(LinkRow, link, with_for_update=True, populate_existing=True)
            if row is None:
                raise Unknown("there is no such link")
            if await session.get(DeviceRow, (link, device_sha256)) is not None:
                return True
            known = await session.scalar(select(func.count()).select_from(DeviceRow).where(DeviceRow.link_id == link))
            if (known or 0) >= row.devices:
                return False
            session.add(DeviceRow(link_id=link, device_sha256=device_sha256, first_at=now))
            if row.opened_at is None:
                row.opened_at = now
            return True

    async def knows(self, link: str, device_sha256: str) -> bool:
        """Whether it was opened on this device."""
        async with self._database.reading() as session:
            return await session.get(DeviceRow, (link, device_sha256)) is not None
