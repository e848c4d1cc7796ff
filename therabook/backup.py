"""Making a backup: both databases as of one moment each, keys, settings, and the list of recordings' files, streamed
into one age file. What is in memory is one piece of rows.

It is written under another name, synced, read once more from the disk, and renamed: a file with the right name is
whole. Recordings' files are encrypted already; they are copied beside it, each once, under the hash of what is in it.
Not here: what is in it (`backup_format.py`), bringing it back (`restore.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from clinic import Database
from clinic.audit.tables import AuditTable
from clinic.keeping import office as _office  # noqa: F401 - knows the tables of every part
from clinic.keeping.dump import Chain, chain_of, dumping
from clinic.keeping.tables import RunRow
from recording.age import Entropy, Recipient, Writer
from therabook import VERSION
from therabook.backup_format import (
    BEGINNING,
    END,
    FILES,
    LARGEST_FILE,
    RECORDINGS,
    SETTINGS,
    BadBackup,
    Beginning,
    Columns,
    CopiedFile,
    CopiedFiles,
    DatabaseEnd,
    DatabasePart,
    End,
)

CLINIC = chain_of(RunRow.metadata)
AUDIT = chain_of(AuditTable.metadata, "audit_version")
CHAINS: dict[str, Chain] = {"clinic": CLINIC, "audit": AUDIT}

INDEX = "index.json"
"""In the folder of copied recordings: what was looked at, so that it need not be read again."""

STEP = 1 << 20
BLOCKS = 128 * tarfile.BLOCKSIZE
"""Bytes of the archive that are encrypted at once."""


@dataclass(frozen=True)
class Wanted:
    databases: dict[str, Database]
    """`clinic` and `audit`."""
    data_dir: Path
    keys: bool
    """Keys and other small files of the data folder too."""
    settings_file: Path | None
    recordings: Path | None
    """The folder of recordings, if its files are to be copied."""
    copies: Path | None
    """Into which folder."""


@dataclass(frozen=True)
class Made:
    size: int
    sha256: str
    seconds: float
    rows: int
    copied: int
    """Files of recordings that were not there yet."""
    there: int
    """And that were."""


async def make(wanted: Wanted, to: Path, recipients: Sequence[Recipient], entropy: Entropy) -> Made:
    """Raises BadBackup, clinic.ClinicError, OSError; then nothing is left of it."""
    began, made_at = time.monotonic(), time.time()
    draft = _draft(to, entropy)
    try:
        with _new(draft) as file:
            hashed = _Hashed(file)
            writer = Writer(hashed.write, recipients, entropy)
            out = cast("IO[bytes]", _Out(writer))
            with tarfile.open(mode="w|", fileobj=out, format=tarfile.PAX_FORMAT, bufsize=BLOCKS) as tar:
                rows, copied, there = await _write(wanted, tar, made_at)
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        if _hash_of(draft) != hashed.digest:
            raise BadBackup("the disk does not give back what was written to it")
        os.link(draft, to)  # unlike a rename, it takes no other file's place
        _sync_folder(to.parent)
    finally:
        draft.unlink(missing_ok=True)
    return Made(hashed.size, hashed.digest, time.monotonic() - began, rows, copied, there)


def _draft(to: Path, entropy: Entropy) -> Path:
    """Raises BadBackup."""
    if to.exists():
        raise BadBackup(f"{to} is there already: give it another name")
    return to.with_name(f".{to.name}.{entropy(6).hex()}")


async def _write(wanted: Wanted, tar: tarfile.TarFile, made_at: float) -> tuple[int, int, int]:
    put = _Putter(tar, made_at)
    put.text(
        BEGINNING, Beginning(version=VERSION, made_at=made_at, recordings=wanted.copies is not None).model_dump_json()
    )
    # Files before databases: the newest signed head of the audit log is one, and must not be newer than the log.
    files = put.files(wanted.data_dir) if wanted.keys else []
    if wanted.settings_file is not None:
        put.text(SETTINGS, wanted.settings_file.read_text(encoding="utf-8"))
    ends: dict[str, DatabaseEnd] = {}
    rows = 0
    audit_size = None
    for name, database in wanted.databases.items():
        ends[name] = await _write_database(put, name, database)
        counts = {table: int(each.split()[0]) for table, each in ends[name].tallies.items()}
        rows += sum(counts.values())
        audit_size = counts.get("audit_event", audit_size)
    copied = there = 0
    if wanted.copies is not None and wanted.recordings is not None:
        listed, copied, there = copy_recordings(wanted.recordings, wanted.copies)
        put.text(RECORDINGS, CopiedFiles(files=listed).model_dump_json())
    put.text(END, End(databases=ends, files=files, audit_size=audit_size).model_dump_json())
    return rows, copied, there


async def _write_database(put: _Putter, name: str, database: Database) -> DatabaseEnd:
    async with dumping(database, CHAINS[name]) as dump:
        part = DatabasePart(
            revision=dump.revision,
            tables=[Columns(table=each.table, columns=list(each.columns)) for each in dump.tables],
        )
        put.text(f"{name}/tables.json", part.model_dump_json())
        for each in dump.tables:
            number = 0
            async for piece in dump.pieces(each):
                put.data(f"{name}/{each.table}/{number:06}.jsonl", piece)
                number += 1
        return DatabaseEnd(part=part, tallies={each.table: str(dump.tallies[each.table]) for each in dump.tables})


class _Putter:
    """Files into the archive, one after another."""

    def __init__(self, tar: tarfile.TarFile, at: float) -> None:
        self._tar = tar
        self._at = at

    def data(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mtime, entry.mode = len(data), int(self._at), 0o600
        self._tar.addfile(entry, io.BytesIO(data))

    def text(self, name: str, text: str) -> None:
        self.data(name, text.encode())

    def files(self, folder: Path) -> list[str]:
        """The small files of the data folder: keys, and what else must outlive a machine. No databases."""
        names = []
        for path in sorted(folder.iterdir()):
            if is_small_file(path):
                self.data(FILES + path.name, path.read_bytes())
                names.append(path.name)
        return names


def is_small_file(path: Path) -> bool:
    """One of the data folder that belongs to a backup. Not databases, drafts, folders, or what somebody put there."""
    if path.is_symlink() or not path.is_file() or path.name.startswith("."):
        return False
    if path.name.partition("-")[0].endswith(".db") or path.suffix in (".db", ".age", ".zip"):
        return False
    return path.stat().st_size <= LARGEST_FILE


# Recordings' files ----------------------------------------------------------------------------------------------------


def copy_recordings(folder: Path, copies: Path) -> tuple[list[CopiedFile], int, int]:
    """Each file into `copies`, under its hash, if it is not there. (all of them, how many were copied, how many there.)

    A file that is written at the moment is copied as far as it is: the next backup has all of it."""
    copies.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _read_index(copies)
    index: dict[str, tuple[int, int, str]] = {}
    listed: list[CopiedFile] = []
    copied = there = 0
    for path in sorted(folder.glob("*/*")) if folder.is_dir() else []:
        if path.is_symlink() or not path.is_file():
            continue
        name = f"{path.parent.name}/{path.name}"
        stat = path.stat()
        known_as = known.get(name)
        if known_as and known_as[:2] == (stat.st_size, stat.st_mtime_ns) and place_of(copies, known_as[2]).exists():
            digest, size = known_as[2], stat.st_size
            there += 1
        else:
            digest, size, new = _copy(path, copies)
            copied, there = copied + new, there + (not new)
        index[name] = (size, stat.st_mtime_ns, digest)
        listed.append(CopiedFile(name=name, size=size, sha256=digest))
    _write_index(copies, index)
    return listed, copied, there


def place_of(copies: Path, digest: str) -> Path:
    return copies / digest[:2] / digest


def _copy(path: Path, copies: Path) -> tuple[str, int, bool]:
    draft = copies / f".draft-{os.getpid()}"
    hasher, size = hashlib.sha256(), 0
    try:
        with (
            path.open("rb") as source,
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        ):
            while data := source.read(STEP):
                hasher.update(data)
                file.write(data)
                size += len(data)
            file.flush()
            os.fsync(file.fileno())
        place = place_of(copies, hasher.hexdigest())
        if place.exists():
            return hasher.hexdigest(), size, False
        place.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(place)
        _sync_folder(place.parent)
        return hasher.hexdigest(), size, True
    finally:
        draft.unlink(missing_ok=True)


def _read_index(copies: Path) -> dict[str, tuple[int, int, str]]:
    try:
        told = json.loads((copies / INDEX).read_text(encoding="utf-8"))
        return {str(name): (int(each[0]), int(each[1]), str(each[2])) for name, each in told.items()}
    except (OSError, ValueError, AttributeError, IndexError, TypeError):
        return {}  # then everything is read once more


def _write_index(copies: Path, index: dict[str, tuple[int, int, str]]) -> None:
    draft = copies / f".{INDEX}"
    draft.write_text(json.dumps(index), encoding="utf-8")
    draft.replace(copies / INDEX)


# Files ----------------------------------------------------------------------------------------------------------------


class _Hashed:
    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class _Out:
    """As tarfile wants a file to be."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def write(self, data: bytes) -> int:
        return self._writer.write(data)


@contextlib.contextmanager
def _new(path: Path) -> Iterator[io.BufferedWriter]:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file


def _hash_of(path: Path) -> str:
    """From the disk, as far as the system can be made to ask it."""
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
