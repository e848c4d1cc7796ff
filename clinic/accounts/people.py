"""Accounts: who there is, what they are, how they are found, and the invitation that a new one gets.

There is always an administrator who can sign in: the change that would take away the last one is refused.
Not here: what roles may (`signaling/staff_roles.py`), sessions, second factors.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.accounts.records import Account, Listed
from clinic.accounts.tables import AccountRow, InvitationRow, PasskeyRow, SetupRow
from clinic.database import Database
from clinic.errors import LastOne, Unknown
from clinic.rows import as_record, as_row

ADMINISTRATOR = "administrator"

CHANGEABLE = frozenset(
    {
        "login_hmac",
        "login_sealed",
        "name_sealed",
        "email_sealed",
        "roles",
        "active",
        "external_id",
        "signed_in_at",
        "password",
        "password_changed_at",
        "totp_sealed",
        "totp_pending_sealed",
        "totp_since",
        "sign_on_hmac",
    }
)


class Accounts:
    """Each method is one transaction. All raise Unavailable, and BadValue for what cannot be kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_set_up(self) -> bool:
        async with self._database.reading() as session:
            return await session.get(SetupRow, 1) is not None

    async def set_up(self, account: Account, now: float) -> None:
        """The first administrator. Raises Conflict if there was one before."""
        async with self._database.writing() as session:
            session.add(SetupRow(id=1, at=now))
            await session.flush()
            session.add(_row(account))

    async def add(self, account: Account) -> None:
        """Raises Conflict for a login or an external id that somebody has."""
        async with self._database.writing() as session:
            session.add(_row(account))

    async def get(self, account: str) -> Account:
        """Raises Unknown."""
        async with self._database.reading() as session:
            return _record(await _known(session, account))

    async def by_login(self, login_hmac: str) -> Account | None:
        return await self._one(AccountRow.login_hmac == login_hmac)

    async def by_external_id(self, external_id: str) -> Account | None:
        return await self._one(AccountRow.external_id == external_id)

    async def by_sign_on(self, sign_on_hmac: str) -> Account | None:
        return await self._one(AccountRow.sign_on_hmac == sign_on_hmac)

    async def all(self) -> list[Account]:
        """A clinic has some dozens, a large one some hundreds."""
        async with self._database.reading() as session:
            return [_record(row) for row in await session.scalars(select(AccountRow).order_by(AccountRow.id))]

    async def several(self, ids: Collection[str]) -> list[Account]:
        """Those of these that there are."""
        query = select(AccountRow).where(AccountRow.id.in_(ids)).order_by(AccountRow.id)
        async with self._database.reading() as session:
            return [_record(row) for row in await session.scalars(query)]

    async def listed(self, after: str | None, limit: int) -> list[Listed]:
        """By id, those behind `after`."""
        query = select(AccountRow).order_by(AccountRow.id).limit(limit)
        if after is not None:
            query = query.where(AccountRow.id > after)
        async with self._database.reading() as session:
            accounts = [_record(row) for row in await session.scalars(query)]
            return await _listed(session, accounts)

    async def look(self, account: str) -> Listed:
        """Raises Unknown."""
        async with self._database.reading() as session:
            return (await _listed(session, [_record(await _known(session, account))]))[0]

    async def change(self, account: str, **values: Any) -> Account:
        """Sets these fields of it. Raises Unknown, Conflict as `add` does, LastOne."""
        if not values.keys() <= CHANGEABLE:
            raise ValueError("this cannot be changed")
        async with self._database.writing() as session:
            if "roles" in values or "active" in values:
                await _keep_an_administrator(session, account, values)
            row = await _known(session, account, lock=True)
            for name, value in values.items():
                setattr(row, name, list(value) if name == "roles" else value)
            return _record(row)

    async def change_password(self, account: str, before: str | None, password: str, now: float | None) -> bool:
        """If it is still `before`. `now` is None where it is the same password, hashed anew."""
        values: dict[str, Any] = {"password": password}
        if now is not None:
            values["password_changed_at"] = now
        query = update(AccountRow).where(AccountRow.id == account, AccountRow.password == before)
        async with self._database.writing() as session:
            return _count(await session.execute(query.values(**values))) == 1

    # Invitations ---------------------------------------------------------------------------------------------------

    async def invite(self, account: str, token_hash: str, expires_at: float) -> None:
        """In place of an earlier one. Raises Unknown."""
        async with self._database.writing() as session:
            await _known(session, account, lock=True)
            await session.execute(delete(InvitationRow).where(InvitationRow.account_id == account))
            session.add(InvitationRow(account_id=account, token_hash=token_hash, expires_at=expires_at))

    async def invited(self, token_hash: str, now: float) -> tuple[Account, float] | None:
        """Whom it is for, and until when."""
        query = (
            select(AccountRow, InvitationRow.expires_at)
            .join(InvitationRow, InvitationRow.account_id == AccountRow.id)
            .where(InvitationRow.token_hash == token_hash, InvitationRow.expires_at > now, AccountRow.active)
        )
        async with self._database.reading() as session:
            found = (await session.execute(query)).first()
            return None if found is None else (_record(found[0]), found[1])

    async def accept(self, token_hash: str, password: str, now: float) -> Account | None:
        """Takes the invitation, once, and the password with it. None: it is not good, or not any more."""
        query = select(InvitationRow).where(InvitationRow.token_hash == token_hash, InvitationRow.expires_at > now)
        async with self._database.writing() as session:
            invitation = await session.scalar(query.with_for_update())
            if invitation is None:
                return None
            row = await _known(session, invitation.account_id, lock=True)
            if not row.active:
                return None
            await session.delete(invitation)
            row.password, row.password_changed_at = password, now
            return _record(row)

    async def uninvite(self, account: str) -> None:
        async with self._database.writing() as session:
            await session.execute(delete(InvitationRow).where(InvitationRow.account_id == account))

    async def _one(self, which: Any) -> Account | None:
        async with self._database.reading() as session:
            row = await session.scalar(select(AccountRow).where(which))
            return None if row is None else _record(row)


async def _known(session: AsyncSession, account: str, *, lock: bool = False) -> AccountRow:
    row = await session.get(AccountRow, account, with_for_update=lock or None)
    if row is None:
        raise Unknown("there is no such account")
    return row


async def _keep_an_administrator(session: AsyncSession, account: str, values: dict[str, Any]) -> None:
    """All accounts are locked, in one order, so that two administrators cannot disable each other at once."""
    query = select(AccountRow).order_by(AccountRow.id).with_for_update()
    rows = {row.id: row for row in await session.scalars(query)}
    mine = rows.get(account)
    if mine is None or not (mine.active and ADMINISTRATOR in mine.roles):
        return
    if values.get("active", True) and ADMINISTRATOR in values.get("roles", mine.roles):
        return
    if not any(row.active and ADMINISTRATOR in row.roles for row in rows.values() if row.id != account):
        raise LastOne("nobody else is administrator")


async def _listed(session: AsyncSession, accounts: Collection[Account]) -> list[Listed]:
    ids = [each.id for each in accounts]
    counting = (
        select(PasskeyRow.account_id, func.count())
        .where(PasskeyRow.account_id.in_(ids))
        .group_by(PasskeyRow.account_id)
    )
    inviting = select(InvitationRow.account_id, InvitationRow.expires_at).where(InvitationRow.account_id.in_(ids))
    passkeys: dict[str, int] = {row[0]: row[1] for row in await session.execute(counting)}
    invited: dict[str, float] = {row[0]: row[1] for row in await session.execute(inviting)}
    return [Listed(each, passkeys.get(each.id, 0), invited.get(each.id)) for each in accounts]


def _record(row: AccountRow) -> Account:
    return as_record(Account, row, roles=tuple(row.roles))


def _row(account: Account) -> AccountRow:
    return as_row(AccountRow, account, roles=list(account.roles))


def _count(result: Any) -> int:
    return int(result.rowcount)
