"""The newest signed head, kept in a file beside the database: whoever puts back an older database is found out.

Not here: what is done then (`log.py`). Who can change both is found out by a witness only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from clinic.audit.notes import BadNote, Note
from clinic.errors import Tampered, Unavailable


class HeadFile:
    """One file for all processes of a machine: only a longer log's head takes the place of another."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str | None:
        """None if there is none yet. Raises Unavailable."""
        try:
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._path} cannot be read: {_said(error)}") from None

    def keep(self, note: str, size: int) -> None:
        """On the disk when this returns, unless a longer log's stands there. Raises Unavailable."""
        try:
            with self._alone():
                there = self._size()
                if there is None or there < size:
                    self._write(note)
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {_said(error)}") from None

    def put_aside(self) -> Path | None:
        """Under another name, for whoever asks later; None if there was none. Raises Unavailable."""
        try:
            with self._alone():
                size = self._size()
                if size is None:
                    return None
                aside = self._path.with_name(f"{self._path.name}.lost-{size}")
                self._path.replace(aside)
                return aside
        except OSError as error:
            raise Unavailable(f"{self._path} cannot be written: {_said(error)}") from None

    def _size(self) -> int | None:
        note = self.read()
        if note is None:
            return None
        try:
            return Note.read(note).checkpoint.size
        except BadNote:
            raise Tampered(f"{self._path} is damaged: it holds no signed head") from None

    def _write(self, note: str) -> None:
        draft = self._path.with_name(f".{self._path.name}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        # After a power cut the name may still lead to the head before: less than the newest, and as true.
        draft.replace(self._path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        lock = os.open(self._path.with_name(f".{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _said(error: OSError | UnicodeDecodeError) -> str:
    return getattr(error, "strerror", None) or "not a text"
