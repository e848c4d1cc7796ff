"""What is in a backup: the names of its parts, what it begins and ends with. An age file of a tar file, so that
`age -d` and `tar` open it without this program.

In this order:
    backup.json                      what it is, and when it began
    files/NAME                       keys and other small files of the data folder
    settings.toml                    the settings file, if there is one
    DATABASE/TABLE/NUMBER.jsonl      rows: `clinic/keeping/dump.py`; DATABASE is clinic or audit
    recordings.json                  files of recordings that were copied beside it, by hash
    end.json                         how many rows of each table, and a sum over them: without it, it is no backup
Not here: making one (`backup.py`), reading one (`restore.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1

BEGINNING = "backup.json"
END = "end.json"
FILES = "files/"
SETTINGS = "settings.toml"
RECORDINGS = "recordings.json"
DATABASES = ("clinic", "audit")

LARGEST_FILE = 1 << 20
"""Bytes of a small file, and of each of ours that says something."""

LARGEST_LIST = 1 << 28
"""Bytes of the list of recordings."""

_Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class BadBackup(ValueError):
    """It cannot be used. `str()` says why, for the operator."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Columns(_Part):
    table: _Name
    columns: list[_Name]


class DatabasePart(_Part):
    revision: str
    tables: list[Columns]
    """In the order in which they come."""


class Beginning(_Part):
    format: Literal[1] = 1
    version: str
    """Of the program."""
    made_at: float
    recordings: bool
    """Whether files of recordings were copied too."""


class DatabaseEnd(_Part):
    part: DatabasePart
    tallies: dict[_Name, str]
    """By table: how many rows, and the sum of their hashes."""


class End(_Part):
    databases: dict[str, DatabaseEnd]
    files: list[str]
    audit_size: int | None
    """How many events the audit log had."""


class CopiedFile(_Part):
    """A file of a recording, as it lies in the folder of recordings: encrypted."""

    name: str
    """RECORDING/FILE."""
    size: int
    sha256: str


class CopiedFiles(_Part):
    files: list[CopiedFile]
