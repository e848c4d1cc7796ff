"""`therabook recordings open`: a file that was downloaded from a server that only seals, its key in an age file of its
own, and the clinic's secret key, which opens that. Needs no server, no database and no settings.

Not here: files as they lie on the server (`therabook recordings export`).
"""

from __future__ import annotations

import os
from pathlib import Path

import click
from pydantic import SecretBytes, SecretStr

from recording.age import AgeError, Identity, Reader, open_bytes, ranges_of

LARGEST_KEY = 65_536
"""Bytes of a file with a key in it. They have some hundred."""

KEY_BYTES = 32
STEP = 1 << 20
"""Bytes written at once."""


def open_download(file: Path, key: Path, identity: Path, to: Path) -> None:
    """Writes what is in `file` to `to`, which must not be there yet. Raises click.ClickException."""
    try:
        # behind a digest of what the key is for (`recording/keys/provider.py`)
        wrapped = open_bytes(_small(key), [_identity(identity)])[-KEY_BYTES:]
        _write(file, Identity(SecretBytes(wrapped)), to)
    except AgeError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'cannot'}: {error.strerror or error}") from None


def _identity(path: Path) -> Identity:
    for line in _small(path).decode("ascii", "replace").splitlines():
        if line.startswith("AGE-SECRET-KEY-"):
            return Identity.parse(SecretStr(line))
    raise click.ClickException(f"{path}: no secret key, which begins with AGE-SECRET-KEY-1, is in this file")


def _write(file: Path, identity: Identity, to: Path) -> None:
    with file.open("rb") as sealed:
        read_at, length = ranges_of(sealed)
        reader = Reader(read_at, length, [identity])
        clear = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(clear, "wb") as written:
                for at in range(0, reader.size, STEP):
                    written.write(reader.read_at(at, STEP))
        except BaseException:
            to.unlink()  # half of it would look like all of it
            raise


def _small(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_KEY)
