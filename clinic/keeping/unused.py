"""What nobody has looked after: accounts that nobody uses, emergencies that nobody has looked at.

Not here: what is done about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from clinic.accounts.tables import AccountRow, EmergencyRow
from clinic.database import Database


@dataclass(frozen=True)
class LookedAfter:
    accounts: int
    """Of people who may sign in."""
    unused: int
    """Of those, not used since some time."""
    emergencies: int
    """That were taken and that nobody has looked at."""


async def looked_after(database: Database, since: float) -> LookedAfter:
    """`since`: accounts that were made and used before it only are unused. Raises Unavailable."""
    active = select(func.count()).select_from(AccountRow).where(AccountRow.active.is_(True))
    last = func.coalesce(AccountRow.signed_in_at, AccountRow.made_at)
    open_ones = select(func.count()).select_from(EmergencyRow).where(EmergencyRow.acknowledged_at.is_(None))
    async with database.reading() as session:
        return LookedAfter(
            accounts=int((await session.execute(active)).scalar_one()),
            unused=int((await session.execute(active.where(last < since))).scalar_one()),
            emergencies=int((await session.execute(open_ones)).scalar_one()),
        )
