"""Challenges: what an authenticator signs, what single sign-on gives back. Each can be taken once, and expires.

Not here: what one holds.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from clinic.accounts.records import Challenge
from clinic.accounts.tables import ChallengeRow
from clinic.database import Database
from clinic.rows import as_record, as_row


class Challenges:
    """Each method is one transaction. All raise Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, challenge: Challenge, now: float) -> None:
        """Forgets those that have expired."""
        async with self._database.writing() as session:
            await session.execute(delete(ChallengeRow).where(ChallengeRow.expires_at <= now))
            session.add(as_row(ChallengeRow, challenge))

    async def take(self, challenge: str, purpose: str, now: float) -> Challenge | None:
        """Nobody can take it again, whether or not it is for this purpose."""
        async with self._database.writing() as session:
            row = await session.scalar(select(ChallengeRow).where(ChallengeRow.id == challenge).with_for_update())
            if row is None:
                return None
            taken = as_record(Challenge, row)
            await session.delete(row)
        return taken if taken.purpose == purpose and taken.expires_at > now else None
