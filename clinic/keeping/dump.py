"""A database as lines, and lines as a database: what a backup is made of, the same for SQLite and PostgreSQL, so that
what was one can be restored as the other.

A row is a JSON array of its columns' values as the database has them. All tables are read in one transaction, as of
one moment; nothing waits for it but the putting out of deleted keys (`Database.scrub`). Not here: files, encryption,
and what else belongs to a backup (`therabook/backup.py`).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnClause,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    column,
    func,
    insert,
    inspect,
    select,
    text,
    tuple_,
)
from sqlalchemy import delete as delete_from
from sqlalchemy import table as table_called
from sqlalchemy import update as update_in
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import AsyncConnection

from clinic.database import Database
from clinic.errors import BadDatabase

TOGETHER = 500
"""Rows that are read, or written, at once."""

PIECE = 1 << 20
"""Bytes of lines in one piece, about: what is in memory at once."""

LEFT_OUT = ("removal_permit",)
WHOLE = 1 << 256


@dataclass(frozen=True)
class Chain:
    """Tables that belong together, and where the database says which revision of them it has: two such chains may
    stand in one PostgreSQL database."""

    tables: frozenset[str]
    version: str


def chain_of(metadata: MetaData, version: str = "alembic_version") -> Chain:
    return Chain(frozenset(metadata.tables) - frozenset(LEFT_OUT), version)


@dataclass
class Tally:
    """How many rows, and a sum of their hashes: the same for the same rows in any order."""

    rows: int = 0
    sum: int = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self.sum = (self.sum + int.from_bytes(hashlib.sha256(line).digest())) % WHOLE

    def __str__(self) -> str:
        return f"{self.rows} {self.sum:064x}"


@dataclass(frozen=True)
class Columns:
    table: str
    columns: tuple[str, ...]


@dataclass
class Dump:
    """A database at one moment."""

    revision: str
    """Of its tables, as migrations call it."""
    tables: tuple[Columns, ...]
    """In an order in which they can be written: what is referred to comes first."""
    tallies: dict[str, Tally] = field(default_factory=dict)
    """Of the tables that were read."""
    _connection: AsyncConnection | None = None
    _known: Mapping[str, Table] = field(default_factory=dict)

    async def pieces(self, columns: Columns) -> AsyncIterator[bytes]:
        """The rows of one table, as lines."""
        if self._connection is None:
            raise BadDatabase("the database is not open any more")
        table = self._known[columns.table]
        tally = self.tallies.setdefault(columns.table, Tally())
        wanted = [table.c[name] for name in columns.columns]
        structured = [isinstance(each.type, JSON) for each in wanted]
        lines: list[bytes] = []
        size = 0
        async with self._connection.stream(select(*wanted).execution_options(yield_per=TOGETHER)) as rows:
            async for row in rows:
                line = _line(row, structured)
                tally.add(line)
                lines.append(line + b"\n")
                size += len(line) + 1
                if size >= PIECE:
                    yield b"".join(lines)
                    lines, size = [], 0
        if lines:
            yield b"".join(lines)


@contextlib.asynccontextmanager
async def dumping(database: Database, chain: Chain) -> AsyncIterator[Dump]:
    """Raises Unavailable; BadDatabase for one without tables of ours."""
    async with database.reading() as session:
        connection = await session.connection()
        revision = await _revision(connection, chain)
        known = await _reflected(connection, chain)
        tables = tuple(Columns(table.name, tuple(each.name for each in table.columns)) for table in known)
        yield Dump(revision, tables, _connection=connection, _known={table.name: table for table in known})


class Load:
    """Rows on their way into a database that has just been made."""

    def __init__(self, connection: AsyncConnection, known: Mapping[str, Table]) -> None:
        self._connection = connection
        self._known = known
        self._there: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
        self.tallies: dict[str, Tally] = {}

    async def write(self, columns: Columns, lines: Iterable[bytes]) -> None:
        """Raises BadDatabase for what is no row of this table."""
        table = self._known.get(columns.table)
        if table is None or not set(columns.columns) <= set(table.c.keys()):
            raise BadDatabase(f"the backup has a table {columns.table[:64]} that is not known")
        there = await self._rows_there(table)
        tally = self.tallies.setdefault(columns.table, Tally())
        decode = [table.c[name].type for name in columns.columns]
        fresh: list[dict[str, Any]] = []
        for line in lines:
            tally.add(line)
            row = dict(zip(columns.columns, _values(line, decode), strict=True))
            key = tuple(row[each.name] for each in table.primary_key) if there else ()
            if key in there:
                # what a migration has made: changed only if it is another now, as triggers may want it to grow
                if there.pop(key) != row:
                    await self._connection.execute(update_in(table).where(_is(table, key)).values(row))
                continue
            fresh.append(row)
            if len(fresh) >= TOGETHER:
                await self._insert(table, fresh)
                fresh = []
        if fresh:
            await self._insert(table, fresh)

    async def _insert(self, table: Table, rows: list[dict[str, Any]]) -> None:
        try:
            await self._connection.execute(insert(table), rows)
        except DataError:
            raise BadDatabase(f"the backup has a row of {table.name} that does not fit") from None

    async def _rows_there(self, table: Table) -> dict[tuple[Any, ...], dict[str, Any]]:
        """By key: rows that the migrations have made and that have not come yet."""
        if table.name not in self._there:
            rows = (await self._connection.execute(select(table))).mappings()
            found = [dict(row) for row in rows]
            self._there[table.name] = {tuple(row[each.name] for each in table.primary_key): row for row in found}
        return self._there[table.name]

    async def finish(self) -> None:
        """What migrations have made, and the backup does not have, goes. Numbers go on behind the last one."""
        for table in self._known.values():
            for key in await self._rows_there(table):
                await self._connection.execute(delete_from(table).where(_is(table, key)))
        if self._connection.dialect.name == "postgresql":
            for table in self._known.values():
                await self._go_on(table)

    async def _go_on(self, table: Table) -> None:
        for key in table.primary_key:
            if not isinstance(key.type, Integer):
                continue
            asked = text("SELECT pg_get_serial_sequence(:table, :key)")
            named = await self._connection.execute(asked, {"table": f'"{table.name}"', "key": key.name})
            sequence = named.scalar_one()
            last = (await self._connection.execute(select(func.max(key)))).scalar_one()
            if sequence is not None and last is not None:
                await self._connection.execute(select(func.setval(sequence, last)))


@contextlib.asynccontextmanager
async def loading(database: Database, chain: Chain) -> AsyncIterator[Load]:
    """All of it is kept when the block ends, or nothing. The tables are there already. Raises Unavailable, Conflict,
    BadDatabase."""
    async with database.writing() as session:
        connection = await session.connection()
        known = {table.name: table for table in await _reflected(connection, chain)}
        load = Load(connection, known)
        yield load
        await load.finish()


async def is_empty(database: Database, chain: Chain) -> bool:
    """Whether there is nothing of these tables in it."""
    async with database.reading() as session:
        there = await (await session.connection()).run_sync(lambda each: inspect(each).get_table_names())
        return chain.version not in there and not chain.tables & set(there)


async def tallied(database: Database, chain: Chain) -> dict[str, str]:
    """By table: what a `Tally` of it says."""
    async with dumping(database, chain) as dump:
        for each in dump.tables:
            async for _ in dump.pieces(each):
                pass
        return {each.table: str(dump.tallies[each.table]) for each in dump.tables}


async def _revision(connection: AsyncConnection, chain: Chain) -> str:
    there = await connection.run_sync(lambda each: inspect(each).get_table_names())
    if chain.version not in there:
        raise BadDatabase("the database has no tables of this program")
    version: ColumnClause[str] = column("version_num")
    return str((await connection.execute(select(version).select_from(table_called(chain.version)))).scalar_one())


async def _reflected(connection: AsyncConnection, chain: Chain) -> list[Table]:
    metadata = MetaData()
    await connection.run_sync(lambda each: metadata.reflect(each, only=lambda name, _: name in chain.tables))
    tables = [table for table in metadata.sorted_tables if table.name in chain.tables]
    for table in tables:
        for each in table.columns:
            if isinstance(each.type, JSON):
                each.type = JSON(none_as_null=True)
    return tables


def _line(row: Sequence[Any], structured: Sequence[bool]) -> bytes:
    values = [
        {"json": value} if is_json and value is not None else _plain(value)
        for value, is_json in zip(row, structured, strict=True)
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise BadDatabase(f"a value of a kind that no backup takes: {type(value).__name__}")


def _values(line: bytes, types: Sequence[Any]) -> list[Any]:
    try:
        row = json.loads(line)
        if not isinstance(row, list) or len(row) != len(types):
            raise ValueError
        return [_value(value, kind) for value, kind in zip(row, types, strict=True)]
    except (ValueError, KeyError, TypeError):
        raise BadDatabase("the backup has a line that is no row") from None


def _value(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if isinstance(kind, JSON):
        return value["json"]
    if isinstance(kind, LargeBinary):
        return base64.b64decode(value["bytes"], validate=True)
    wanted = kind.python_type
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:  # a truth value is no number here
        raise ValueError
    return value


def _is(table: Table, key: tuple[Any, ...]) -> Any:
    return tuple_(*table.primary_key) == tuple_(*key)
