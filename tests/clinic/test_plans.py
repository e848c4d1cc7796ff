"""No page reads a whole table of a year: what SQLite and PostgreSQL plan to do for it.

SQLite plans the same whatever is in the tables. PostgreSQL would read small ones as a whole, and is told not to where
it can do otherwise.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import event

from clinic import Database, Recordings
from clinic.appointments.appointments import Appointments
from clinic.appointments.records import AppointmentState
from clinic.keeping.office import kept_rows
from clinic.keeping.records import Subject
from clinic.states import RecordingState
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.records import DeliveryState

NOW = 1_780_000_000.0
MONTH = 30 * 86_400.0

Ask = Callable[[Database], Awaitable[Any]]
SUBJECT = Subject("patient-1", frozenset({"session-1", "session-2"}))

ASKED: dict[str, Ask] = {
    "the log of deliveries": lambda database: DeliveryStore(database).page("endpoint-1", before=9),
    "failed deliveries": lambda database: DeliveryStore(database).page("endpoint-1", states=[DeliveryState.FAILED]),
    "deliveries that are due": lambda database: DeliveryStore(database).claim("endpoint-1", NOW, 60.0, 8),
    "how many deliveries wait": lambda database: DeliveryStore(database).waiting(),
    "appointments of a month in one state": lambda database: Appointments(database).find(
        since=NOW, until=NOW + MONTH, state=AppointmentState.SEEN, limit=50
    ),
    "recordings in one state": lambda database: Recordings(database).find(states=[RecordingState.CAPTURED], limit=50),
    "a patient's messages": lambda database: kept_rows(database)["messages"].of_patient(SUBJECT, None, 50),
    "deliveries about a patient": lambda database: kept_rows(database)["webhooks"].of_patient(SUBJECT, None, 50),
    "consents to telehealth that are due": lambda database: kept_rows(database)["telehealth"].due(NOW, NOW),
}

IN_ORDER = {
    "the log of deliveries",
    "failed deliveries",
    "deliveries that are due",
    "appointments of a month in one state",
    "recordings in one state",
    "a patient's messages",
}
"""What the index gives in the order in which it is shown: nothing is sorted."""

SMALL = ("webhook_endpoint", "legal_hold", "retention_rule")
"""Tables with a few rows, which may be read as a whole."""


@pytest.mark.parametrize("what", ASKED)
async def test_an_index_answers(database: Database, what: str) -> None:
    plan = await planned(database, ASKED[what])
    whole = [line for line in plan if reads_all(line) and not any(each in line for each in SMALL)]
    assert not whole, plan
    if what in IN_ORDER:
        assert not [line for line in plan if sorts(line)], plan


async def planned(database: Database, ask: Ask) -> list[str]:
    """The lines of the plans of all that is asked."""
    engine = database._engine
    asked: list[tuple[str, Any]] = []

    def hear(connection: Any, cursor: Any, statement: str, given: Any, context: Any, many: bool) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            asked.append((statement, given))

    event.listen(engine.sync_engine, "before_cursor_execute", hear)
    try:
        await ask(database)
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", hear)
    assert asked
    lines: list[str] = []
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for statement, given in asked:
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
                lines += [row._mapping["detail"] for row in rows]
        else:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            for statement, given in asked:
                rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", given)
                lines += [str(row[0]) for row in rows]
    return lines


def reads_all(line: str) -> bool:
    return "Seq Scan" in line or (line.startswith("SCAN") and "CONSTANT ROW" not in line)


def sorts(line: str) -> bool:
    return "TEMP B-TREE FOR ORDER BY" in line or "Sort Key" in line
