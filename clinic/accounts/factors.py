"""Second factors: used codes of TOTP, passkeys, recovery codes. What may be used once is used once, whoever comes
twice at the same moment.

Not here: whether a code or a signature is right (`signaling/accounts`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select, update

from clinic.accounts.records import Passkey
from clinic.accounts.tables import AccountRow, PasskeyRow, RecoveryRow, StepRow
from clinic.database import Database
from clinic.errors import Conflict, Unknown
from clinic.rows import as_record, as_row

MOST_PASSKEYS = 20


class Factors:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use_step(self, account: str, step: int, oldest: int) -> bool:
        """False: its code was used before. Steps before `oldest`, whose codes are not taken any more, are forgotten."""
        try:
            async with self._database.writing() as session:
                old = delete(StepRow).where(StepRow.account_id == account, StepRow.step < oldest)
                await session.execute(old)
                session.add(StepRow(account_id=account, step=step))
        except Conflict:
            return False
        return True

    # Passkeys --------------------------------------------------------------------------------------------------------

    async def add_passkey(self, passkey: Passkey) -> None:
        """Raises Conflict for one that is known already, or too many."""
        async with self._database.writing() as session:
            await session.get(AccountRow, passkey.account_id, with_for_update=True)
            counting = select(func.count()).select_from(PasskeyRow).where(PasskeyRow.account_id == passkey.account_id)
            if (await session.scalar(counting) or 0) >= MOST_PASSKEYS:
                raise Conflict("too many passkeys")
            session.add(as_row(PasskeyRow, passkey))

    async def passkeys(self, account: str) -> list[Passkey]:
        query = select(PasskeyRow).where(PasskeyRow.account_id == account).order_by(PasskeyRow.made_at, PasskeyRow.id)
        async with self._database.reading() as session:
            return [as_record(Passkey, row) for row in await session.scalars(query)]

    async def passkey(self, credential_hash: str) -> Passkey | None:
        async with self._database.reading() as session:
            row = await session.scalar(select(PasskeyRow).where(PasskeyRow.credential_hash == credential_hash))
            return None if row is None else as_record(Passkey, row)

    async def passkey_used(self, passkey: Passkey, sign_count: int, now: float) -> bool:
        """False: it was used meanwhile with a counter that is not behind this one, so that there may be two of it."""
        query = update(PasskeyRow).where(PasskeyRow.id == passkey.id)
        if sign_count > 0:
            query = query.where(PasskeyRow.sign_count < sign_count)
        else:
            query = query.where(PasskeyRow.sign_count == 0)
        async with self._database.writing() as session:
            return _count(await session.execute(query.values(sign_count=sign_count, used_at=now))) == 1

    async def rename_passkey(self, account: str, passkey: str, name_sealed: bytes) -> None:
        """Raises Unknown."""
        which = (PasskeyRow.id == passkey, PasskeyRow.account_id == account)
        async with self._database.writing() as session:
            done = await session.execute(update(PasskeyRow).where(*which).values(name_sealed=name_sealed))
            if _count(done) != 1:
                raise Unknown("there is no such passkey")

    async def remove_passkey(self, account: str, passkey: str) -> None:
        """Raises Unknown."""
        which = (PasskeyRow.id == passkey, PasskeyRow.account_id == account)
        async with self._database.writing() as session:
            if _count(await session.execute(delete(PasskeyRow).where(*which))) != 1:
                raise Unknown("there is no such passkey")

    # Recovery codes ----------------------------------------------------------------------------------------------

    async def new_recovery_codes(self, account: str, code_hmacs: Collection[str]) -> None:
        """In place of all earlier ones."""
        async with self._database.writing() as session:
            await session.execute(delete(RecoveryRow).where(RecoveryRow.account_id == account))
            session.add_all(RecoveryRow(account_id=account, code_hmac=each) for each in code_hmacs)

    async def recovery_codes_left(self, account: str) -> int:
        which = (RecoveryRow.account_id == account, RecoveryRow.used_at.is_(None))
        async with self._database.reading() as session:
            return await session.scalar(select(func.count()).select_from(RecoveryRow).where(*which)) or 0

    async def use_recovery_code(self, account: str, code_hmac: str, now: float) -> bool:
        """False: there is no such code, or it was used."""
        which = (
            RecoveryRow.account_id == account,
            RecoveryRow.code_hmac == code_hmac,
            RecoveryRow.used_at.is_(None),
        )
        async with self._database.writing() as session:
            return _count(await session.execute(update(RecoveryRow).where(*which).values(used_at=now))) == 1

    async def reset(self, account: str) -> None:
        """Whoever has it begins anew: no passkeys, no TOTP, no recovery codes."""
        async with self._database.writing() as session:
            for table in (PasskeyRow, RecoveryRow, StepRow):
                await session.execute(delete(table).where(table.account_id == account))
            none = {"totp_sealed": None, "totp_pending_sealed": None, "totp_since": None}
            await session.execute(update(AccountRow).where(AccountRow.id == account).values(**none))


def _count(result: Any) -> int:
    return int(result.rowcount)
