"""Restoring a backup: into an empty folder, or into databases that are empty, and then looking whether it is all there.

What is read is hostile until it was checked: names are compared with what a backup has, nothing is written outside of
the folder, sizes are bounded. Nothing stays of a restore that fails. Not here: what is in a backup
(`backup_format.py`), what is looked at afterwards (`restore_checks.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

from pydantic import BaseModel, ValidationError

from clinic import Database, open_database, sqlite_url
from clinic.audit.log import MIGRATIONS as AUDIT_MIGRATIONS
from clinic.keeping.dump import Columns as TableColumns
from clinic.keeping.dump import Load, is_empty, loading, tallied
from recording.age import Identity, PlaintextFile, Reader, ranges_of
from therabook.backup import CHAINS, STEP, place_of
from therabook.backup_format import (
    BEGINNING,
    END,
    FILES,
    LARGEST_FILE,
    LARGEST_LIST,
    RECORDINGS,
    SETTINGS,
    BadBackup,
    Beginning,
    CopiedFile,
    CopiedFiles,
    DatabasePart,
    End,
)

LARGEST_PIECE = 1 << 27
"""Bytes of one piece of rows: a row may have more than a piece."""

_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_PIECE = re.compile(r"(clinic|audit)/([a-z0-9_]{1,64})/([0-9]{6,9})\.jsonl")
_TABLES = re.compile(r"(clinic|audit)/tables\.json")
_COPIED = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")

M = TypeVar("M", bound=BaseModel)


@dataclass
class Restored:
    beginning: Beginning
    folder: Path
    databases: dict[str, Database]
    """Open. Whoever has restored them closes them."""
    end: End
    files: list[str] = field(default_factory=list)
    recordings: list[CopiedFile] = field(default_factory=list)
    """As the backup lists them."""
    missing: list[str] = field(default_factory=list)
    """Files of recordings that are not among the copies, or are not what they were."""


async def restore(
    file: Path,
    identities: Sequence[Identity],
    to: Path,
    *,
    into: Mapping[str, str] | None = None,
    copies: Path | None = None,
) -> Restored:
    """`into`: URLs of databases, by `clinic` and `audit`, instead of files in `to`. `copies`: where recordings' files
    were copied to. Raises BadBackup, AgeError, clinic.ClinicError, OSError; then nothing of it stays in `to`."""
    made = _make_folder(to)
    restoring = _Restoring(to, into or {})
    try:
        with file.open("rb") as sealed:
            read_at, length = ranges_of(sealed)
            plain = io.BufferedReader(PlaintextFile(Reader(read_at, length, identities)), STEP)
            await restoring.read(plain)
        restored = restoring.restored()
        await _compare(restored)
        for database in restored.databases.values():
            await database.upgrade()
        if copies is not None:
            restored.missing = bring_recordings(restored.recordings, copies, to / "recordings")
        return restored
    except BaseException:
        await restoring.close()
        _empty_folder(to, made)
        raise


def _make_folder(to: Path) -> bool:
    """Whether it was not there. Raises BadBackup if something is in it."""
    if to.exists() and any(to.iterdir()):
        raise BadBackup(f"{to} is not empty")
    made = not to.exists()
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def _empty_folder(to: Path, made: bool) -> None:
    shutil.rmtree(to, ignore_errors=True)
    if not made:
        to.mkdir(mode=0o700, exist_ok=True)


class _Restoring:
    """What has come of a backup so far."""

    def __init__(self, to: Path, into: Mapping[str, str]) -> None:
        self._to = to
        self._into = into
        self._beginning: Beginning | None = None
        self._end: End | None = None
        self._files: list[str] = []
        self._recordings: list[CopiedFile] = []
        self._databases: dict[str, Database] = {}
        self._parts: dict[str, DatabasePart] = {}
        self._loaded: dict[str, dict[str, str]] = {}
        self._load: tuple[str, Load] | None = None
        self._open = contextlib.AsyncExitStack()
        """The database that is being filled: not kept unless it ends well."""

    async def read(self, plain: IO[bytes]) -> None:
        async with contextlib.AsyncExitStack() as self._open:
            try:
                with tarfile.open(mode="r|", fileobj=plain) as tar:
                    for entry in tar:
                        if self._end is not None:
                            raise BadBackup("something comes after its end")
                        if not entry.isfile():
                            raise BadBackup("it has something in it that is no file")
                        await self._take(entry.name, _content(tar, entry))
            except tarfile.TarError:
                raise BadBackup("what is in it is no archive") from None
            await self._finish_database()
        if self._end is None:
            raise BadBackup("it has no end: it was cut, or never finished")

    async def _take(self, name: str, data: bytes) -> None:
        if self._beginning is None:
            if name != BEGINNING:
                raise BadBackup("it does not begin as a backup does")
            self._beginning = _read(Beginning, data)
        elif name.startswith(FILES):
            self._keep_file(name.removeprefix(FILES), data)
        elif name == SETTINGS:
            _write_file(self._to / SETTINGS, data)
        elif found := _TABLES.fullmatch(name):
            await self._finish_database()
            await self._begin_database(found[1], _read(DatabasePart, data))
        elif found := _PIECE.fullmatch(name):
            await self._rows(found[1], found[2], data)
        elif name == RECORDINGS:
            self._recordings = _read(CopiedFiles, data).files
        elif name == END:
            self._end = _read(End, data)
        else:
            raise BadBackup("it has something in it that is not known")

    def _keep_file(self, name: str, data: bytes) -> None:
        if not _FILE.fullmatch(name) or name.endswith(".db"):
            raise BadBackup("it has a file with a name that none of ours has")
        _write_file(self._to / name, data)
        self._files.append(name)

    async def _begin_database(self, name: str, part: DatabasePart) -> None:
        if name in self._databases:
            raise BadBackup("it has a database twice")
        database = open_restored(name, self._to, self._into)
        self._databases[name] = database
        self._parts[name] = part
        if not await is_empty(database, CHAINS[name]):
            raise BadBackup(f"the {name} database that it is to be restored into is not empty: give it a new one")
        await database.upgrade(part.revision)
        load = await self._open.enter_async_context(loading(database, CHAINS[name]))
        self._load = name, load

    async def _rows(self, name: str, table: str, data: bytes) -> None:
        if self._load is None or self._load[0] != name:
            raise BadBackup("rows come before the tables that they belong to")
        part = self._parts[name]
        columns = next((each for each in part.tables if each.table == table), None)
        if columns is None:
            raise BadBackup("rows come of a table that is not listed")
        await self._load[1].write(TableColumns(table, tuple(columns.columns)), data.splitlines())

    async def _finish_database(self) -> None:
        if self._load is None:
            return
        name, load = self._load
        self._load = None
        await self._open.aclose()
        self._loaded[name] = {table: str(tally) for table, tally in load.tallies.items()}

    def restored(self) -> Restored:
        if self._beginning is None or self._end is None:
            raise BadBackup("it has no beginning or no end")
        if set(self._end.databases) != set(self._databases) or "clinic" not in self._databases:
            raise BadBackup("a database is missing in it")
        for name, end in self._end.databases.items():
            for table, tally in end.tallies.items():
                if self._loaded[name].get(table, f"0 {0:064x}") != tally:
                    raise BadBackup(f"rows of {name}/{table} are missing, or are too many")
        return Restored(self._beginning, self._to, self._databases, self._end, self._files, self._recordings)

    async def close(self) -> None:
        for database in self._databases.values():
            await database.close()


def open_restored(name: str, to: Path, into: Mapping[str, str]) -> Database:
    """Raises clinic.BadDatabase."""
    url = into.get(name, sqlite_url((to / f"{name}.db").absolute()))
    return open_database(url, AUDIT_MIGRATIONS) if name == "audit" else open_database(url)


async def _compare(restored: Restored) -> None:
    """What the databases have now with what they had then, row by row."""
    for name, end in restored.end.databases.items():
        if await tallied(restored.databases[name], CHAINS[name]) != end.tallies:
            raise BadBackup(f"the {name} database is not what it was")


def bring_recordings(listed: Sequence[CopiedFile], copies: Path, folder: Path) -> list[str]:
    """Files of recordings, each as it was. Returns those that are missing, or not what they were."""
    missing = []
    for each in listed:
        recording, _, name = each.name.partition("/")
        if not _COPIED.fullmatch(recording) or not _COPIED.fullmatch(name):
            raise BadBackup("it lists a file with a name that no recording has")
        place = place_of(copies, each.sha256)
        (folder / recording).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _copied(place, folder / recording / name, each.sha256):
            missing.append(each.name)
    return missing


def _copied(place: Path, to: Path, sha256: str) -> bool:
    hasher = hashlib.sha256()
    try:
        source = place.open("rb")
    except FileNotFoundError:
        return False
    with source, os.fdopen(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while data := source.read(STEP):
            hasher.update(data)
            file.write(data)
    if hasher.hexdigest() == sha256:
        return True
    to.unlink()
    return False


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    limit = (
        LARGEST_PIECE if _PIECE.fullmatch(entry.name) else LARGEST_LIST if entry.name == RECORDINGS else LARGEST_FILE
    )
    content = tar.extractfile(entry)
    if content is None or entry.size > limit:
        raise BadBackup("it has something in it that is too large")
    return content.read()


def _read(model: type[M], data: bytes) -> M:
    try:
        return model.model_validate_json(data)
    except ValidationError:
        raise BadBackup("it was made by another version, or is no backup") from None


def _write_file(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
