"""A database as lines and back: every table, every kind of value, from each database into each."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import inspect, text

from clinic import BadDatabase, Conflict, Consents, Database, Jobs, Recordings, open_database, sqlite_url
from clinic.keeping.dump import LEFT_OUT, Columns, Tally, chain_of, dumping, is_empty, loading, tallied
from clinic.keeping.holds import LegalHolds
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.records import DeletedSecret, DeletionProof, Hold, RetentionRule
from clinic.keeping.rules import RetentionRules
from clinic.qualities import Qualities
from clinic.records import Quality
from clinic.tables import Table
from tests.clinic.made_up import START, TEXT, captured, consent, job, key_of, mark
from tests.clinic.postgres import Postgres

CHAIN = chain_of(Table.metadata)


async def fill(database: Database) -> None:
    """Something in nearly every table: bytes, JSON, truth values, numbers, nothing, and letters of all kinds."""
    await captured(Recordings(database))
    await Recordings(database).mark(mark(7, person_id="p1"))
    await Jobs(database).add(job(options={"names": True, "n": 1, "words": "Grüße 🌍"}))
    await Consents(database).keep_text(TEXT)
    await Consents(database).keep(consent(place="Oregon\nand more", signed_as_sealed=bytes(range(256))))
    await Qualities(database).keep([Quality("s1", "p1", START, "patient", START + 0.001, True, {"a": [1.5, None, {}]})])
    await RetentionRules(database).change(RetentionRule("messages", None, START, "admin-1"))
    await LegalHolds(database).place(Hold("h1", START, "admin-1", b"", patient="pat-1"))
    secrets = (DeletedSecret("person", "p1", "ab" * 32),)
    await DeletionProofs(database).keep(
        DeletionProof("d1", START, "a", b"r", None, {"notes": ["cd" * 32]}, secrets, {"x": 1}, b"s")
    )


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database of either kind, whatever kind the first one is of."""
    if request.param == "sqlite":
        file = tmp_path / "another.db"
        shutil.copy(request.getfixturevalue("migrated_file"), file)
        database = open_database(sqlite_url(file))
    else:
        server: Postgres = request.getfixturevalue("postgres")
        database = open_database(server.fresh())
        await database.upgrade()
    yield database
    await database.close()


async def copy(database: Database, another: Database) -> None:
    async with dumping(database, CHAIN) as dump, loading(another, CHAIN) as load:
        for each in dump.tables:
            async for piece in dump.pieces(each):
                await load.write(each, piece.splitlines())


async def test_what_is_restored_is_what_was_there(database: Database, another: Database) -> None:
    await fill(database)
    before = await tallied(database, CHAIN)
    await copy(database, another)
    assert await tallied(another, CHAIN) == before
    assert int(before["recording_person"].split()[0]) == 2
    whole = await Recordings(another).get("r1")
    assert whole == await Recordings(database).get("r1")
    assert {each.wrapped_key for each in whole.people} == {key_of("p1"), key_of("p2")}
    assert await Consents(another).of_session("session-1") == await Consents(database).of_session("session-1")
    # numbers go on behind the last one, and what is append-only still is
    await Consents(another).keep(consent("p2"))
    with pytest.raises(Conflict):
        async with another.writing() as session:
            await session.execute(text("DELETE FROM deletion_proof"))


async def test_every_table_is_in_it(database: Database) -> None:
    async with database.reading() as session:
        there = await (await session.connection()).run_sync(lambda each: set(inspect(each).get_table_names()))
    async with dumping(database, CHAIN) as dump:
        assert {each.table for each in dump.tables} == there - {"alembic_version", *LEFT_OUT}


async def test_it_is_as_of_one_moment(database: Database, other: Database) -> None:
    await captured(Recordings(database))
    async with dumping(database, CHAIN) as dump:
        await captured(Recordings(other), "r2", ("p3",))
        for each in dump.tables:
            async for _ in dump.pieces(each):
                pass
        assert (dump.tallies["recording"].rows, dump.tallies["recording_person"].rows) == (1, 2)


async def test_a_sum_tells_any_change_and_no_order() -> None:
    lines = [b'["a",1]', b'["b",2]', b'["b",2]']
    sums = []
    for order in (lines, lines[::-1], lines[:2], [*lines[:2], b'["b",3]']):
        tally = Tally()
        for line in order:
            tally.add(line)
        sums.append(str(tally))
    assert sums[0] == sums[1]
    assert len(set(sums)) == 3


@pytest.mark.parametrize(
    "line",
    [b"", b"{}", b"[1]", b"nonsense", b'["messages",{"bytes":"x"},"a",1,2]', b'["messages",[],"a",1,2]', b"\xff"],
)
async def test_a_line_that_is_no_row_is_refused_and_nothing_is_kept(another: Database, line: bytes) -> None:
    columns = Columns("retention_rule", ("kind", "days", "by", "at", "id"))
    with pytest.raises(BadDatabase):
        async with loading(another, CHAIN) as load:
            await load.write(columns, [b'["messages",1,"a",1,2]', line])
    assert await RetentionRules(another).changed() == {}


async def test_a_table_or_a_column_that_is_none_of_ours_is_refused(another: Database) -> None:
    for columns in (Columns("sqlite_master", ("name",)), Columns("retention_rule", ("kind", "nothing"))):
        with pytest.raises(BadDatabase, match="not known"):
            async with loading(another, CHAIN) as load:
                await load.write(columns, [])


async def test_an_empty_database_is_told_from_one_with_tables(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "new.db"))
    assert await is_empty(database, CHAIN)
    with pytest.raises(BadDatabase, match="no tables"):
        async with dumping(database, CHAIN):
            pass
    await database.upgrade()
    assert not await is_empty(database, CHAIN)
    await database.close()
