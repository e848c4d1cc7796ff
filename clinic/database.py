"""The database: one file beside the service (SQLite) or a server (PostgreSQL), opened, brought up to date, and used in
transactions.

Not here: what is asked of it. Nobody but this package speaks SQL.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Collection, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.util import await_only

from clinic.columns import Sealed
from clinic.errors import BadDatabase, Conflict, Unavailable
from clinic.tables import Table

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x7468_6572_6162_6F6B
"""Any number, the same for every server of a cluster: who holds it in PostgreSQL may change the tables."""

BUSY_MS = 10_000
"""How long a change waits for another one. SQLite has one writer at a time, and each takes a few milliseconds."""

AGAIN_MS = 20
"""After this long a new file is tried again that several processes want to set up at once."""

PATIENCE = 30
"""Seconds that PostgreSQL may take for one statement."""

SCRUB_PATIENCE_MS = 3_000
"""While a scrub waits for a table, everybody waits behind it: a backup that runs for minutes goes first."""

KEYS = ("recording_person", "recording_output")
"""Tables with keys of recordings."""

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code for having waited too long."""

AWAY = ("08", "40", "53", "55", "57", "58")
"""Its classes of what passes: connections, deadlocks, full disks, locks, restarts, failures of its system."""

UNUSABLE = ("28", "3D", "SQLITE_NOTADB", "SQLITE_CORRUPT")
"""What does not: not let in, no such database; a file that is something else, or damaged."""


def sqlite_url(file: Path) -> str:
    """The URL of a database in a file."""
    return URL.create("sqlite+aiosqlite", database=str(file)).render_as_string()


def open_database(url: str, migrations: Path = MIGRATIONS) -> Database:
    """Makes the file if there is none (for the service's own user only), and connects when it is first used.

    Takes `sqlite:///FILE` and `postgresql://USER:PASSWORD@HOST/NAME`. Raises BadDatabase, without the password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise BadDatabase("this is no database URL; write sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    kind = parsed.drivername.split("+")[0]
    if kind == "sqlite":
        return Database(_open_sqlite(parsed), migrations)
    if kind in ("postgresql", "postgres"):
        return Database(_open_postgresql(parsed), migrations)
    raise BadDatabase(f"{kind} is not supported; use sqlite or postgresql")


class Database:
    """Transactions on one database. `upgrade` comes before the first one."""

    def __init__(self, engine: AsyncEngine, migrations: Path = MIGRATIONS) -> None:
        self._engine = engine
        self._migrations = migrations
        self._sqlite = engine.dialect.name == "sqlite"
        one_moment: dict[str, Any] = (
            {"begin": "BEGIN"} if self._sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._readers = async_sessionmaker(engine.execution_options(**one_moment), expire_on_commit=False)
        self._writers = async_sessionmaker(engine, expire_on_commit=False)
        self._together: ContextVar[tuple[object, AsyncSession] | None] = ContextVar("together", default=None)

    async def upgrade(self, to: str = "head") -> None:
        """Brings the tables up to date, or to an older revision of them. Two processes may do this at once: one does
        it, the other finds it done.

        Raises BadDatabase, Unavailable.
        """
        with _faults():
            async with self._engine.begin() as connection:
                if not self._sqlite:
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
                await connection.run_sync(_migrate, self._migrations, to)

    async def answers(self) -> None:
        """Whether it can be used at all: changes nothing, and needs no tables. Raises BadDatabase, Unavailable."""
        with _faults():
            async with self._readers() as session:
                await session.execute(text("SELECT 1"))

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A transaction that sees one moment and changes nothing. Raises Unavailable."""
        outer = self._joined()
        with _faults():
            if outer is not None:
                yield outer
                return
            async with self._readers() as session:
                yield session

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction that is kept when the block ends, unless it raises. Raises Unavailable, Conflict."""
        outer = self._joined()
        with _faults():
            if outer is not None:
                yield outer
                await outer.flush()
                return
            async with self._writers.begin() as session:
                yield session

    @contextlib.asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """What stores read and write in this block, in this task, is one transaction: kept as a whole when it ends, or
        not at all if it raises. A store that raises has spoilt it; so whoever catches that raises something else.

        Nothing but this database may be waited for inside. Raises Unavailable, Conflict.
        """
        if self._joined() is not None:
            yield
            return
        async with self.writing() as session:
            token = self._together.set((asyncio.current_task(), session))
            try:
                yield
            finally:
                self._together.reset(token)

    def _joined(self) -> AsyncSession | None:
        """The transaction of a `together` around. A task that was started in one inherits the variable, not that."""
        outer = self._together.get()
        return outer[1] if outer is not None and outer[0] is asyncio.current_task() else None

    async def scrub(self, tables: Collection[str] = ()) -> bool:
        """Puts deleted keys out of the database's own files: both databases mark deleted bytes as free at first. In
        PostgreSQL of recordings' keys, and of `tables` from which something sealed was removed.

        False if it could not be done now, because somebody else uses the tables (a backup). It cannot reach copies:
        backups, and in PostgreSQL the write-ahead log until that is recycled. Raises Unavailable.
        """
        with _faults():
            async with self._engine.connect() as connection:
                if self._sqlite:
                    await connection.execution_options(begin="")
                    # secure_delete has overwritten the pages themselves; old copies of them stand in the log
                    busy = (await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))).scalar_one()
                    return not busy
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                return await _rewrite(connection, tables)

    async def close(self) -> None:
        await self._engine.dispose()


def _open_sqlite(url: URL) -> AsyncEngine:
    if not url.database or url.database == ":memory:":
        raise BadDatabase("sqlite needs a file: sqlite:////path/to/clinic.db")
    _make_file(Path(url.database))
    engine = create_async_engine(url.set(drivername="sqlite+aiosqlite"), hide_parameters=True)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: `begin` does
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        _write_ahead(cursor)
        for pragma in (
            "synchronous = FULL",  # what is committed survives a power cut too
            "foreign_keys = ON",
            "secure_delete = ON",  # a deleted key is overwritten, not only forgotten
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        # A change takes the lock at once: taken in the middle, it could fail without waiting.
        statement = connection.get_execution_options().get("begin", "BEGIN IMMEDIATE")
        if statement:
            connection.exec_driver_sql(statement)

    return engine


def _write_ahead(cursor: Any) -> None:
    """Turns a new file to write-ahead logging. SQLite does not wait here by itself for others who are about to."""
    for _ in range(BUSY_MS // AGAIN_MS):
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
        await_only(asyncio.sleep(AGAIN_MS / 1000))
    raise sqlite3.OperationalError("database is locked")


def _open_postgresql(url: URL) -> AsyncEngine:
    try:
        return create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            hide_parameters=True,
            pool_pre_ping=True,  # the server may have been restarted
            connect_args={"timeout": PATIENCE, "command_timeout": PATIENCE},
        )
    except ModuleNotFoundError:
        raise BadDatabase("PostgreSQL needs a package: pip install 'therabook-video[postgresql]'") from None


def _make_file(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise BadDatabase(f"{path}: {error.strerror}") from None
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise BadDatabase(f"{path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}")


async def _rewrite(connection: AsyncConnection, tables: Collection[str]) -> bool:
    """Into new files, as they are now. VACUUM FULL would keep what anybody could still see who began to read before,
    be it another table; a column that is computed anew is written from what is there alone."""
    await connection.execute(text(f"SET lock_timeout = {SCRUB_PATIENCE_MS}"))
    try:
        for table in dict.fromkeys((*KEYS, *tables)):
            columns = [each.name for each in Table.metadata.tables[table].columns if isinstance(each.type, Sealed)]
            if columns:  # one is enough: the whole row is written anew
                anew = f"ALTER COLUMN {columns[0]} TYPE bytea USING {columns[0]} || ''::bytea"
                await connection.execute(text(f"ALTER TABLE {table} {anew}"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        return False
    finally:
        await connection.execute(text("RESET lock_timeout"))
    return True


def _migrate(connection: Connection, migrations: Path, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    applied: list[object] = []
    config.attributes["on_version_apply"] = lambda **said: applied.append(said["step"])
    try:
        command.upgrade(config, to)
    except CommandError as error:
        raise BadDatabase(f"the database was made by a newer version, or is another program's: {error}") from None
    if applied:
        log.info("migrations changed the tables: %d", len(applied))


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Says what a fault means. Never with values: those of a failed statement may be keys."""
    try:
        yield
    except IntegrityError:
        raise Conflict("this contradicts what is there") from None
    except DBAPIError as error:
        code = _code(error)
        if code.startswith(UNUSABLE):
            raise BadDatabase(f"the database cannot be used: {_sentence(error)}") from None
        if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated or code[:2] in AWAY:
            raise Unavailable(f"the database cannot be used now: {_sentence(error)}") from None
        raise
    except (PoolTimeout, OSError) as error:
        raise Unavailable(f"the database cannot be used now: {type(error).__name__}") from None


def _code(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None) or ""


def _sentence(error: DBAPIError) -> str:
    # SQLite's own sentences ("database or disk is full") name nothing; those of others may hold addresses and names
    return str(error.orig) if isinstance(error.orig, sqlite3.Error) else f"{type(error.orig).__name__} {_code(error)}"
