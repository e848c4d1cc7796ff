"""Records go into the database while people are there and when they are gone, and wait while it is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from clinic import Database, Qualities, Quality, Unavailable, open_database, sqlite_url
from signaling import messages as m
from signaling.clock import Clock
from signaling.quality_keeper import QualityKeeper
from signaling.quality_watch import KEEP_EVERY
from tests.signaling.stage import EPOCH
from tests.signaling.test_quality_watch import Watched

pytestmark = pytest.mark.asyncio


class Away(Qualities):
    """A database that is away as long as a test says."""

    away = False

    async def keep(self, records: Sequence[Quality]) -> None:
        if self.away:
            raise Unavailable("away")
        await super().keep(records)


class Kept(Watched):
    def __init__(self, database: Database) -> None:
        super().__init__(limit=4)
        self.qualities = Away(database)
        clock = Clock(steady=lambda: self.now, wall=lambda: self.now + EPOCH)
        self.keeper = QualityKeeper(self.watch, self.qualities, clock)

    async def found(self) -> list[Quality]:
        return await self.qualities.of_session("session-1")


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Kept]:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    yield Kept(database)
    await database.close()


async def test_a_crash_costs_a_minute_at_most(stage: Kept) -> None:
    therapist = stage.therapist()
    await stage.keeper.look()
    assert await stage.found() == []
    stage.passes(KEEP_EVERY)
    await stage.keeper.look()
    [record] = await stage.found()
    assert (record.person_id, record.gone_at) == (therapist.seat_id, None)


async def test_whoever_is_gone_is_kept_at_the_next_look(stage: Kept) -> None:
    therapist = stage.therapist()
    therapist.says(m.Leave())
    await stage.keeper.look()
    [record] = await stage.found()
    assert record.gone == "left"
    assert stage.kept() == {}


async def test_a_database_that_is_away_costs_nothing_but_time(stage: Kept) -> None:
    therapist, patient = stage.therapist(), stage.patient()
    patient.says(m.Leave())
    stage.qualities.away = True
    await stage.keeper.look()
    stage.passes(KEEP_EVERY)
    therapist.says(m.Leave())
    await stage.keeper.look()
    assert await stage.found() == []
    assert {each.person_id for each in await stage.keeper.report("session-1", None, None)} == {
        therapist.seat_id,
        patient.seat_id,
    }, "the report knows what waits"
    stage.qualities.away = False
    await stage.keeper.look()
    assert [each.person_id for each in await stage.found()] == [therapist.seat_id, patient.seat_id]


async def test_what_can_never_be_kept_does_not_stand_in_the_way(stage: Kept) -> None:
    stage.therapist("Dr. 1").says(m.Leave())
    [broken] = [replace(each, role="x" * 100) for each in stage.kept().values()]
    stage.watch._gone = {("session-1", broken.person_id, broken.came_at): broken}
    await stage.keeper.look()
    assert stage.kept() == {}
    assert stage.counted("quality_records_lost_total") == 1
    stage.therapist("Dr. 2").says(m.Leave())
    await stage.keeper.look()
    assert len(await stage.found()) == 1


async def test_the_end_of_the_service_keeps_everybody(stage: Kept) -> None:
    therapist = stage.therapist()
    stage.passes(10.0)
    await stage.keeper.close()
    [record] = await stage.found()
    assert (record.person_id, record.gone_at, record.kept_at) == (therapist.seat_id, None, EPOCH + 110.0)


async def test_the_report_of_a_session_that_goes_on_is_of_now(stage: Kept) -> None:
    stage.therapist()
    await stage.keeper.close()
    stage.passes(10.0)
    [record] = await stage.keeper.report("session-1", None, None)
    assert record.kept_at == EPOCH + 110.0
    assert await stage.keeper.report("session-1", EPOCH + 101.0, None) == []
    assert await stage.keeper.report("another", None, None) == []
