"""Revocations: tokens that are not taken any more, although they have not expired.

In memory for asking, in a file in the data folder for surviving a restart. An entry is kept until its token has
expired by itself. The file has one line for each: the token's id and the second of its expiry; it says nothing about
who had it.
"""

from __future__ import annotations

import math
import os
from pathlib import Path


class Revocations:
    """What is revoked. Holds at once when `add` returns; `write` makes it outlive the process."""

    def __init__(self, file: Path, now: float) -> None:
        """Reads the file and drops what has expired by `now` (seconds since 1970). Raises OSError."""
        self._file = file
        self._until: dict[str, float] = {}
        self._unwritten: list[str] = []
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        for line in text.splitlines():
            # A line that a crash tore is skipped: the lines around it count.
            token, _, until = line.partition(" ")
            if token and until.isdecimal() and float(until) > now:
                self._until[token] = float(until)
        if text:
            self._rewrite()

    def __contains__(self, token: str) -> bool:
        return token in self._until

    def add(self, token: str, until: float) -> None:
        self._until[token] = max(until, self._until.get(token, 0.0))
        self._unwritten.append(_line(token, until))

    def take_unwritten(self) -> list[str]:
        """What `write` has to be called with, on a thread that may wait for the disk."""
        lines, self._unwritten = self._unwritten, []
        return lines

    def write(self, lines: list[str]) -> None:
        """Appends and waits for the disk. Raises OSError."""
        with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as file:
            # Starts a new line: the last one may have been torn by a crash.
            file.write("\n" + "".join(lines))
            file.flush()
            os.fsync(file.fileno())

    def _rewrite(self) -> None:
        draft = self._file.with_name(f".{self._file.name}.new")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(_line(token, until) for token, until in self._until.items())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._file)


def _line(token: str, until: float) -> str:
    return f"{token} {math.ceil(until)}\n"
