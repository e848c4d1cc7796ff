"""Sessions of staff: who is signed in where, and since when. Of the cookie only a digest is kept.

Not here: how long one lasts, and what it allows (`signaling/accounts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.sql.dml import Delete, Update

from clinic.accounts.records import Account, StaffSession, Stage
from clinic.accounts.tables import AccountRow, EmergencyRow, StaffSessionRow
from clinic.database import Database
from clinic.rows import as_record, as_row


@dataclass(frozen=True)
class Found:
    """A session with whose it is, and whether they have emergency access at the moment."""

    session: StaffSession
    account: Account
    emergency: str | None
    """Its id."""


class StaffSessions:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: StaffSession, now: float) -> None:
        """Forgets those that are over, whoever's. Raises Conflict if there is no such account."""
        async with self._database.writing() as transaction:
            await transaction.execute(delete(StaffSessionRow).where(StaffSessionRow.expires_at <= now))
            transaction.add(as_row(StaffSessionRow, session))

    async def find(self, token_hash: str, now: float) -> Found | None:
        """Of an account that is active; not one that has expired."""
        query = (
            select(StaffSessionRow, AccountRow)
            .join(AccountRow, AccountRow.id == StaffSessionRow.account_id)
            .where(StaffSessionRow.token_hash == token_hash, StaffSessionRow.expires_at > now, AccountRow.active)
        )
        async with self._database.reading() as transaction:
            found = (await transaction.execute(query)).first()
            if found is None:
                return None
            account = as_record(Account, found[1], roles=tuple(found[1].roles))
            emergency = select(EmergencyRow.id).where(
                EmergencyRow.account_id == account.id, EmergencyRow.ended_at.is_(None), EmergencyRow.until > now
            )
            taken = await transaction.scalar(emergency.limit(1))
            return Found(as_record(StaffSession, found[0]), account, taken)

    async def seen(self, session: str, now: float) -> None:
        await self._run(update(StaffSessionRow).where(StaffSessionRow.id == session).values(seen_at=now))

    async def confirmed(self, session: str, now: float) -> None:
        await self._run(update(StaffSessionRow).where(StaffSessionRow.id == session).values(confirmed_at=now))

    async def renew(self, before: str, token_hash: str, stage: Stage, ways: str, now: float, expires_at: float) -> bool:
        """Another token in place of the one with the digest `before`, which is worth nothing from now on. False: it was
        worth nothing before."""
        query = update(StaffSessionRow).where(StaffSessionRow.token_hash == before, StaffSessionRow.expires_at > now)
        values = {
            "token_hash": token_hash,
            "stage": stage,
            "ways": ways,
            "seen_at": now,
            "confirmed_at": now,
            "expires_at": expires_at,
        }
        return await self._run(query.values(**values)) == 1

    async def of_account(self, account: str, now: float) -> Sequence[StaffSession]:
        """Newest first; those that are signed in."""
        query = (
            select(StaffSessionRow)
            .where(
                StaffSessionRow.account_id == account,
                StaffSessionRow.expires_at > now,
                StaffSessionRow.stage != "second_factor",
            )
            .order_by(StaffSessionRow.signed_in_at.desc(), StaffSessionRow.id)
        )
        async with self._database.reading() as transaction:
            return [as_record(StaffSession, row) for row in await transaction.scalars(query)]

    async def end(self, session: str, account: str) -> bool:
        """False if this account has no such session."""
        which = (StaffSessionRow.id == session, StaffSessionRow.account_id == account)
        return await self._run(delete(StaffSessionRow).where(*which)) == 1

    async def end_all(self, account: str, but: str | None = None) -> int:
        """Returns how many; `but`: the session that stays."""
        query = delete(StaffSessionRow).where(StaffSessionRow.account_id == account)
        if but is not None:
            query = query.where(StaffSessionRow.id != but)
        return await self._run(query)

    async def _run(self, query: Update | Delete) -> int:
        async with self._database.writing() as transaction:
            done: Any = await transaction.execute(query)
            return int(done.rowcount)
