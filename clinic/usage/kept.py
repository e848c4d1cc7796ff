"""Usage as a kind of records that is kept: sittings go with their shares and spans, and out of the sums.

Not here: for how long, and who decides it (`clinic/keeping`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.database import Database
from clinic.keeping.kept_rows import KeptRows
from clinic.usage.store import add_to_sums, load
from clinic.usage.tables import ShareRow, SittingRow, SpanRow, SumRow


class KeptUsage(KeptRows):
    def __init__(self, database: Database) -> None:
        super().__init__(
            database,
            "usage",
            SittingRow,
            at=SittingRow.started_at,
            session=SittingRow.session,
            therapist=SittingRow.therapist,
            children=(ShareRow.sitting_id, SpanRow.sitting_id),
            only=(SittingRow.ended_at.is_not(None),),
        )

    async def _drop(self, session: AsyncSession, keys: Sequence[tuple[Any, ...]]) -> None:
        """A patient's sums would otherwise say of them what their sittings do not say any more."""
        ids = [str(key[0]) for key in keys]
        gone = await load(session, select(SittingRow).where(SittingRow.id.in_(ids)), spans=False)
        await add_to_sums(session, [each for each in gone if each.sitting.ended_at is not None], times=-1)
        await session.execute(delete(SumRow).where(SumRow.sittings <= 0))
        await super()._drop(session, keys)
