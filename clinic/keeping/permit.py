"""The permit: documentation is append-only for everybody, but for a transaction that says that its time is over.

Triggers of the database refuse to remove a row of such a table unless a permit is there, and it is there only inside
of the transaction that removes: nobody else ever sees one. Not here: whose time is over.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from clinic.keeping.tables import PermitRow


@contextlib.asynccontextmanager
async def permitted(session: AsyncSession) -> AsyncIterator[None]:
    """What is removed in this block may be append-only."""
    session.add(PermitRow())
    await session.flush()
    yield
    await session.flush()
    await session.execute(delete(PermitRow))
