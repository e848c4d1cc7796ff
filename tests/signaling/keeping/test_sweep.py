"""The sweep: what is due goes, in batches, after the audit log has said so, and not without it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretBytes

from clinic import Database, Qualities, Quality, Recordings, Retention, Unavailable, open_database, sqlite_url
from clinic.audit.events import Event
from clinic.keeping import here, whose
from clinic.keeping.holds import LegalHolds
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.records import Hold, RetentionRule, Subject
from clinic.keeping.rules import RetentionRules
from clinic.keeping.runs import Runs
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.ids import new_id
from signaling.keeping import sweep as sweeping
from signaling.keeping.parts import Parts
from signaling.keeping.proof import ProofSigner
from signaling.keeping.sweep import Sweep
from signaling.refusals import Refused
from signaling.sealed_columns import SealedColumns
from tests.clinic.made_up import START, captured

NOW = START + 1e7
KEY = SecretBytes(bytes(32))


class Log:
    """An audit log that can be away."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def append(self, events: Sequence[Event]) -> None:
        if self.away:
            raise Unavailable("the disk is full")
        self.events += events


class Swept:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.log = Log()
        self.scrubbed: list[Sequence[str]] = []
        clock = Clock(wall=lambda: NOW)

        async def scrub(tables: object) -> bool:
            self.scrubbed.append(list(tables))  # type: ignore[call-overload]
            return True

        async def subject(patient: str) -> Subject:
            return await whose.subject(database, patient)

        self.parts = Parts(
            database=database,
            kept=here.kept_rows(database),
            rules=RetentionRules(database, {"quality": 90}),
            holds=LegalHolds(database),
            proofs=DeletionProofs(database),
            runs=Runs(database),
            retention=Retention(database),
            whose=subject,
            signer=ProofSigner(KEY, KEY),
            sealed=SealedColumns(KEY, os.urandom),
            audit=Audit(self.log.append, clock),
            clock=clock,
            new_id=new_id,
            scrub=scrub,
        )
        self.sweep = Sweep(self.parts)

    async def add(self, count: int, at: float = START) -> None:
        await Qualities(self.database).keep(
            [Quality("s1", f"p{at}-{number}", at, "patient", at, True, {}) for number in range(count)]
        )

    async def left(self) -> int:
        return len(await Qualities(self.database).of_session("s1"))


@pytest_asyncio.fixture
async def swept(tmp_path: Path) -> AsyncIterator[Swept]:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    yield Swept(database)
    await database.close()


async def test_what_is_due_goes_and_the_log_says_how_many(swept: Swept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 4)
    await swept.add(10)
    await swept.add(2, NOW - 10)
    assert (await swept.sweep.due(NOW))["quality"].free == 10
    assert await swept.left() == 12
    assert await swept.sweep.run(NOW) == {"quality": 10}
    assert await swept.left() == 2
    (event,) = swept.log.events
    assert (event.kind, event.actor_kind, dict(event.details)) == ("retention.run", "server", {"quality": 10})
    assert await swept.sweep.run(NOW) == {}
    assert len(swept.log.events) == 1, "nothing went, so there is nothing to say"


async def test_one_sweep_takes_a_bounded_time(swept: Swept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "BATCH", 2)
    monkeypatch.setattr(sweeping, "MOST", 3)
    await swept.add(10)
    assert await swept.sweep.run(NOW) == {"quality": 6}
    assert await swept.sweep.run(NOW) == {"quality": 4}


async def test_nothing_goes_that_the_log_cannot_say(swept: Swept) -> None:
    await swept.add(3)
    swept.log.away = True
    with pytest.raises(Refused) as refused:
        await swept.sweep.run(NOW)
    assert refused.value.code == "audit_unavailable"
    assert await swept.left() == 3
    swept.log.away = False
    await swept.sweep.run(NOW)
    assert await swept.left() == 0


async def test_what_is_on_hold_or_for_ever_stays(swept: Swept) -> None:
    await swept.add(3)
    await swept.parts.holds.place(Hold("h1", NOW, "admin", b"", session="s1"))
    assert await swept.sweep.run(NOW) == {}
    await swept.parts.holds.release("h1", by="admin", now=NOW)
    await swept.parts.rules.change(RetentionRule("quality", None, NOW, "admin"))
    assert await swept.sweep.run(NOW) == {}
    assert await swept.left() == 3
    await swept.parts.rules.change(RetentionRule("quality", 1, NOW, "admin"))
    assert await swept.sweep.run(NOW) == {"quality": 3}


async def test_recordings_follow_a_rule_once_there_is_one(swept: Swept) -> None:
    recordings = Recordings(swept.database)
    await captured(recordings, "old")
    await captured(recordings, "own", delete_after=START + 5)

    async def deadlines() -> list[float | None]:
        return [(await recordings.get(each)).recording.delete_after for each in ("old", "own")]

    await swept.sweep.run(NOW)
    assert await deadlines() == [None, START + 5], "as they were when they were made"
    await swept.parts.rules.change(RetentionRule("recordings", 10, NOW, "admin"))
    await swept.sweep.run(NOW)
    assert await deadlines() == [START + 10 * 86_400] * 2
    assert [each.id for each in await swept.parts.retention.due(NOW)] == ["old", "own"]
    await swept.parts.rules.change(RetentionRule("recordings", None, NOW, "admin"))
    await swept.sweep.run(NOW)
    assert await deadlines() == [None, None]
