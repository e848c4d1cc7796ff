"""Between rows and records: taking a recording for a change, moving its state, turning one into the other.

Not here: any one question that is asked (`recordings.py`, `consents.py`, `viewings.py`, `retention.py`, `jobs.py`).
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from clinic.errors import Unknown
from clinic.states import RECORDING_MOVES, RecordingState, check_move
from clinic.tables import RecordingRow, Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Record = TypeVar("Record", bound=DataclassInstance)

Row = TypeVar("Row", bound=Table)


async def take(session: AsyncSession, recording: str) -> RecordingRow:
    """The recording's row, and nobody else's until the transaction ends. Raises Unknown.

    Every change of a recording begins with this, so changes of one recording stand in line, and two that need more
    rows cannot wait for each other.
    """
    row = await session.get(RecordingRow, recording, with_for_update=True)
    if row is None:
        raise Unknown("there is no such recording")
    return row


def move(row: RecordingRow, to: RecordingState, failure: str | None = None) -> None:
    """Raises IllegalMove. A failure is remembered until the next move."""
    check_move(RECORDING_MOVES, row.state, to)
    row.state, row.failure = to, failure


def as_record(record: type[Record], row: Table, **other: Any) -> Record:
    """The record of a row that has the same names; `other` for what is kept in another form."""
    return record(**{each.name: getattr(row, each.name) for each in fields(record) if each.name not in other} | other)


def as_row(row: type[Row], record: DataclassInstance, **other: Any) -> Row:
    return row(**{each.name: getattr(record, each.name) for each in fields(record) if each.name not in other} | other)
